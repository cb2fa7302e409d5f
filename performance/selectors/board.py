"""Exceptions first: what in a branch wants a decision today, each kind as one case list.

Thresholds marked ◇ in domain.md are ours; they stand here as constants until a scheme carries them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import (
    Case,
    Count,
    F,
    IntegerField,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)

from customers.choices import LoanClass, Tier
from customers.models import Account, LoanState
from managers.models import Leave, Manager
from performance.selectors.scope import Scope
from service.models import Complaint

OVERDUE_WATCH, OVERDUE_SERIOUS = 30, 60  # days
SILENT_DAYS = 90
HIGH_VALUE = (Tier.PLATINUM, Tier.DIAMOND, Tier.PRIVATE)
COMPLAINT_NEAR = 3  # days before the deadline
LEAVE_DAYS = 14
MIGRATION_DAYS = 30
TOP = 3  # customers named on the board
LISTED = 100  # customers listed behind a case
SUBSTANDARD_DAYS = 90  # over it at least substandard (domain.md §3)

CLASS_RANK = {code: rank for rank, code in enumerate(LoanClass.values)}


@dataclass(frozen=True)
class Exceptional:
    """One kind of case: how many, what is at stake (fen), the worst day count, the first few rows."""

    kind: str
    count: int
    stake: int | None
    days: int | None
    rows: list


def overdue(scope: Scope, serious: bool) -> QuerySet:
    """Standings of customers overdue 60 days and more, or 30 to 59."""
    low, high = (OVERDUE_SERIOUS, None) if serious else (OVERDUE_WATCH, OVERDUE_SERIOUS)
    rows = scope.standings.filter(overdue_days__gte=low)
    if high:
        rows = rows.filter(overdue_days__lt=high)
    return rows.order_by("-overdue_days", "-loan_fen", "customer_id")


def unassigned(scope: Scope) -> QuerySet:
    """Standings of customers without a lead manager, by assets."""
    return scope.standings.filter(customer__lead=None).order_by("-aum_fen", "customer_id")


def silent(scope: Scope) -> QuerySet:
    """Standings of high-value customers whom nobody contacted for SILENT_DAYS, by assets."""
    since = scope.as_of - timedelta(days=SILENT_DAYS)
    quiet = Q(customer__last_contact_on=None) | Q(customer__last_contact_on__lt=since)
    rows = scope.standings.filter(quiet, tier__in=HIGH_VALUE, customer__lead__isnull=False)
    return rows.order_by("-aum_fen", "customer_id")


def migrated(scope: Scope) -> QuerySet:
    """Loan states of the last MIGRATION_DAYS whose class is worse than the loan's class before."""
    if scope.night is None:
        return LoanState.objects.none()
    last = scope.night.business_date
    before = (
        LoanState.objects.filter(account=OuterRef("account"), date__lt=OuterRef("date"))
        .order_by("-date")
        .values("loan_class")[:1]
    )
    recent = LoanState.objects.filter(
        date__gt=last - timedelta(days=MIGRATION_DAYS), date__lte=last, customer__in=scope.customers
    )
    recent = recent.annotate(was=Subquery(before)).annotate(rank=_rank("loan_class"), was_rank=_rank("was"))
    return recent.filter(rank__gt=F("was_rank")).order_by("-rank", "-overdue_fen", "id")


def _rank(field: str) -> Case:
    whens = [When(**{field: code}, then=Value(rank)) for code, rank in CLASS_RANK.items()]
    return Case(*whens, default=None, output_field=IntegerField())


def complaints(scope: Scope) -> QuerySet:
    """Open complaints past their deadline or within COMPLAINT_NEAR days of it, the latest first."""
    limit = scope.as_of + timedelta(days=COMPLAINT_NEAR)
    rows = Complaint.objects.filter(closed_on=None, due_on__lte=limit, customer__in=scope.customers)
    return rows.select_related("customer__branch", "manager__user").order_by("due_on", "id")


def leaves(scope: Scope, days: int = LEAVE_DAYS) -> QuerySet:
    """Leaves of the managers in scope that touch the next `days`, soonest first."""
    window = (scope.as_of, scope.as_of + timedelta(days=days))
    rows = Leave.objects.filter(manager__in=scope.managers, during__overlap=window)
    return rows.select_related("manager__user", "covered_by__user").order_by("during", "id")


def away(scope: Scope, manager: Manager) -> QuerySet:
    """Standings of the customers led by `manager`, the next maturity first."""
    rows = scope.standings.filter(customer__lead=manager)
    return rows.order_by(F("next_maturity_on").asc(nulls_last=True), "-aum_fen", "customer_id")


STANDING_CASES: dict[str, Callable[[Scope], QuerySet]] = {
    "overdue60": lambda scope: overdue(scope, True),
    "overdue30": lambda scope: overdue(scope, False),
    "unassigned": unassigned,
    "silent": silent,
}
ROW_CASES: dict[str, Callable[[Scope], QuerySet]] = {"complaints": complaints, "migrated": migrated}
CASES = (*STANDING_CASES, *ROW_CASES)


def standing_case(scope: Scope, kind: str) -> Exceptional | None:
    """Count, stake and first rows of a kind that stands on last night's figures; None when there is none."""
    rows = STANDING_CASES[kind](scope)
    field = "loan_fen" if kind.startswith("overdue") else "aum_fen"
    sums = rows.order_by().aggregate(
        n=Count("customer_id"),
        stake=Sum(field),
        days=Max("overdue_days"),
        last=Min("customer__last_contact_on"),
    )
    if not sums["n"]:
        return None
    days = sums["days"]
    if kind == "silent":
        days = (scope.as_of - sums["last"]).days if sums["last"] else None
    top = list(rows.select_related("customer__lead__user")[:TOP])
    return Exceptional(kind, sums["n"], sums["stake"], days if kind != "unassigned" else None, top)


def row_case(scope: Scope, kind: str) -> Exceptional | None:
    """Count and first rows of complaints or migrated loans."""
    rows = ROW_CASES[kind](scope)
    top = list(rows.select_related("customer__lead__user")[:LISTED])
    if not top:
        return None
    if kind == "complaints":
        return Exceptional(kind, len(top), None, (top[0].due_on - scope.as_of).days, top)
    return Exceptional(kind, len(top), sum(row.overdue_fen for row in top), None, top)


def worst_classes(customers: list[int], on: date) -> dict[int, str]:
    """Customer id → the worst class of his loans as of `on`."""
    states = LoanState.objects.filter(customer__in=customers, date__lte=on).order_by("account", "-date")
    worst = {}
    for customer, now in states.distinct("account").values_list("customer_id", "loan_class"):
        if customer not in worst or CLASS_RANK[now] > CLASS_RANK[worst[customer]]:
            worst[customer] = now
    return worst


def by_lead(scope: Scope, kind: str, most: int = 4) -> list[tuple[str, int]]:
    """Lead managers' names and how many of the case's customers are theirs, most first."""
    rows = STANDING_CASES[kind](scope).order_by().values_list("customer__lead__user__name")
    return list(rows.annotate(n=Count("customer_id")).order_by("-n", "customer__lead__user__name")[:most])


def maturing(managers: list[int], as_of: date, until: date) -> dict[int, int]:
    """Manager id → principal in fen of what his customers hold that matures from `as_of` before `until`."""
    accounts = Account.objects.filter(
        customer__lead__in=managers, closed_on=None, matures_on__gte=as_of, matures_on__lt=until
    )
    return dict(
        accounts.order_by()
        .values("customer__lead")
        .annotate(fen=Sum("principal_fen"))
        .values_list("customer__lead", "fen")
    )
