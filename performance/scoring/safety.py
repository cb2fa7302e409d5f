"""A, asset safety: loans that turn bad, arrears, interest, checks after lending, suitable sales."""

from performance.scoring.cases import Indicator, percent

INDICATORS = (
    Indicator("A1", "safety", "New bad loans", "percent", percent),
    Indicator("A2", "safety", "Overdue", "percent", percent),
    Indicator("A3", "safety", "Interest collected", "percent", percent),
    Indicator("A4", "safety", "Post-loan checks in time", "percent", percent),
    Indicator("A5", "safety", "Suitable sales", "percent", percent),
)
