"""Points, weights and grades: the arithmetic every scorecard shares: exact Decimals, rounded once."""

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal

from performance.scoring.scheme import Rules

ZERO, PASS, FULL = Decimal(0), Decimal(60), Decimal(100)


def decimal(value) -> Decimal:
    """Return a number (int, str, Decimal; a float by its shortest form) as Decimal."""
    return value if isinstance(value, Decimal) else Decimal(str(value))


def points(x, *, low, passing, top) -> Decimal:
    """Return 0 at or beyond `low`, 60 at `passing`, 100 at or beyond `top`, linear between.

    The direction follows from low < top or low > top. Source: domain.md §1, f(x; L, P, T).
    """
    x, low, passing, top = decimal(x), decimal(low), decimal(passing), decimal(top)
    if low > top:
        x, low, passing, top = -x, -low, -passing, -top
    if x <= low:
        return ZERO
    if x >= top:
        return FULL
    if x <= passing:
        return PASS * (x - low) / (passing - low)
    return PASS + (FULL - PASS) * (x - passing) / (top - passing)


def weighted(parts: Iterable[tuple[Decimal | None, Decimal]]) -> Decimal | None:
    """Return Σ points × weight ÷ Σ weight over (points, weight) pairs, leaving out points None.

    The weight of what has no cases is thereby spread over the rest in proportion. None when nothing is left.
    """
    parts = [(decimal(value), weight) for value, weight in parts if value is not None and weight]
    if not parts:
        return None
    return sum(value * weight for value, weight in parts) / sum(weight for _, weight in parts)


def weighted_total(points_of: Mapping[str, Decimal | None], line: str, rules: Rules) -> Decimal | None:
    """Return the weighted total of the five dimensions for `line` before deductions, not rounded."""
    weights = rules.dimension_weights[line]
    return weighted((points_of.get(dimension), weight) for dimension, weight in weights.items())


def final_score(total: Decimal, deductions=ZERO, *, rules: Rules) -> Decimal:
    """Return the total less `deductions` (points, capped), 0..100, to 2 places half-up: the only rounding."""
    less = min(decimal(deductions), rules.number("deduction_cap"))
    bounded = min(max(total - less, ZERO), FULL)
    return bounded.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def grade_of(
    score: Decimal | None, *, safety: Decimal | None, vetoed: bool = False, rules: Rules
) -> str | None:
    """Return the grade of a final score; None without one. Weak safety caps it (soft gate).

    A veto gives the last grade, with a score or without.
    """
    letters = [letter for letter, _ in rules.grades]
    if vetoed:
        return letters[-1]
    if score is None:
        return None
    letter = next(letter for letter, least in rules.grades if score >= least)
    gate = rules.content["safety_gate"]
    if safety is not None and safety < decimal(gate["below"]):
        return max(letter, gate["best_grade"], key=letters.index)
    return letter
