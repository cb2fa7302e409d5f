"""A manager's days: contacts made and agreed, tasks due, what matures, leave and cover, holidays."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db.models import Q
from django.utils import timezone

from customers.choices import Family, TaskKind, TaskState
from customers.models import Account, Customer, Interaction, Task
from managers.models import Leave
from managers.workdays import WorkCalendar, calendar_of

MOST = 500  # of one kind in a span: what is beyond is said, not shown
# Those stand in the calendar by their own cause: an agreed date, a maturity.
OTHERWISE = (TaskKind.PROMISE, TaskKind.DEPOSIT_MATURES, TaskKind.LOAN_MATURES)


@dataclass(frozen=True)
class Entry:
    """One thing of one day. `kind`: done, agreed, task, deposit or loan. `record` is what it comes from."""

    day: date
    kind: str
    customer: Customer
    record: object
    amount_fen: int | None = None


@dataclass(frozen=True)
class Away:
    """A leave of one's own, or of a colleague one covers (`name`)."""

    since: date
    until: date
    kind: str
    name: str = ""
    covered_by: str = ""

    def holds(self, day: date) -> bool:
        return self.since <= day < self.until


@dataclass(frozen=True)
class Span:
    """Everything from `first` to `last`, both included."""

    first: date
    last: date
    calendar: WorkCalendar
    entries: list[Entry] = field(default_factory=list)
    away: list[Away] = field(default_factory=list)

    def on(self, day: date) -> list[Entry]:
        return [entry for entry in self.entries if entry.day == day]

    def away_on(self, day: date) -> list[Away]:
        return [away for away in self.away if away.holds(day)]

    def in_leave(self) -> list[Entry]:
        """What was agreed for days on which the manager is away and nobody covers."""
        return [each for each in self.entries if each.kind == "agreed" and self.calendar.is_away(each.day)]


def span_of(user, manager, first: date, last: date, as_of: date) -> Span:
    """Read a span for `manager`: seven queries, however long it is (MOST of a kind)."""
    entries = [
        *_done(user, manager, first, last),
        *_agreed(user, manager, first, last),
        *_tasks(user, manager, first, last),
        *_maturing(user, manager, max(first, as_of), last),
    ]
    order = {kind: number for number, kind in enumerate(("agreed", "deposit", "loan", "task", "done"))}
    entries.sort(key=lambda entry: (entry.day, order[entry.kind], -(entry.amount_fen or 0)))
    return Span(first, last, calendar_of(manager, first, last), entries, _away(manager, first, last))


def _people(user):
    return Customer.objects.visible_to(user).only("public_id", "name", "number", "kind")


def _done(user, manager, first, last):
    zone = timezone.get_current_timezone()
    since = datetime.combine(first, time.min, zone)
    until = datetime.combine(last + timedelta(days=1), time.min, zone)
    rows = Interaction.objects.filter(
        manager=manager, happened_at__gte=since, happened_at__lt=until, customer__in=_people(user)
    ).select_related("customer")
    for contact in rows.order_by("-happened_at")[:MOST]:
        yield Entry(timezone.localtime(contact.happened_at).date(), "done", contact.customer, contact)


def _agreed(user, manager, first, last):
    rows = Customer.objects.visible_to(user).filter(lead=manager, next_date__range=(first, last))
    for customer in rows.defer("name_bigrams").order_by("next_date", "id")[:MOST]:
        yield Entry(customer.next_date, "agreed", customer, customer)


def _tasks(user, manager, first, last):
    rows = Task.objects.visible_to(user).filter(
        manager=manager, state__in=[TaskState.OPEN, TaskState.SNOOZED], due_on__range=(first, last)
    )
    for task in rows.exclude(kind__in=OTHERWISE).select_related("customer").order_by("-rank", "id")[:MOST]:
        yield Entry(task.due_on, "task", task.customer, task, task.value_fen or None)


def _maturing(user, manager, first, last):
    rows = Account.objects.filter(
        Q(product__family=Family.TIME_DEPOSIT) | Q(product__family=Family.LOAN),
        customer__in=_people(user).filter(lead=manager),
        closed_on=None,
        matures_on__range=(first, last),
    ).select_related("customer", "product")
    for account in rows.order_by("matures_on", "id")[:MOST]:
        kind = "loan" if account.product.family == Family.LOAN else "deposit"
        yield Entry(account.matures_on, kind, account.customer, account, account.principal_fen)


def _away(manager, first, last) -> list[Away]:
    rows = Leave.objects.filter(
        Q(manager=manager) | Q(covered_by=manager), during__overlap=(first, last + timedelta(days=1))
    ).select_related("manager__user", "covered_by__user")
    return [
        Away(
            leave.during.lower,
            leave.during.upper,
            leave.get_kind_display(),
            "" if leave.manager_id == manager.pk else leave.manager.name,
            leave.covered_by.name if leave.covered_by and leave.manager_id == manager.pk else "",
        )
        for leave in rows.order_by("during")
    ]
