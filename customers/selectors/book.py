"""My book: one list over all customers a user may see, with saved views, filters, sorts and search.

Ordered by walking an index with a LIMIT, whoever asks:
a manager's few hundred come from (lead, …) and are sorted; a branch or the bank walks (next_date, id),
(last_contact_on, id), or the published night's own (aum_fen, customer_id) and (churn_bp, customer_id). The
night's number is bound as a value, so that PostgreSQL opens one partition.
"""

import json
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Q

from crm import keyset
from customers.choices import CustomerKind, Lifecycle, Tier
from customers.models import Customer, CustomerIdentity, Standing, Task
from customers.reasons import HIGH_BP, MEDIUM_BP
from customers.selectors.search import clean_words, matching

MONTHS = Standing._meta.get_field("months")

PAGE = 50
SORTS = ("next", "value", "silence", "risk")
VIEWS = ("all", "matures", "silent", "churn", "expiring", "overdue")
BANDS = ("low", "medium", "high")
SILENCES = ("30", "60", "90", "180", "never")
RICH_TIERS = (Tier.PLATINUM, Tier.DIAMOND, Tier.PRIVATE)
QUIET_DAYS = 90  # a key customer unseen for a quarter (contact cycle, domain.md F1)
EXPIRES_DAYS = 30
RISK_TEST_DAYS = 365


@dataclass(frozen=True)
class BookState:
    """What the list shows, as its address says it; a word it gets wrong falls back to the default."""

    view: str = "all"
    sort: str = "next"
    words: str = ""
    kind: str = ""
    tier: str = ""
    lifecycle: str = ""
    band: str = ""
    silence: str = ""

    FILTERS = ("kind", "tier", "lifecycle", "band", "silence")

    @classmethod
    def read(cls, query) -> "BookState":
        """Read the state from a QueryDict (or any mapping of text)."""
        allowed = {
            "view": VIEWS,
            "sort": (*SORTS, *(f"-{sort}" for sort in SORTS)),
            "kind": CustomerKind.values,
            "tier": Tier.values,
            "lifecycle": Lifecycle.values,
            "band": BANDS,
            "silence": SILENCES,
        }
        told = {name: query.get(name, "") for name in allowed}
        kept = {name: value for name, value in told.items() if value in allowed[name]}
        return cls(words=clean_words(query.get("q", "")), **kept)

    def address(self, **changes) -> str:
        """The query string of this state with `changes`, leading `?` included; a change starts at the top."""
        state = replace(self, **changes)
        defaults = BookState()
        told = {name: getattr(state, name) for name in ("view", "sort", *self.FILTERS)}
        told = {name: value for name, value in told.items() if value != getattr(defaults, name)}
        if state.words:
            told["q"] = state.words
        return f"?{urlencode(told)}"

    def address_in_list(self) -> str:
        """The same for a page that belongs to the list: it then knows its neighbours."""
        return f"?list=book&{self.address()[1:]}".rstrip("&")

    @property
    def filters(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in self.FILTERS if getattr(self, name)}

    @property
    def order(self) -> str:
        """What a cursor is signed for: the same state, whatever the page."""
        return self.address()


class BookRow(NamedTuple):
    """A customer in the list with last night's figures (None: not computed) and what is next."""

    id: int
    public_id: UUID
    name: str
    kind: str
    tier: str
    lifecycle: str
    last_contact_on: date | None
    next_date: date | None
    aum_fen: int | None
    eva_fen: int | None
    churn_bp: int | None
    aum_change_bp: int | None
    packed_months: bytes | None
    task_kind: str | None
    task_reason: str | None
    task_due_on: date | None
    next_step: str | None

    @property
    def months(self) -> list[int | None] | None:
        """Month-average assets, oldest first; None where no night holds the customer."""
        return None if self.packed_months is None else MONTHS.read(self.packed_months)

    @property
    def task(self) -> Task | None:
        """What is open about the customer, first thing first; enough of it to say why."""
        if self.task_kind is None:
            return None
        return Task(kind=self.task_kind, reason=json.loads(self.task_reason), due_on=self.task_due_on)


# One question for a page of customers already narrowed to the reader's scope: figures of the published night,
# the first open task, what was agreed at the last contact that set a next date.
ROWS = """
SELECT c.id, c.public_id, c.name, c.kind, c.tier, c.lifecycle, c.last_contact_on, c.next_date,
    s.aum_fen, s.eva_fen, s.churn_bp, s.aum_change_bp, s.months, t.kind, t.reason::text, t.due_on, i.next_step
FROM unnest(%(ids)s::bigint[]) WITH ORDINALITY AS wanted (id, place)
JOIN customers_customer AS c ON c.id = wanted.id
LEFT JOIN customers_standing AS s ON s.night_id = %(night)s AND s.customer_id = c.id
LEFT JOIN LATERAL (
    SELECT kind, reason, due_on FROM customers_task
    WHERE customer_id = c.id AND (state = 'open' OR state = 'snoozed' AND snoozed_until <= %(as_of)s)
    ORDER BY rank DESC, id LIMIT 1
) AS t ON true
LEFT JOIN LATERAL (
    SELECT next_step FROM customers_interaction WHERE customer_id = c.id AND next_date IS NOT NULL
    ORDER BY happened_at DESC, id DESC LIMIT 1
) AS i ON true
ORDER BY wanted.place
"""


def segments(user, state: BookState, night_id: int | None, as_of: date) -> list[keyset.Segment]:
    """The list as keyset segments: what is known in order, then what is not (by id)."""
    customers = _customers(user, state, as_of)
    standings = Standing.objects.filter(night_id=night_id or 0)
    tonight = _tonight(state, as_of)
    if state.sort.lstrip("-") in ("value", "risk"):
        return _by_standing(customers, standings, tonight, state.sort)
    if tonight:
        customers = customers.filter(Exists(standings.filter(tonight, customer_id=OuterRef("pk"))))
    return _by_customer(customers, state.sort)


def narrowed(user, state: BookState, night_id: int | None, as_of: date):
    """The same customers as a plain queryset, for counting."""
    customers = _customers(user, state, as_of)
    tonight = _tonight(state, as_of)
    if tonight:
        standings = Standing.objects.filter(tonight, night_id=night_id or 0, customer_id=OuterRef("pk"))
        customers = customers.filter(Exists(standings))
    return customers


def place_of(customer: Customer, lists: list[keyset.Segment]) -> keyset.Place | None:
    """Where `customer` stands in the list; None if the list does not hold him."""
    for number, segment in enumerate(lists):
        row = segment.rows.filter(**{segment.names[-1]: customer.pk}).values_list(*segment.names).first()
        if row:
            return keyset.Place(number, tuple(row))
    return None


def book_rows(ids: list[int], night_id: int | None, as_of: date) -> list[BookRow]:
    """Rows for `ids`, which the caller has narrowed to his scope, in that order: one query."""
    with connection.cursor() as cursor:
        cursor.execute(ROWS, {"ids": ids, "night": night_id or 0, "as_of": as_of})
        return [BookRow(*row) for row in cursor.fetchall()]


def public_ids(ids: list[int]) -> dict:
    """The identifiers that stand in addresses, by customer id."""
    return dict(Customer.objects.filter(pk__in=ids).values_list("pk", "public_id"))


def _customers(user, state, as_of):
    """Customers in scope that meet every condition on the customer itself."""
    customers = Customer.objects.visible_to(user).filter(matching(state.words))
    if not state.words:
        customers = customers.filter(closed_on=None)
    plain = {name: getattr(state, name) for name in ("kind", "tier", "lifecycle") if getattr(state, name)}
    customers = customers.filter(**plain)
    if state.silence:
        customers = customers.filter(_silent(state.silence, as_of))
    return customers.filter(VIEW_CONDITIONS.get(state.view, _everyone)(as_of))


def _tonight(state, as_of):
    """The conditions on last night's figures, as a Q on Standing."""
    condition = Q()
    if state.view == "matures":
        condition &= Q(next_maturity_on__gte=as_of, next_maturity_on__lt=next_month(as_of))
    if state.view == "churn":
        condition &= Q(churn_bp__gte=HIGH_BP)
    if state.view == "overdue":
        condition &= Q(overdue_days__gt=0)
    return condition & BAND_CONDITIONS.get(state.band, Q())


def _by_customer(customers, sort):
    column = "next_date" if sort.endswith("next") else "last_contact_on"
    unknown = keyset.Segment(customers.filter(**{f"{column}__isnull": True}), ("id",))
    # silence counts from the last contact: the longest silence is the earliest date, and no contact at all
    # is longer still
    falls = sort in ("-next", "-silence")
    columns = (f"-{column}", "-id") if falls else (column, "id")
    known = keyset.Segment(customers.filter(**{f"{column}__isnull": False}), columns)
    return [unknown, known] if sort == "silence" else [known, unknown]


def _by_standing(customers, standings, tonight, sort):
    column = "aum_fen" if sort.endswith("value") else "churn_bp"
    mine = standings.filter(tonight).filter(Exists(customers.filter(pk=OuterRef("customer_id"))))
    # the natural order is the largest first; a minus turns it round
    columns = (column, "customer_id") if sort.startswith("-") else (f"-{column}", "-customer_id")
    lists = [keyset.Segment(mine.filter(**{f"{column}__isnull": False}), columns)]
    if column == "churn_bp":
        lists.append(keyset.Segment(mine.filter(churn_bp=None), ("customer_id",)))
    if not tonight:  # who came after the night has no figures yet
        newcomers = customers.filter(~Exists(standings.filter(customer_id=OuterRef("pk"))))
        lists.append(keyset.Segment(newcomers, ("id",)))
    return lists


def _silent(silence, as_of):
    if silence == "never":
        return Q(last_contact_on=None)
    return Q(last_contact_on__lt=as_of - timedelta(days=int(silence)))


def next_month(day):
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def _everyone(_as_of):
    return Q()


def _rich_and_silent(as_of):
    quiet = Q(last_contact_on=None) | Q(last_contact_on__lt=as_of - timedelta(days=QUIET_DAYS))
    return Q(tier__in=RICH_TIERS) & quiet


def _expiring(as_of):
    soon = as_of + timedelta(days=EXPIRES_DAYS)
    document = CustomerIdentity.objects.filter(customer=OuterRef("pk"), document_expires_on__lte=soon)
    return Q(risk_tested_on__lte=soon - timedelta(days=RISK_TEST_DAYS)) | Q(Exists(document))


VIEW_CONDITIONS = {"silent": _rich_and_silent, "expiring": _expiring}
BAND_CONDITIONS = {
    "low": Q(churn_bp__lt=MEDIUM_BP),
    "medium": Q(churn_bp__gte=MEDIUM_BP, churn_bp__lt=HIGH_BP),
    "high": Q(churn_bp__gte=HIGH_BP),
}
