"""Everything other modules may import from performance."""

from performance.models.analysis import CustomerAnalysis, Fit, Rollup
from performance.models.night import Night, Step
from performance.models.scorecard import IndicatorResult, Period, Plan, Scheme, Scorecard

__all__ = [
    "CustomerAnalysis",
    "Fit",
    "IndicatorResult",
    "Night",
    "Period",
    "Plan",
    "Rollup",
    "Scheme",
    "Scorecard",
    "Step",
]
