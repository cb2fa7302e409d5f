"""What needs a second person: an assignment that starts in the past moves income already earned."""

from datetime import date
from decimal import Decimal

from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.approvals import services as approvals
from crm.approvals.registry import Kind, in_scope
from crm.wall.scope import beyond_scope
from customers.models import Assignment, Customer
from customers.services.assignment import CO_SHARE, AssignmentRefused, assign
from managers.models import Manager


def ask_backdated_assignment(
    customer: Customer,
    *,
    manager: Manager,
    from_date: date,
    maker,
    reason: str,
    as_of: date,
    co: Manager | None = None,
    co_share: Decimal = CO_SHARE,
):
    """Ask that `manager` (with `co`) has led `customer` since `from_date`, a day before `as_of`.

    It comes to the supervisors of the customer's branch and to administrators; a worker carries it out once
    approved. Returns the approval (asked twice, the same one). Raises approvals.Refused, with nothing
    written: without a reason, for a day that is not past, or one that a closed quarter's scores stand on.
    """
    if from_date >= as_of:
        raise approvals.Refused(
            _("A correction starts on a day that is past. From today on, assign without one.")
        )
    payload = {
        "customer": str(customer.public_id),
        "manager": str(manager.public_id),
        "co": str(co.public_id) if co else None,
        "co_share": str(co_share) if co else None,
        "from": from_date.isoformat(),
    }
    return approvals.ask(BACKDATED.code, maker, payload, reason, scope_path=customer.branch_path)


def _effect(payload):
    customer = Customer.objects.select_related("lead__user").get(public_id=payload["customer"])
    since = date.fromisoformat(payload["from"])
    now = Assignment.objects.filter(customer=customer, during__endswith__isnull=True)
    was = [
        _line(row.manager, row.share, row.during.lower)
        for row in now.select_related("manager__user").order_by("-share")
    ]
    share = Decimal(payload["co_share"] or 0)
    after = [_line(_manager(payload["manager"]), 1 - share, since)]
    if payload["co"]:
        after.append(_line(_manager(payload["co"]), share, since))
    return {
        "title": _("Assignment of %(number)s since %(date)s")
        % {"number": customer.number, "date": since.isoformat()},
        "lines": [
            [_("in charge"), "; ".join(was) or _("nobody"), "; ".join(after)],
            *_loads(customer, payload),
        ],
    }


def _loads(customer, payload) -> list[list]:
    """How many customers whoever gives or takes leads today, of how many he can serve well."""
    taker = _manager(payload["manager"])
    if customer.lead_id == taker.pk:
        return []
    people = [manager for manager in (customer.lead, taker) if manager is not None]
    with beyond_scope():  # a number of customers names none of them
        leads = Customer.objects.filter(lead__in=people, closed_on=None).values_list("lead")
        counts = dict(leads.annotate(count=Count("pk")).order_by())
    lines = []
    for manager in people:
        now = counts.get(manager.pk, 0)
        label = _("customers of %(name)s, of %(most)d") % {"name": manager.user, "most": manager.capacity}
        lines.append([label, now, now + (1 if manager == taker else -1)])
    return lines


def _line(manager, share, since):
    told = {"name": manager.user, "share": f"{share:.0%}", "date": since.isoformat()}
    return _("%(name)s %(share)s since %(date)s") % told


def _manager(public_id):
    return Manager.objects.select_related("user").get(public_id=public_id)


def _execute(payload, approval):
    since = date.fromisoformat(payload["from"])
    extra = {"co": _manager(payload["co"]), "co_share": Decimal(payload["co_share"])} if payload["co"] else {}
    try:
        assign(
            Customer.objects.get(public_id=payload["customer"]),
            manager=_manager(payload["manager"]),
            from_date=since,
            as_of=timezone.localtime(approval.decided_at).date(),
            reason=f"{approval.reason} [{approval.public_id}]"[:200],
            approved=True,
            **extra,
        )
    except AssignmentRefused as refusal:
        raise approvals.Refused(str(refusal)) from refusal


def _may_check(user, approval):
    """A supervisor of the branch or an administrator; not a manager who gains by it."""
    manager = getattr(user, "manager", None)
    gains = {approval.payload["manager"], approval.payload["co"]}
    return in_scope(user, approval) and (manager is None or str(manager.public_id) not in gains)


BACKDATED = Kind(
    "customers.backdated_assignment", gettext_lazy("Backdated assignment"), _execute, _effect, _may_check
)
KINDS = (BACKDATED,)
