"""My book: one list over all customers a user may see, with saved views, filters, sorts and search.

Ordered by walking an index with a LIMIT, whoever asks (docs/architecture.md, "Lists"):
a manager's few hundred come from (lead, …) and are sorted; a branch or the bank walks (next_date, id),
(last_contact_on, id), or the published night's own (aum_fen, customer_id) and (churn_bp, customer_id). The
night's number is bound as a value, so that PostgreSQL opens one partition.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef, Q

from crm import keyset
from customers.choices import CustomerKind, Lifecycle, TaskState, Tier
from customers.models import Customer, CustomerIdentity, Interaction, Standing, Task
from customers.reasons import HIGH_BP, MEDIUM_BP
from customers.selectors.search import clean_words, matching

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


@dataclass(frozen=True)
class BookRow:
    """A customer in the list with last night's figures (None: not computed yet) and what is next."""

    customer: Customer
    standing: Standing | None
    task: Task | None
    next_step: str


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


def condition(view: str, night_id: int | None, as_of: date) -> Q:
    """A saved view as one condition on Customer."""
    tonight = _tonight(BookState(view=view), as_of)
    found = VIEW_CONDITIONS.get(view, _everyone)(as_of)
    if tonight:
        standings = Standing.objects.filter(tonight, night_id=night_id or 0, customer_id=OuterRef("pk"))
        found &= Q(Exists(standings))
    return found


def place_of(customer: Customer, lists: list[keyset.Segment]) -> keyset.Place | None:
    """Where `customer` stands in the list; None if the list does not hold him."""
    for number, segment in enumerate(lists):
        row = segment.rows.filter(**{segment.names[-1]: customer.pk}).values_list(*segment.names).first()
        if row:
            return keyset.Place(number, tuple(row))
    return None


def book_rows(ids: list[int], night_id: int | None, as_of: date) -> list[BookRow]:
    """Rows for `ids`, in that order, whatever the number: four queries."""
    customers = {
        customer.pk: customer
        for customer in Customer.objects.filter(pk__in=ids).only(
            "public_id", "number", "kind", "name", "tier", "lifecycle", "last_contact_on", "next_date"
        )
    }
    standings = {
        standing.customer_id: standing
        for standing in Standing.objects.filter(night_id=night_id or 0, customer_id__in=ids)
    }
    tasks = top_tasks(ids, as_of)
    steps = next_steps(ids)
    return [
        BookRow(customers[pk], standings.get(pk), tasks.get(pk), steps.get(pk, ""))
        for pk in ids
        if pk in customers
    ]


def public_ids(ids: list[int]) -> dict:
    """The identifiers that stand in addresses, by customer id."""
    return dict(Customer.objects.filter(pk__in=ids).values_list("pk", "public_id"))


def top_tasks(ids: list[int], as_of: date) -> dict[int, Task]:
    """The first open task of each customer, by customer id."""
    tasks = (
        Task.objects.filter(customer__in=ids, state__in=[TaskState.OPEN, TaskState.SNOOZED])
        .due(as_of)
        .order_by("customer_id", "-rank", "id")
        .distinct("customer_id")
    )
    return {task.customer_id: task for task in tasks}


def next_steps(ids: list[int]) -> dict[int, str]:
    """What was agreed at the last contact that set a next date, by customer id."""
    agreed = (
        Interaction.objects.filter(customer__in=ids, next_date__isnull=False)
        .order_by("customer_id", "-happened_at", "-id")
        .distinct("customer_id")
    )
    return dict(agreed.values_list("customer_id", "next_step"))


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
        condition &= Q(next_maturity_on__gte=as_of, next_maturity_on__lt=_next_month(as_of))
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


def _next_month(day):
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
