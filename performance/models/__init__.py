"""Everything other modules may import from performance."""

from performance.models.analysis import CustomerAnalysis, Fit, Rollup
from performance.models.closing import Closing, Deduction, PayEntry, PayStatement, PublishedScore
from performance.models.decision import Veto
from performance.models.night import Night, Step
from performance.models.scorecard import IndicatorResult, Period, Plan, Scheme, Scorecard

__all__ = [
    "Closing",
    "CustomerAnalysis",
    "Deduction",
    "Fit",
    "IndicatorResult",
    "Night",
    "PayEntry",
    "PayStatement",
    "Period",
    "Plan",
    "PublishedScore",
    "Rollup",
    "Scheme",
    "Scorecard",
    "Step",
    "Veto",
]
