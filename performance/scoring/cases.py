"""What one indicator of one manager is computed from, and the few ways a value follows from it."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from performance.scoring.arithmetic import points
from performance.scoring.scheme import Rules, Thresholds


@dataclass(frozen=True)
class Case:
    """Attributed sums of one manager (`numerator`, `denominator`) and of his peer group, himself included.

    `peer_ratios` are numerator ÷ denominator of everyone in the group who has cases.
    """

    numerator: Decimal
    denominator: Decimal
    peer_numerator: Decimal = Decimal(0)
    peer_denominator: Decimal = Decimal(0)
    peer_ratios: tuple[Decimal, ...] = ()


def ratio(case: Case, rules: Rules) -> Decimal | None:
    """Return numerator ÷ denominator; None without cases or with a plan of 0 or less."""
    return case.numerator / case.denominator if case.denominator > 0 else None


def percent(case: Case, rules: Rules) -> Decimal | None:
    """Return 100 × numerator ÷ denominator; None without cases."""
    return 100 * case.numerator / case.denominator if case.denominator > 0 else None


def shrunk_mean(case: Case, k: Decimal) -> Decimal:
    """Return (numerator + k·peer mean) ÷ (denominator + k); without any peer, the manager's own mean."""
    if case.peer_denominator <= 0:
        return case.numerator / case.denominator
    return (case.numerator + k * case.peer_numerator / case.peer_denominator) / (case.denominator + k)


def shrunk_answers(case: Case, rules: Rules) -> Decimal | None:
    """Return the mean pulled to the peers' as if k more answers were theirs: (Σ + k·peer) ÷ (n + k).

    With few answers the peers' mean speaks, with many the manager's own. None without an answer of his own.
    """
    if case.denominator <= 0:
        return None
    return shrunk_mean(case, rules.number("peers", "shrink_answers"))


def linear(value: Decimal, case: Case, limits: Thresholds, rules: Rules) -> Decimal:
    """Return the points of `value` on the indicator's thresholds."""
    return points(value, low=limits.low, passing=limits.passing, top=limits.top)


@dataclass(frozen=True)
class Indicator:
    """One line of the registry. Without `has_source` the feed brings no such record yet: always N/A.

    `name` is the English term of domain.md; pages translate it.
    """

    code: str
    dimension: str
    name: str
    unit: str
    value: Callable[[Case, Rules], Decimal | None]
    score: Callable[[Decimal, Case, Thresholds, Rules], Decimal] = linear
    has_source: bool = True
