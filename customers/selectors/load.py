"""What managers carry: customers, weighted by tier, with the published night's figures; before and after."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.db import connection

from crm.wall.scope import beyond_scope
from customers.models import CapacityRule
from customers.reasons import HIGH_BP
from managers.models import Manager

# By lead and tier, so that the weights of a version are applied to counts and not to a million rows.
_SUMS = """
SELECT {key}, c.tier, count(*), isum(s.aum_fen), isum(coalesce({this_month}, s.aum_fen)), isum(s.eva_fen),
    count(*) FILTER (WHERE s.churn_bp >= %(high)s), count(*) FILTER (WHERE s.overdue_days > 0)
FROM customers_customer AS c
LEFT JOIN customers_standing AS s ON s.night_id = %(night)s AND s.customer_id = c.id
WHERE {where} AND c.closed_on IS NULL
GROUP BY 1, 2
"""
# The last of thirteen months: eight bytes each, the lowest number for unknown (crm.fields.FenListField).
_THIS_MONTH = (
    "nullif(('x' || encode(substr(s.months, 97, 8), 'hex'))::bit(64)::bigint, (-9223372036854775808)::bigint)"
)


@dataclass(frozen=True)
class Load:
    """What somebody carries, or what moves: fen, counts, and `weight` in the units of capacity."""

    customers: int = 0
    weight: Decimal = Decimal(0)
    capacity: int | None = None
    aum_fen: int = 0
    average_fen: int = 0  # this month's average assets
    eva_fen: int = 0
    risky: int = 0  # risk of leaving high
    overdue: int = 0

    @property
    def share(self) -> float | None:
        """Weight ÷ capacity; None where nobody set a capacity."""
        return float(self.weight) / self.capacity if self.capacity else None

    @property
    def spare(self) -> Decimal:
        return (self.capacity or 0) - self.weight

    def __add__(self, other: "Load") -> "Load":
        return replace(self, **{name: getattr(self, name) + getattr(other, name) for name in SUMMED})

    def __sub__(self, other: "Load") -> "Load":
        return replace(self, **{name: getattr(self, name) - getattr(other, name) for name in SUMMED})


SUMMED = ("customers", "weight", "aum_fen", "average_fen", "eva_fen", "risky", "overdue")


def loads_of(managers: Iterable[Manager], night_id: int | None, as_of: date) -> dict[int, Load]:
    """Manager id → what he leads: two queries. Whole books, whoever asks: sums name no customer."""
    managers = list(managers)
    with beyond_scope():
        rows = _read("c.lead_id", "c.lead_id = ANY(%(ids)s)", [manager.pk for manager in managers], night_id)
    weights = CapacityRule.weights_on(as_of)
    found = {manager.pk: Load(capacity=manager.capacity) for manager in managers}
    for key, *row in rows:
        found[key] = found[key] + _load(row, weights)
    return found


def load_of_customers(ids: Iterable[int], night_id: int | None, as_of: date) -> Load:
    """What these customers weigh together, of those within the reader's scope: two queries."""
    rows = _read("0", "c.id = ANY(%(ids)s)", list(ids), night_id)
    weights = CapacityRule.weights_on(as_of)
    return sum((_load(row, weights) for _key, *row in rows), Load())


@dataclass(frozen=True)
class Preview:
    """One manager's load before and after a move."""

    manager: Manager
    before: Load
    after: Load


def preview(
    moved: dict[Manager | None, Load], given: dict[Manager | None, Load], night_id: int | None, as_of: date
) -> list[Preview]:
    """Before and after for each manager who receives (`moved`) or gives (`given`); None is the pool."""
    managers = [manager for manager in dict.fromkeys([*given, *moved]) if manager]
    before = loads_of(managers, night_id, as_of)
    return [
        Preview(
            manager,
            before[manager.pk],
            before[manager.pk] + moved.get(manager, Load()) - given.get(manager, Load()),
        )
        for manager in managers
    ]


def _read(key, where, ids, night_id):
    values = {"ids": ids, "night": night_id or 0, "high": HIGH_BP}
    with connection.cursor() as cursor:
        cursor.execute(_SUMS.format(key=key, where=where, this_month=_THIS_MONTH), values)
        return cursor.fetchall()


def _load(row, weights) -> Load:
    tier, count, *sums = row
    aum_fen, average_fen, eva_fen, risky, overdue = (value or 0 for value in sums)
    return Load(count, weights[tier] * count, None, aum_fen, average_fen, eva_fen, risky, overdue)
