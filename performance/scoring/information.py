"""I, information: how complete, fresh and useful what we know of customers is."""

from performance.scoring.cases import Indicator, percent, ratio

INDICATORS = (
    Indicator("I1", "information", "Profile completeness", "percent", percent),
    Indicator("I2", "information", "Profile freshness", "percent", percent),
    Indicator("I3", "information", "Accepted feedback a month", "score", ratio),
    Indicator("I4", "information", "Accuracy in spot checks", "percent", percent, has_source=False),
)
