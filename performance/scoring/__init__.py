"""The scorecard's formulas: five dimensions, one file each; frames and Decimals in, Decimals out.

To add an indicator: a function or a line in its dimension's file, a line in the scheme, a test
(docs/scorecard.md). The order of REGISTRY is the order of pages.
"""

from collections.abc import Mapping
from decimal import Decimal

from performance.scoring import contribution, efficiency, information, safety, satisfaction
from performance.scoring.arithmetic import final_score, grade_of, points, weighted_total
from performance.scoring.cards import Card, Result, dimension_points, make_cards, measure
from performance.scoring.cases import Case, Indicator
from performance.scoring.pay import Pay, factor, full_pay, pool_factor, split
from performance.scoring.peers import peer_groups
from performance.scoring.scheme import DIMENSIONS, Rules, SchemeError, default_content, read_rules

REGISTRY: tuple[Indicator, ...] = (
    *contribution.INDICATORS,
    *satisfaction.INDICATORS,
    *safety.INDICATORS,
    *information.INDICATORS,
    *efficiency.INDICATORS,
)
BY_CODE: Mapping[str, Indicator] = {indicator.code: indicator for indicator in REGISTRY}


def rules_of(content: Mapping) -> Rules:
    """Return the rules in `content`, the JSON of a Scheme. Raises SchemeError with what to correct."""
    return read_rules(content, {indicator.code: indicator.dimension for indicator in REGISTRY})


DEFAULT_RULES = rules_of(default_content())


def total(points: Mapping[str, Decimal | None], line: str, rules: Rules = DEFAULT_RULES) -> Decimal | None:
    """Return the weighted total before deductions, not rounded.

    `points` maps contribution, satisfaction, safety, information and efficiency to points; the weight of a
    dimension that is None or missing is spread over the others. None when all are. Raises ValueError for an
    unknown line or dimension.
    """
    if line not in rules.dimension_weights:
        raise ValueError(f"No such line: {line!r}. Lines are {', '.join(rules.dimension_weights)}.")
    if unknown := set(points) - set(DIMENSIONS):
        raise ValueError(f"No such dimension: {', '.join(sorted(unknown))}. See docs/scorecard.md.")
    return weighted_total(points, line, rules)


__all__ = [
    "BY_CODE",
    "DEFAULT_RULES",
    "DIMENSIONS",
    "REGISTRY",
    "Card",
    "Case",
    "Indicator",
    "Pay",
    "Result",
    "Rules",
    "SchemeError",
    "default_content",
    "dimension_points",
    "factor",
    "final_score",
    "full_pay",
    "grade_of",
    "make_cards",
    "measure",
    "peer_groups",
    "points",
    "pool_factor",
    "rules_of",
    "split",
    "total",
]
