"""Who should look after a customer, and why: known to him, of his branch and line, with room left."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Max, Q
from django.utils.translation import gettext as _

from crm.subtree import within
from customers.choices import AssignmentRole, CustomerKind, Tier
from customers.models import Assignment, CapacityRule, Customer, GroupMembership
from customers.selectors.load import loads_of
from managers.choices import Line
from managers.models import Manager

# Whose business a customer is: the first line that fits is the natural one.
LINES = {
    CustomerKind.PERSON: (Line.RETAIL,),
    CustomerKind.SOLE_TRADER: (Line.SME, Line.RETAIL),
    CustomerKind.COMPANY: (Line.SME, Line.CORPORATE),
    CustomerKind.PUBLIC: (Line.CORPORATE,),
    CustomerKind.ASSOCIATION: (Line.CORPORATE, Line.SME),
    CustomerKind.FI: (Line.CORPORATE,),
}
RICH = (Tier.DIAMOND, Tier.PRIVATE)
MOST_SHARE = 1.2  # of capacity: beyond it nobody is suggested


@dataclass(frozen=True)
class Suggestion:
    """A manager and the reasons, the weightiest first."""

    manager: Manager
    reasons: tuple[str, ...]

    @property
    def words(self) -> str:
        return " · ".join(self.reasons)


def lines_of(customer) -> tuple[str, ...]:
    """The lines that serve a customer, the natural one first."""
    if customer.kind == CustomerKind.PERSON and customer.tier in RICH:
        return (Line.PRIVATE, Line.RETAIL)
    lines = LINES[customer.kind]
    return lines[::-1] if customer.tier in RICH else lines


def candidates(path: str, as_of: date) -> list[Manager]:
    """Managers in post and signed on at the branch of `path` and below, by number."""
    return list(
        Manager.objects.serving(as_of)
        .filter(within(path, "branch__path"))
        .select_related("user", "branch")
        .order_by("user__username")
    )


def suggest(
    customers: Iterable[Customer], managers: list[Manager], as_of: date, *, but: Manager | None = None
) -> dict[int, Suggestion]:
    """Customer id → the best of `managers` (without `but`), the heaviest customers placed first so that the
    load spreads; a customer for whom nobody fits is left out. Five queries, whatever the number."""
    customers = list(customers)
    managers = [manager for manager in managers if manager != but]
    if not customers or not managers:
        return {}
    weights = CapacityRule.weights_on(as_of)
    loads = loads_of(managers, None, as_of)
    carried = {pk: load.weight for pk, load in loads.items()}
    former, kin = _former(customers, managers), _kin(customers)
    found = {}
    for customer in sorted(customers, key=lambda one: (-weights[one.tier], one.pk)):
        ranked = [
            (points, reasons, manager)
            for manager in managers
            for points, reasons in [_fit(customer, manager, carried, former, kin)]
            if points is not None
        ]
        if ranked:
            _points, reasons, manager = max(ranked, key=lambda row: (row[0], -row[2].pk))
            carried[manager.pk] += weights[customer.tier]
            found[customer.pk] = Suggestion(manager, tuple(reasons))
    return found


def _fit(customer, manager, carried, former, kin):
    """(points, reasons) of one pair; points None where the manager does not come into question."""
    share = float(carried[manager.pk]) / manager.capacity if manager.capacity else 9.0
    lines = lines_of(customer)
    if manager.line not in lines or share >= MOST_SHARE:
        return None, []
    points, reasons = 1.0 - share, []
    if former.get(customer.pk) == manager.pk:
        points += 2
        reasons.append(_("looked after the customer before"))
    if manager.pk in kin.get(customer.pk, ()):
        points += 1.5
        reasons.append(_("looks after the family or group"))
    if manager.branch_id == customer.branch_id:
        points += 1
        reasons.append(_("same branch"))
    if manager.line == lines[0]:
        points += 0.5
    reasons.append(str(manager.get_line_display()))
    reasons.append(_("load %(share)s") % {"share": f"{share:.0%}"})
    return points, reasons


def _former(customers, managers):
    """Customer id → the one of `managers` who led him last."""
    rows = (
        Assignment.objects.filter(
            customer__in=[one.pk for one in customers],
            manager__in=managers,
            role=AssignmentRole.LEAD,
            during__endswith__isnull=False,
        )
        .order_by()
        .values_list("customer", "manager")
        .annotate(ended=Max("during__endswith"))
    )
    found = {}
    for customer, manager, _ended in sorted(rows, key=lambda row: row[2]):
        found[customer] = manager
    return found


def _kin(customers):
    """Customer id → lead managers of the other members of his households and groups, within scope."""
    mine = list(
        GroupMembership.objects.filter(customer__in=[one.pk for one in customers]).values_list(
            "customer", "group"
        )
    )
    groups = {group for _customer, group in mine}
    leads = defaultdict(set)
    if groups:
        rows = GroupMembership.objects.filter(~Q(customer__lead=None), group__in=groups)
        for group, lead in rows.values_list("group", "customer__lead"):
            leads[group].add(lead)
    found = defaultdict(set)
    for customer, group in mine:
        found[customer] |= leads[group]
    return found
