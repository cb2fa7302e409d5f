"""The rows behind an indicator of one scorecard, down to the record each came from.

Rows sum to the stored numerator and denominator exactly (to their six places): records come from the same
SELECTs that the night summed (performance.sources), money by days from the night's levels or from the ledger
(performance.flows), which give the same integers. Records corrected after the night show as a difference.
"""

from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cached_property

from django.db import connection
from django.urls import reverse

from crm.look.masks import mask_name
from crm.wall.scope import beyond_scope
from customers.models import Customer
from performance import groundwork, scoring, sources
from performance.evidence_words import cells, head, total_cells
from performance.flows import attributed, flows_of_manager
from performance.models import Scorecard
from performance.scorecards import flow_values, scale_of, window_of
from performance.scoring import Rules

LIMIT = 500
STORED = Decimal("1e-6")
FLOWS = {  # code → columns: name, its attributed sum, and by what it is divided (days scored or 1)
    "E1": (),
    "E2": (("deposit_average", "deposit", "days"), ("base_average", "base", "days")),
    "E3": (),
    "S3": (),
    "A1": (),
    "A2": (),
}


@dataclass(frozen=True)
class Row:
    """One row: whose, which record (`record` kind and `record_id`), what it adds above and below the line."""

    code: str
    customer_id: int
    record: str
    record_id: int | None
    day: date | None
    share: Decimal
    numerator: Decimal
    denominator: Decimal
    values: dict = field(default_factory=dict)
    customer: Customer | None = None
    is_open: bool = False  # the reader still sees the customer: his page opens, his name is whole

    @property
    def token(self) -> str:
        return f"{self.day or ''}.{self.customer_id}.{self.record}.{self.record_id or ''}.{self.share}"

    @property
    def name(self) -> str:
        """Whole for who still sees the customer, else `张*`: the number beside it names the record."""
        if self.customer is None:
            return ""
        is_whole = self.is_open or not self.customer.is_person
        return self.customer.name if is_whole else mask_name(self.customer.name)

    @property
    def number(self) -> str:
        """The customer's number, of one who has passed to somebody else."""
        return self.customer.number if self.customer and not self.is_open else ""

    @property
    def url(self) -> str:
        """The customer's page; empty where the reader sees him no more."""
        return reverse("customers:detail", args=[self.customer.public_id]) if self.is_open else ""

    @cached_property
    def cells(self) -> list[str]:
        return cells(self)


@dataclass(frozen=True)
class Evidence:
    """One page of rows; `count`, `numerator` and `denominator` are over all of them. `next`: its `after`."""

    code: str
    rows: list[Row]
    count: int
    numerator: Decimal
    denominator: Decimal
    next: str

    @property
    def head(self) -> list[str]:
        return head(self.code)

    @property
    def total(self) -> list[str]:
        return total_cells(self.code, self.numerator, self.denominator)


def rows_behind(card: Scorecard, code: str, reader, *, limit: int = LIMIT, after: str = "") -> Evidence:
    """Return the rows behind indicator `code` of `card`, at most `limit` (≤ 500), from the one `after`.

    `reader` is who looks: rows and sums are the same for all, names are whole of customers he sees today.
    Newest records first, then customers by what they add. Works for any night, also one whose rollup is gone.
    Raises KeyError for a code that is no indicator.
    """
    indicator = scoring.BY_CODE[code]
    if not indicator.has_source:
        return Evidence(code, [], 0, Decimal(0), Decimal(0), "")
    rules = scoring.rules_of(card.period.scheme.content)
    window = window_of(card.period, card.night.business_date)
    with beyond_scope():  # a score stands on customers who were handed on since, too
        rows = _records(card, code, window, rules) if code in sources.SOURCES else []
        if code in FLOWS:
            rows += _flows(card, code, window, rules)
        rows.sort(key=lambda row: (row.record == "flow", -(row.day or date.min).toordinal(), *_size(row)))
        start = next((place + 1 for place, row in enumerate(rows) if row.token == after), 0) if after else 0
        page = rows[start : start + min(limit, LIMIT)]
        page = _with_customers(page)
    shown = _opened_for(reader, page)
    return Evidence(
        code,
        shown,
        len(rows),
        sum((row.numerator for row in rows), Decimal(0)).quantize(STORED),
        sum((row.denominator for row in rows), Decimal(0)).quantize(STORED),
        page[-1].token if page and start + len(page) < len(rows) else "",
    )


def _size(row: Row) -> tuple:
    return -abs(row.numerator), -row.denominator, row.customer_id, row.record_id or 0, -row.share


def _records(card: Scorecard, code: str, window, rules: Rules) -> list[Row]:
    """Records of this manager from the indicator's own SELECT."""
    source = sources.SOURCES[code]
    params = sources.parameters(
        rules, start=window.start, upto=window.upto, as_of=card.night.business_date
    ) | {"manager": card.manager_id}
    sums = ("share * numerator", "share * denominator")
    columns = ("customer_id", "record_id", "day", "share", *sums, *source.columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"{groundwork.common(whole_bank=False)} SELECT {', '.join(columns)} FROM ({source.sql}) AS s "
            "WHERE manager_id = %(manager)s",
            params,
        )
        found = cursor.fetchall()
    scale = scale_of(code, window.days)
    return [
        Row(
            code,
            customer,
            source.record,
            record,
            day,
            share,
            above * scale,
            below,
            dict(zip(source.columns, values, strict=True)),
        )
        for customer, record, day, share, above, below, *values in found
    ]


def _flows(card: Scorecard, code: str, window, rules: Rules) -> list[Row]:
    """What each customer's balances, postings and plan add; customers who add nothing are left out."""
    quarter = (card.period.during.upper - card.period.during.lower).days
    rows = []
    for flow in flows_of_manager(window, card.manager_id, card.night_id):
        sums = attributed([flow])
        above, below = flow_values(sums, days=window.days, quarter=quarter, rules=rules)[code]
        values = {"days": flow.sums["days"]}
        for name, column, _unit in FLOWS[code]:
            values[name] = sums[column] / window.days
        if above or below:
            rows.append(Row(code, flow.customer_id, "flow", None, None, flow.share, above, below, values))
    return rows


def _with_customers(rows: list[Row]) -> list[Row]:
    """Put each row's customer beside it: one query for the page."""
    found = Customer.objects.only("public_id", "name", "number", "kind")
    customers = found.in_bulk({row.customer_id for row in rows})
    return [replace(row, customer=customers.get(row.customer_id)) for row in rows]


def _opened_for(reader, rows: list[Row]) -> list[Row]:
    """Say of each row whether `reader` sees its customer, in his own scope: one query for the page."""
    keys = {row.customer_id for row in rows}
    seen = set(Customer.objects.visible_to(reader).filter(pk__in=keys).values_list("pk", flat=True))
    return [replace(row, is_open=row.customer_id in seen) for row in rows]
