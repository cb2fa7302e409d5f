"""Today: what one manager has to do, in order of value × likelihood × urgency, and the week around it."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db.models import Count, F, Max, Q, Sum
from django.utils import timezone

from crm.drafts.services import Kept, drafts_of
from customers.choices import Family, TaskKind, TaskState
from customers.models import Account, Customer, Interaction, Standing, Task
from customers.ranking import rules
from customers.reasons import risk_band
from customers.selectors.holdings import last_balances

MOST_TASKS = 60
MATURES_DAYS = 30
MOST_MATURING = 40
MOST_CHANGES = 6
MOST_DRAFTS = 5


@dataclass
class Day:
    """One day of the week strip: what was done, what is agreed, what matures."""

    date: date
    contacts: list[str] = field(default_factory=list)
    agreed: list[str] = field(default_factory=list)
    maturing: list[tuple[str, int]] = field(default_factory=list)

    @property
    def events(self) -> int:
        return len(self.contacts) + len(self.agreed) + len(self.maturing)


@dataclass(frozen=True)
class Maturing:
    """A time deposit that ends soon, with its balance in fen, its rate and the last contact."""

    account: Account
    amount_fen: int
    rate_e5: int
    contacted_on: date | None
    as_of: date

    @property
    def is_contacted(self) -> bool:
        """Whether somebody spoke with the customer within the last 30 days."""
        return self.contacted_on is not None and (self.as_of - self.contacted_on).days <= MATURES_DAYS


@dataclass(frozen=True)
class Change:
    """A customer whose tier or risk band differs from the night before."""

    customer: Customer
    kind: str  # "tier" | "risk"
    before: str
    now: str
    is_up: bool


def due_tasks(user, manager, as_of: date):
    """What is open for `manager` on `as_of`, first things first (index customers_task_today).

    What he set himself stands there from some days before it is due (the rules of Today say how many).
    """
    ahead = as_of + timedelta(days=rules().manual_ahead_days)
    return (
        Task.objects.visible_to(user)
        .filter(manager=manager, state__in=[TaskState.OPEN, TaskState.SNOOZED])
        .due(as_of)
        .exclude(kind=TaskKind.MANUAL, due_on__gt=ahead)
        .order_by("-rank", "id")
    )


def unfinished(user) -> list[tuple[Kept, Customer]]:
    """Contacts that were being written and not sent, about customers still in sight, newest first."""
    drafts = {draft.form.partition(":")[2]: draft for draft in drafts_of(user, "contact", MOST_DRAFTS)}
    if not drafts:
        return []
    people = Customer.objects.visible_to(user).filter(public_id__in=[key for key in drafts if _is_uuid(key)])
    rows = [(drafts[str(person.public_id)], person) for person in people.only("public_id", "name")]
    return sorted(rows, key=lambda row: row[0].saved_at, reverse=True)


def _is_uuid(text):
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def task_totals(user, manager, as_of: date) -> dict:
    """{count, value_fen} of what is due, and {done, snoozed} of the day: one query."""
    due = Q(pk__in=due_tasks(user, manager, as_of).order_by().values("pk"))
    start = timezone.make_aware(datetime.combine(as_of, time.min))
    told = Task.objects.filter(manager=manager).aggregate(
        count=Count("pk", filter=due),
        value_fen=Sum("value_fen", filter=due),
        done=Count("pk", filter=Q(state=TaskState.DONE, done_at__gte=start)),
        snoozed=Count("pk", filter=Q(state=TaskState.SNOOZED, snoozed_until__gt=as_of)),
    )
    return told | {"value_fen": int(told["value_fen"] or 0)}


def maturing_deposits(manager, as_of: date) -> list[Maturing]:
    """Time deposits of the manager's own customers that mature within 30 days, by date."""
    accounts = list(
        Account.objects.filter(
            customer__lead=manager,
            product__family=Family.TIME_DEPOSIT,
            closed_on=None,
            matures_on__gte=as_of,
            matures_on__lt=as_of + timedelta(days=MATURES_DAYS),
        )
        .select_related("customer", "product")
        .order_by("matures_on", "id")[:MOST_MATURING]
    )
    if not accounts:
        return []
    balances = last_balances(accounts, as_of)
    return [
        Maturing(
            account,
            *balances.get(account.pk, (account.principal_fen, account.product.rate_e5)),
            account.customer.last_contact_on,
            as_of,
        )
        for account in accounts
    ]


def week(manager, maturing: list[Maturing], as_of: date) -> list[Day]:
    """Monday to Sunday around `as_of`: contacts behind, promises and maturities ahead (two queries)."""
    monday = as_of - timedelta(days=as_of.weekday())
    days = {monday + timedelta(days=n): Day(monday + timedelta(days=n)) for n in range(7)}
    start = timezone.make_aware(datetime.combine(monday, time.min))
    logged = Interaction.objects.filter(
        manager=manager, happened_at__gte=start, happened_at__lt=start + timedelta(days=7)
    )
    for happened_at, name in logged.order_by("happened_at").values_list("happened_at", "customer__name")[
        :100
    ]:
        days[timezone.localtime(happened_at).date()].contacts.append(name)
    ahead = Customer.objects.filter(
        lead=manager, next_date__gte=as_of, next_date__lt=monday + timedelta(days=7)
    )
    for day, name in ahead.order_by("next_date", "id").values_list("next_date", "name")[:100]:
        days[day].agreed.append(name)
    for deposit in maturing:
        if deposit.account.matures_on in days:
            days[deposit.account.matures_on].maturing.append(
                (deposit.account.customer.name, deposit.amount_fen)
            )
    return list(days.values())


def changes(user, night_id: int | None) -> list[Change]:
    """Tier and risk-band changes of a manager's book between the published night and the one before it."""
    if night_id is None:
        return []
    before_id = Standing.objects.filter(night_id__lt=night_id).aggregate(night=Max("night_id"))["night"]
    if before_id is None:
        return []
    mine = Customer.objects.visible_to(user)
    columns = ("customer_id", "tier", "churn_bp")
    before = {
        row[0]: row[1:]
        for row in Standing.objects.filter(night_id=before_id, customer__in=mine).values_list(*columns)
    }
    now = Standing.objects.filter(night_id=night_id, customer__in=mine).order_by(F("aum_fen").desc())
    found = [
        (pk, kind, old, new)
        for pk, tier, churn_bp in now.values_list(*columns)
        if pk in before
        for kind, old, new in _differences(before[pk], (tier, churn_bp))
    ][:MOST_CHANGES]
    people = Customer.objects.in_bulk([pk for pk, *_rest in found]) if found else {}
    return [Change(people[pk], kind, old, new, _is_up(kind, old, new)) for pk, kind, old, new in found]


TIER_ORDER = ("basic", "gold", "platinum", "diamond", "private")
BAND_ORDER = ("low", "medium", "high")


def _differences(before, now):
    if before[0] != now[0]:
        yield "tier", before[0], now[0]
    old, new = risk_band(before[1]), risk_band(now[1])
    if old and new and BAND_ORDER.index(new) > BAND_ORDER.index(old):  # a lower risk asks for nothing
        yield "risk", old, new


def _is_up(kind, old, new):
    order = TIER_ORDER if kind == "tier" else BAND_ORDER
    return order.index(new) > order.index(old)


def standings_for(tasks: list[Task], night_id: int | None) -> dict[int, Standing]:
    ids = {task.customer_id for task in tasks}
    return {
        standing.customer_id: standing
        for standing in Standing.objects.filter(night_id=night_id or 0, customer__in=ids)
    }
