"""The SQL behind performance/rollups.py: what the ledger adds to a night t since the night t0 before it.

Dates, lags and table names are ours and stand in the text, so that PostgreSQL prunes the ledger's partitions
while planning. With t0 = None every slice begins before all time: that is the computation from scratch.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from customers.choices import LAST_CUSTOMER_INITIATED, SALE_FAMILIES, Channel, Family, TransactionKind

# measure → lags in days at which its level and integral are kept
LAGS = {
    "aum": (0, 30, 120),
    "deposit": (0,),
    "loan": (0, 365),
    "nii": (0, 365),
    "loan_nii": (0, 365),
    "el": (0, 365),
}
QUARTERLY = ("aum", "deposit", "loan", "nii", "el")  # whose integral at the quarter's start is kept
YEAR = 365
MONTHS = 13
MONTH_BITS = 12
WEEK_BITS = 53
GROUPS = ((Channel.APP,), (Channel.WEB,), (Channel.COUNTER,))  # of the sales matrix; the last is the rest
COUNTED = {
    "counter": (Channel.COUNTER, Channel.VISIT, Channel.PHONE),
    "digital": (Channel.APP, Channel.WEB),
}


def quarter_end_before(day: date) -> date:
    """Return the last day of the quarter before `day`'s."""
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1) - timedelta(1)


def month_number(day: date) -> int:
    return day.year * 12 + day.month - 1


def month_end(number: int) -> date:
    """Return the last day of the month that `month_number` numbers so."""
    year, month = divmod(number + 1, 12)
    return date(year, month + 1, 1) - timedelta(1)


@dataclass(frozen=True)
class Slices:
    """The days a computation reads: from the night `before` (None: from the beginning) to `as_of`."""

    as_of: date
    before: date | None

    def dates(self, column: str, lag: int = 0, *, upto: date | None = None) -> str:
        """The condition that `column` lies in (t0 − lag, t − lag], or in (t0, upto]."""
        last = upto or self.as_of - timedelta(lag)
        if self.before is None:
            return f"{column} <= '{last}'"
        return f"({column} > '{self.before - timedelta(lag)}' AND {column} <= '{last}')"

    def any_of(self, column: str, lags) -> str:
        return "(" + " OR ".join(self.dates(column, lag) for lag in lags) + ")"

    @property
    def days(self) -> int:
        """Days over which the old level runs on (of no effect from scratch, where it is 0)."""
        return (self.as_of - self.before).days if self.before else 0

    @property
    def quarter_end(self) -> date:
        return quarter_end_before(self.as_of)

    @property
    def new_quarter(self) -> bool:
        return self.before is None or quarter_end_before(self.before) != self.quarter_end

    @property
    def months(self) -> int:
        """Months begun since the night before, at most as many as are kept."""
        if self.before is None:
            return MONTHS
        return month_number(self.as_of) - month_number(self.before)

    @property
    def new_month_ends(self) -> list[date]:
        """The ends of months that this night adds to `month_c`, oldest first."""
        number = month_number(self.as_of)
        return [month_end(number - back) for back in range(min(self.months, MONTHS), 0, -1)]


def kept_as(measure: str, lag: int) -> str:
    return f"{measure}{lag or ''}"


def _delta(measure: str) -> str:
    if measure == "loan_nii":
        return f"CASE family WHEN {int(Family.LOAN)} THEN nii_delta ELSE 0 END"
    return f"{measure}_delta"


def _integral(measure: str, upto: date, condition: str) -> str:
    return f"isum({_delta(measure)} * ('{upto}'::date - date + 1)) FILTER (WHERE {condition})"


def balances(slices: Slices, table: str, who: str) -> str:
    """Aggregate the balance slices of one shard: one row per customer that has any."""
    columns = ["min(date) AS first_on"]
    for measure, lags in LAGS.items():
        for lag in lags:
            inside, name = slices.dates("date", lag), kept_as(measure, lag)
            upto = slices.as_of - timedelta(lag)
            columns.append(f"isum({_delta(measure)}) FILTER (WHERE {inside}) AS {name}")
            columns.append(f"{_integral(measure, upto, inside)} AS {name}_c")
        if slices.new_quarter and measure in QUARTERLY:
            inside = slices.dates("date", upto=slices.quarter_end)
            columns.append(f"{_integral(measure, slices.quarter_end, inside)} AS q_{measure}_c")
    for position, end in enumerate(slices.new_month_ends):
        inside = slices.dates("date", upto=end)
        columns.append(f"{_integral('aum', end, inside)} AS month_{position}")
    lags = sorted({lag for some in LAGS.values() for lag in some})
    return (
        f"SELECT customer_id, {', '.join(columns)} FROM {table} "
        f"WHERE {slices.any_of('date', lags)} {who} GROUP BY customer_id"
    )


def _weight(slices: Slices, lag: int) -> str:
    """+1 for rows that enter the year ending at t − lag, −1 for those that leave it."""
    return f"({slices.dates('booked_on', lag)})::integer - ({slices.dates('booked_on', lag + YEAR)})::integer"


def _months_back(slices: Slices) -> str:
    """How many months before t's month the posting lies; null beyond the bitmap."""
    number = month_number(slices.as_of)
    whens = (f"WHEN booked_on > '{month_end(number - back - 1)}' THEN {back}" for back in range(MONTH_BITS))
    return f"CASE {' '.join(whens)} END"


def postings(slices: Slices, table: str, who: str) -> str:
    """The transaction slices of one shard, a row each: what it counts for, and its weight in each year."""
    own = f"kind <= {LAST_CUSTOMER_INITIATED}"
    new = slices.dates("booked_on")
    quarter = f"({new} AND booked_on > '{slices.quarter_end}')::integer"
    return (
        f"(SELECT customer_id, booked_on, kind, channel, family, amount_fen, {own} AS own, {new} AS new, "
        f"{_weight(slices, 0)} AS w, {_weight(slices, YEAR)} AS w_prev, {quarter} AS w_quarter "
        f"FROM {table} WHERE {slices.any_of('booked_on', (0, YEAR, 2 * YEAR))} {who}) AS posting"
    )


def transactions(slices: Slices, source: str) -> str:
    """Aggregate postings: one row per customer that has any."""
    fee = f"CASE kind WHEN {TransactionKind.FEE} THEN -amount_fen ELSE 0 END"
    week = f"(('{slices.as_of}'::date - '1900-01-01'::date) / 7 - (booked_on - '1900-01-01'::date) / 7)"
    month = _months_back(slices)
    columns = [
        f"isum(w * {fee}) AS fee",
        f"isum(w_quarter * {fee}) AS q_fee",
        f"coalesce(bit_or(1::bigint << {week}) FILTER (WHERE new AND own AND {week} < {WEEK_BITS}), 0) "
        "AS weeks",
        f"coalesce(bit_or(1 << ({month})) FILTER (WHERE new AND own), 0) AS active_months",
        f"coalesce(bit_or(1 << ({month})) FILTER (WHERE new AND kind = {TransactionKind.SALARY}), 0) "
        "AS salary_months",
        "min(booked_on) FILTER (WHERE new) AS first_on",
        "max(booked_on) FILTER (WHERE new AND own) AS last_own_on",
        "max(booked_on) FILTER (WHERE new AND own AND channel IN (5, 6)) AS last_digital_on",
        f"max(booked_on) FILTER (WHERE new AND kind = {TransactionKind.SALARY}) AS last_salary_on",
    ]
    every = ", ".join(str(int(channel)) for kept in COUNTED.values() for channel in kept)
    kinds = {
        name: f"channel IN ({', '.join(str(int(c)) for c in kept)})" for name, kept in COUNTED.items()
    } | {"other": f"channel NOT IN ({every})"}
    for name, condition in kinds.items():
        columns.append(f"isum(w) FILTER (WHERE own AND {condition}) AS {name}_n")
        columns.append(f"isum(w_quarter) FILTER (WHERE own AND {condition}) AS q_{name}_n")
    return f"SELECT customer_id, {', '.join(columns)} FROM {source} GROUP BY customer_id"


def sales(source: str) -> str:
    """Aggregate the sales among postings: a row for each customer and cell that has any."""
    groups = " ".join(
        f"WHEN channel IN ({', '.join(str(int(c)) for c in kept)}) THEN {position}"
        for position, kept in enumerate(GROUPS)
    )
    width = len(GROUPS) + 1
    cell = f"{width} * (family - {int(SALE_FAMILIES[0])}) + CASE {groups} ELSE {len(GROUPS)} END"
    return (
        f"SELECT customer_id, {cell} AS cell, isum(w * amount_fen) AS amount, "
        f"isum(w_prev * amount_fen) AS previous FROM {source} "
        f"WHERE own AND amount_fen > 0 AND family BETWEEN {int(SALE_FAMILIES[0])} "
        f"AND {int(SALE_FAMILIES[-1])} GROUP BY 1, 2"
    )


def partitions(table: str, ledger: Iterable[int]) -> str:
    """Some hash partitions of a ledger as one source."""
    names = (f"SELECT * FROM {table}_h{shard:02d}" for shard in ledger)
    return f"({' UNION ALL '.join(names)}) AS ledger"


def only(customers: list[int] | None) -> str:
    """The condition that narrows a slice to these customers; none: everybody."""
    return (
        "" if customers is None else f"AND customer_id = ANY('{{{','.join(map(str, customers))}}}'::bigint[])"
    )
