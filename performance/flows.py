"""Money and plans by customer-day shares: exact integer sums from the rollup, or from the ledger by days.

An assignment that covers every day scored takes its customer's sums of the quarter from the night's rollup.
The few that began or ended within it are summed from the balance deltas, day by day, and from the postings.
All ways give the same integers (a test compares them), so any may stand behind a figure.

A Flow's sums are not yet multiplied by the share: Σ over managers and the pool of share × sum is the bank's
sum. Units: deposit, loan, base in fen × days; nii and el as in performance/rollups.py × days; fee in fen;
accounts (but loans) and loans in account-days; plans in fen × days (÷ days of the quarter = plan to date);
days in customer-days; *_n in postings.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import connection

from customers.choices import LAST_CUSTOMER_INITIATED, Family, TransactionKind
from performance.layouts import ROLLUP
from performance.rollup_sql import COUNTED

COUNTS = (*COUNTED, "other")
MEASURES = ("deposit", "loan", "nii", "el")
SUMS = (
    *MEASURES,
    "fee",
    *(f"{name}_n" for name in COUNTS),
    "accounts",
    "loans",
    "plan_eva",
    "plan_deposit",
    "base",
    "plan_fee",
    "days",
)


@dataclass(frozen=True)
class Flow:
    """Sums of one manager (None: the pool) at one share; of one customer too, where asked for by customer."""

    manager_id: int | None
    customer_id: int | None
    share: Decimal
    sums: dict[str, int]


@dataclass(frozen=True)
class Window:
    """The days scored, half-open, of the quarter `code`."""

    code: str
    start: date
    upto: date

    @property
    def days(self) -> int:
        return (self.upto - self.start).days

    def params(self, **more) -> dict:
        return {"code": self.code, "start": self.start, "upto": self.upto, "days": self.days} | more


PLANS = """
    sum({days} * coalesce(p.eva_fen, 0)) AS plan_eva,
    sum({days} * coalesce(p.deposit_fen, 0)) AS plan_deposit,
    sum({days} * coalesce(p.deposit_base_fen, 0)) AS base, sum({days} * coalesce(p.fee_fen, 0)) AS plan_fee,
    sum({days}) AS days
"""
PLAN_OF = "LEFT JOIN performance_plan AS p ON p.customer_id = a.customer_id AND p.period = %(code)s"
LIVE = "n.opened_on < %(upto)s AND (n.closed_on IS NULL OR n.closed_on > %(start)s)"
ACCOUNT_DAYS = f"""
    coalesce(sum(days) FILTER (WHERE family <> {int(Family.LOAN)}), 0) AS accounts,
    coalesce(sum(days) FILTER (WHERE family = {int(Family.LOAN)}), 0) AS loans
FROM (
    SELECT {{keys}}q.family, greatest(
        0, least(coalesce(n.closed_on, {{until}}), {{until}}) - greatest(n.opened_on, {{since}})
    ) AS days
    FROM customers_account AS n JOIN customers_product AS q ON q.id = n.product_id {{holder}}
    WHERE {{which}}
) AS n
"""


def _state(name: str) -> str:
    """A figure of the rollup `r`."""
    return ROLLUP.sql(name, "r.state")


def _quarter(name: str) -> str:
    return f"{_state(f'{name}_c')} - {_state(f'q_{name}_c')}"


# Accounts go straight to the manager, not by way of the customer: half a million of them need no groups of
# their own. A customer who came after the night has no row in the rollup.
WHOLE = f"""
WITH a AS NOT MATERIALIZED (
    SELECT manager_id, customer_id, share FROM customers_assignment
    WHERE lower(during) <= %(start)s AND (upper_inf(during) OR upper(during) >= %(upto)s)
),
ledger AS (
    SELECT a.manager_id, a.share,
        {", ".join(f"sum({_quarter(name)}) AS {name}" for name in MEASURES)},
        {", ".join(f"sum({_state(f'q_{name}')}) AS {name}" for name in ("fee", *(f"{n}_n" for n in COUNTS)))},
        {PLANS.format(days="%(days)s")}
    FROM a
    LEFT JOIN performance_rollup AS r ON r.night_id = %(night)s AND r.customer_id = a.customer_id
    {PLAN_OF}
    GROUP BY a.manager_id, a.share
),
account AS (
    SELECT manager_id, share, {
    ACCOUNT_DAYS.format(
        keys="a.manager_id, a.share, ",
        since="%(start)s::date",
        until="%(upto)s::date",
        holder="JOIN a ON a.customer_id = n.customer_id",
        which=LIVE,
    )
} GROUP BY manager_id, share
)
SELECT manager_id, NULL, share, {", ".join(f"coalesce({name}, 0)" for name in SUMS)}
FROM ledger LEFT JOIN account USING (manager_id, share)
"""

PARTS = """
    SELECT manager_id, customer_id, share, greatest(lower(during), %(start)s) AS since,
        least(coalesce(upper(during), %(upto)s), %(upto)s) AS until
    FROM customers_assignment WHERE during && daterange(%(start)s, %(upto)s) AND {which}
"""
POOL_PARTS = """
    SELECT NULL::bigint AS manager_id, c.id AS customer_id, 1::numeric AS share,
        lower(gap) AS since, upper(gap) AS until
    FROM customers_customer AS c
    LEFT JOIN (SELECT customer_id, range_agg(during) AS held FROM customers_assignment GROUP BY 1) AS h
        ON h.customer_id = c.id
    CROSS JOIN LATERAL unnest(
        datemultirange(daterange(%(start)s, %(upto)s)) - coalesce(h.held, '{}'::datemultirange)
    ) AS gap
"""


def _count(name: str) -> str:
    every = ", ".join(str(int(channel)) for kept in COUNTED.values() for channel in kept)
    if name == "other":
        condition = f"channel NOT IN ({every})"
    else:
        condition = f"channel IN ({', '.join(str(int(channel)) for channel in COUNTED[name])})"
    return f"count(*) FILTER (WHERE kind <= {LAST_CUSTOMER_INITIATED} AND {condition}) AS {name}_n"


def _measures(expression: str) -> str:
    return ", ".join(f"{expression.format(name, level=_state(name))} AS {name}" for name in MEASURES)


# The sum over the days held, forwards from nothing: every delta before the end, for the days it held.
BY_LEDGER = f"""
CROSS JOIN LATERAL (
    SELECT {_measures("coalesce(sum(d.{0}_delta * (a.until - greatest(d.date, a.since))), 0)")}
    FROM customers_dailybalance AS d WHERE d.customer_id = a.customer_id AND d.date < a.until
) AS b
"""
# The same backwards from the level at the night: deltas since then are taken back for the days before them.
# It reads only the quarter's rows, however long the history.
BY_NIGHT = f"""
LEFT JOIN performance_rollup AS r ON r.night_id = %(night)s AND r.customer_id = a.customer_id
CROSS JOIN LATERAL (
    SELECT {
    _measures(
        "(a.until - a.since) * coalesce({level}, 0)"
        " - coalesce(sum(d.{0}_delta * (least(d.date, a.until) - a.since)), 0)"
    )
}
    FROM customers_dailybalance AS d
    WHERE d.customer_id = a.customer_id AND d.date > a.since
        AND d.date >= %(start)s AND d.date < %(upto)s
) AS b
"""


def _by_days(parts: str, customer: str, balances: str) -> str:
    """The statement over `parts` of assignments; constant dates let PostgreSQL prune the ledger's months."""
    return f"""
        WITH a AS ({parts})
        SELECT a.manager_id, {customer}, a.share,
            sum(b.deposit), sum(b.loan), sum(b.nii), sum(b.el), sum(t.fee),
            {", ".join(f"sum(t.{name}_n)" for name in COUNTS)}, sum(n.accounts), sum(n.loans),
            {PLANS.format(days="(a.until - a.since)")}
        FROM a
        {balances}
        CROSS JOIN LATERAL (
            SELECT coalesce(-sum(amount_fen) FILTER (WHERE kind = {int(TransactionKind.FEE)}), 0) AS fee,
                {", ".join(_count(name) for name in COUNTS)}
            FROM customers_transaction AS t
            WHERE t.customer_id = a.customer_id AND t.booked_on >= a.since AND t.booked_on < a.until
                AND t.booked_on >= %(start)s AND t.booked_on < %(upto)s
        ) AS t
        CROSS JOIN LATERAL (
            SELECT {
        ACCOUNT_DAYS.format(
            keys="", since="a.since", until="a.until", holder="", which="n.customer_id = a.customer_id"
        )
    }
        ) AS n
        {PLAN_OF}
        GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    """


def _fetch(sql: str, params: dict) -> list[Flow]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [
            Flow(
                manager, customer, share, {name: int(value) for name, value in zip(SUMS, values, strict=True)}
            )
            for manager, customer, share, *values in cursor.fetchall()
        ]


def flows_of_night(window: Window, night_id: int) -> list[Flow]:
    """Return every manager's flows in `window`, one row a manager and share; two statements."""
    parts = PARTS.format(which="NOT during @> daterange(%(start)s, %(upto)s)")
    whole = _fetch(WHOLE, window.params(night=night_id))
    return whole + _fetch(_by_days(parts, "NULL::bigint", BY_NIGHT), window.params(night=night_id))


def flows_of_manager(window: Window, manager_id: int, night_id: int | None = None) -> list[Flow]:
    """Return one manager's flows in `window`, one row a customer and share.

    With `night_id` backwards from that night's levels, where they are still there; else from the ledger.
    """
    parts = PARTS.format(which="manager_id = %(manager)s")
    balances = BY_NIGHT if night_id and _has_rollup(night_id) else BY_LEDGER
    params = window.params(manager=manager_id, night=night_id)
    return _fetch(_by_days(parts, "a.customer_id", balances), params)


def _has_rollup(night_id: int) -> bool:
    """Old nights lose their rollups."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM performance_rollup WHERE night_id = %s)", [night_id])
        return cursor.fetchone()[0]


def flows_of_customer(window: Window, customer_id: int) -> tuple[list[Flow], Flow]:
    """Return one customer's flows in `window` as they are attributed, and all of them at share 1."""
    parts = PARTS.format(which="customer_id = %(customer)s")
    whole = (
        "SELECT NULL::bigint AS manager_id, %(customer)s::bigint AS customer_id, 1::numeric AS share, "
        "%(start)s::date AS since, %(upto)s::date AS until"
    )
    params = window.params(customer=customer_id)
    held = _fetch(_by_days(parts, "a.customer_id", BY_LEDGER), params)
    return held, _fetch(_by_days(whole, "a.customer_id", BY_LEDGER), params)[0]


def flows_of_pool(window: Window) -> list[Flow]:
    """Return what belongs to nobody in `window`, one row a customer: the days that no assignment covers."""
    return _fetch(_by_days(POOL_PARTS, "a.customer_id", BY_LEDGER), window.params())


def attributed(flows: Iterable[Flow]) -> dict[str, Decimal]:
    """Return Σ share × sum for each of SUMS, exact."""
    totals = dict.fromkeys(SUMS, Decimal(0))
    for flow in flows:
        for name, value in flow.sums.items():
            totals[name] += flow.share * value
    return totals
