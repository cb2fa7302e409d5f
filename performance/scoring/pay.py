"""Pay from a final score: the factor k, performance pay, and the part that is paid in later years.

Source: domain.md §1, pay; §5, deferral. Money is fen; every amount is rounded once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

from performance.scoring.arithmetic import ZERO, decimal
from performance.scoring.scheme import Rules

FEN = Decimal(1)
ONE = Decimal(1)


@dataclass(frozen=True)
class Pay:
    """One manager's performance pay of a quarter, fen: `now` and the later `instalments` sum to `amount`."""

    amount: int
    now: int
    instalments: tuple[int, ...]

    @property
    def deferred(self) -> int:
        return self.amount - self.now


def factor(
    score: Decimal | None, *, safety=None, vetoed=False, before: Decimal | None = None, rules: Rules
) -> Decimal:
    """Return k, to 4 places half up: 1 at 80 points, 0.03 a point, from 0.4 to 1.6.

    A veto gives 0; weak `safety` (points) caps it at 1. Without a score (unrated) it is the factor of the
    period `before`, at most 1; 1 where there is none either.
    """
    limits = rules.content["pay"]["k"]
    if vetoed:
        return _places(ZERO)
    if score is None:
        cap = decimal(limits["unrated"])
        return _places(cap if before is None else min(before, cap))
    straight = ONE + decimal(limits["slope"]) * (score - decimal(limits["score"]))
    k = min(max(straight, decimal(limits["low"])), decimal(limits["high"]))
    if safety is not None and safety < rules.number("safety_gate", "below"):
        k = min(k, decimal(limits["gate"]))
    return _places(k)


def full_pay(k: Decimal, *, grade: str, days: int, quarter: int, rules: Rules) -> Decimal:
    """Return performance pay in fen before the pool is looked at, not rounded.

    `grade` is the post's (trainee … principal), `days` of the `quarter`'s days in post.
    Raises KeyError for a grade the rules do not name.
    """
    base = rules.number("pay", "base_fen") * rules.number("pay", "coefficients", grade)
    return base * k * days / quarter


def pool_factor(amounts: Sequence[Decimal], pool: int | Decimal | None) -> Decimal:
    """Return λ = min(1, pool ÷ Σ amounts), to 10 places down; 1 where no pool is set or it suffices."""
    whole = sum(amounts, ZERO)
    if pool is None or whole <= pool:
        return ONE
    return (decimal(pool) / whole).quantize(Decimal("1e-10"), ROUND_FLOOR)


def split(full: Decimal, *, shared: Decimal = ONE, line: str, rules: Rules) -> Pay:
    """Return `full` × the pool factor `shared`: what is paid now and the instalments of the later years.

    Where the pool is shared, amounts are rounded down, so that it suffices. The deferred part is cut by the
    rules' schedule; each instalment is rounded down, the last takes the rest.
    """
    whole = int((full * shared).quantize(FEN, ROUND_HALF_UP if shared == 1 else ROUND_FLOOR))
    later = int((whole * rules.number("pay", "deferred", line) / 100).quantize(FEN, ROUND_HALF_UP))
    weights = [decimal(weight) for weight in rules.content["pay"]["schedule"]]
    parts = [int((later * weight / sum(weights)).quantize(FEN, ROUND_FLOOR)) for weight in weights[:-1]]
    return Pay(whole, whole - later, (*parts, later - sum(parts)))


def _places(k: Decimal) -> Decimal:
    return k.quantize(Decimal("0.0001"), ROUND_HALF_UP)
