"""Assign, claim, return, and custody: asked for by whoever may not decide it alone."""

from collections import defaultdict
from datetime import date
from decimal import Decimal

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.approvals import services as approvals
from crm.approvals.registry import Kind
from customers.moves.common import customers_of, disinterested, level_for, load_lines, managers_of, numbers
from customers.services.assignment import CO_SHARE, AssignmentRefused, place
from customers.services.custody import take_into_custody
from managers.models import Manager

MOST = 500  # customers in one request; more is a hand-over


def ask_assignment(
    customers,
    *,
    manager: Manager | None,
    from_date: date,
    maker,
    reason: str,
    co: Manager | None = None,
    co_share: Decimal = CO_SHARE,
):
    """Ask that `manager` (with `co`) leads `customers` from `from_date` on; None: that they go to the pool.

    It comes to the supervisors of the branch that holds them all. Bound to who leads them now: a customer
    who is assigned otherwise meanwhile stops it. Raises approvals.Refused.
    """
    customers = list(customers)
    _check_number(customers)
    payload = {
        "customers": [str(customer.public_id) for customer in customers],
        "leads": [str(customer.lead.public_id) if customer.lead else None for customer in customers],
        "manager": str(manager.public_id) if manager else None,
        "co": str(co.public_id) if co else None,
        "co_share": str(co_share) if co else None,
        "from": from_date.isoformat(),
    }
    level = level_for(customers, [manager, co])
    return approvals.ask(ASSIGNMENT.code, maker, payload, reason, scope_path=level.path)


def ask_custody(customers, *, custodian: Manager, from_date: date, to_date: date, maker, reason: str):
    """Ask that `custodian` serves `customers` from `from_date` until the day before `to_date`."""
    customers = list(customers)
    _check_number(customers)
    payload = {
        "customers": [str(customer.public_id) for customer in customers],
        "manager": str(custodian.public_id),
        "from": from_date.isoformat(),
        "to": to_date.isoformat(),
    }
    level = level_for(customers, [custodian])
    return approvals.ask(CUSTODY.code, maker, payload, reason, scope_path=level.path)


def _check_number(customers):
    if not customers:
        raise approvals.Refused(_("Choose at least one customer."))
    if len(customers) > MOST:
        raise approvals.Refused(
            _("At most %(n)s customers in one request. Hand more over, or ask in parts.") % {"n": MOST}
        )


def _effect(payload):
    customers = customers_of(payload["customers"])
    managers = managers_of([payload["manager"], payload["co"]])
    manager, co = managers.get(payload["manager"]), managers.get(payload["co"])
    given, before = defaultdict(list), defaultdict(int)
    for customer in customers:
        before[str(customer.lead.user) if customer.lead else _("pool")] += 1
        if customer.lead:
            given[customer.lead].append(customer.pk)
    after = str(manager.user) if manager else _("pool")
    if co:
        share = Decimal(payload["co_share"])
        after = f"{after} {1 - share:.0%}; {co.user} {share:.0%}"
    was = "; ".join(f"{name} ({count})" if len(before) > 1 else name for name, count in before.items())
    moved = {manager: [customer.pk for customer in customers]} if manager else {}
    return {
        "title": _title(manager, customers, payload["from"]),
        "lines": [
            [_("in charge"), was, after],
            [_("level"), "", level_for(customers, [manager, co]).words],
            *load_lines(given, moved, date.fromisoformat(payload["from"])),
            [_("customers"), "", numbers(customers)],
        ],
    }


def _title(manager, customers, since):
    told = {"n": len(customers), "name": manager.user if manager else "", "date": since}
    told["number"] = customers[0].number if customers else ""
    if manager is None:
        if len(customers) == 1:
            return _("%(number)s to the pool from %(date)s") % told
        return _("%(n)s customers to the pool from %(date)s") % told
    if len(customers) == 1:
        return _("%(number)s to %(name)s from %(date)s") % told
    return _("%(n)s customers to %(name)s from %(date)s") % told


def _execute(payload, approval):
    customers = {str(one.public_id): one for one in customers_of(payload["customers"])}
    moved = [
        customers[public_id].number
        for public_id, lead in zip(payload["customers"], payload["leads"], strict=True)
        if _lead_of(customers[public_id]) != lead
    ]
    if moved:
        raise approvals.Refused(
            _("Somebody else is in charge by now: %(numbers)s. Ask anew for the others.")
            % {"numbers": ", ".join(moved[:5]) + ("…" if len(moved) > 5 else "")}
        )
    managers = managers_of([payload["manager"], payload["co"]])
    co = managers.get(payload["co"])
    as_of = timezone.localtime(approval.decided_at).date()
    try:
        place(
            [customer.pk for customer in customers.values()],
            manager=managers.get(payload["manager"]),
            from_date=max(date.fromisoformat(payload["from"]), as_of),
            as_of=as_of,
            reason=f"{approval.reason} [{approval.public_id}]"[:200],
            **({"co": co, "co_share": Decimal(payload["co_share"])} if co else {}),
        )
    except AssignmentRefused as refusal:
        raise approvals.Refused(str(refusal)) from refusal


def _lead_of(customer):
    return str(customer.lead.public_id) if customer.lead else None


def _custody_effect(payload):
    customers = customers_of(payload["customers"])
    custodian = managers_of([payload["manager"]])[payload["manager"]]
    told = {"n": len(customers), "name": custodian.user, "from": payload["from"], "to": payload["to"]}
    leads = sorted({str(one.lead.user) if one.lead else _("nobody") for one in customers})
    return {
        "title": _("%(n)s customers in custody of %(name)s, %(from)s to %(to)s") % told,
        "lines": [
            [_("serves"), "; ".join(leads), str(custodian.user)],
            [_("shares"), _("as they are"), _("as they are")],
            [_("level"), "", level_for(customers, [custodian]).words],
            [_("customers"), "", numbers(customers)],
        ],
    }


def _execute_custody(payload, approval):
    as_of = timezone.localtime(approval.decided_at).date()
    try:
        take_into_custody(
            [customer.pk for customer in customers_of(payload["customers"])],
            custodian=managers_of([payload["manager"]])[payload["manager"]],
            from_date=max(date.fromisoformat(payload["from"]), as_of),
            to_date=date.fromisoformat(payload["to"]),
            as_of=as_of,
            reason=f"{approval.reason} [{approval.public_id}]"[:200],
        )
    except AssignmentRefused as refusal:
        raise approvals.Refused(str(refusal)) from refusal


ASSIGNMENT = Kind(
    "customers.assignment",
    gettext_lazy("Assignment"),
    _execute,
    _effect,
    disinterested("manager", "co"),
)
CUSTODY = Kind(
    "customers.custody",
    gettext_lazy("Temporary custody"),
    _execute_custody,
    _custody_effect,
    disinterested("manager"),
)
