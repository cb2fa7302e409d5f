"""A leaver's whole book in one plan: one approval places everybody and ends his sign-in."""

from collections import defaultdict
from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.approvals import services as approvals
from crm.approvals.registry import Kind
from customers.models import Customer
from customers.moves.common import disinterested, load_lines, managers_of
from customers.selectors.levels import level_of
from customers.services.assignment import AssignmentRefused
from customers.services.leaver import book_of, relieve
from managers.models import Manager


def ask_leaver(leaver: Manager, placed: dict[int, Manager | None], *, last_day_off: date, maker, reason: str):
    """Ask that the book of `leaver` is placed as planned from `last_day_off` on: customer id → receiver, None
    for the pool. Raises approvals.Refused where the plan leaves somebody out."""
    book = book_of(leaver, last_day_off)
    missing = set(book.led) - set(placed)
    if missing:
        raise approvals.Refused(
            _("%(n)s customers have no place yet. Give each a manager, or the pool.") % {"n": len(missing)}
        )
    numbers = dict(Customer.objects.filter(pk__in=book.led).values_list("pk", "number"))
    plan = defaultdict(list)
    for pk in book.led:
        plan[str(placed[pk].public_id) if placed[pk] else ""].append(numbers[pk])
    payload = {
        "leaver": str(leaver.public_id),
        "from": last_day_off.isoformat(),
        "plan": {receiver: sorted(theirs) for receiver, theirs in plan.items()},
        "helped": len(book.helped),
    }
    receivers = {manager for manager in placed.values() if manager}
    paths = [leaver.branch.path, *(manager.branch.path for manager in receivers)]
    paths += Customer.objects.filter(pk__in=book.led).values_list("branch_path", flat=True).distinct()
    return approvals.ask(LEAVER.code, maker, payload, reason, scope_path=level_of(paths).path)


def _effect(payload):
    leaver = Manager.objects.select_related("user", "branch").get(public_id=payload["leaver"])
    managers = managers_of(payload["plan"])
    ids = dict(
        Customer.objects.filter(number__in=[one for each in payload["plan"].values() for one in each])
        .order_by()
        .values_list("number", "pk")
    )
    moved = {
        managers[receiver]: [ids[number] for number in theirs if number in ids]
        for receiver, theirs in payload["plan"].items()
        if receiver
    }
    count = sum(len(theirs) for theirs in payload["plan"].values())
    pool = len(payload["plan"].get("", ()))
    told = {"name": leaver.user, "date": payload["from"], "n": count}
    return {
        "title": _("%(name)s leaves on %(date)s: %(n)s customers placed") % told,
        "lines": [
            [_("sign-in"), _("open"), _("ends on %(date)s") % {"date": payload["from"]}],
            [_("to the pool"), "", str(pool)],
            [_("co-managed, stay with their lead"), "", str(payload["helped"])],
            *load_lines({leaver: list(ids.values())}, moved, date.fromisoformat(payload["from"])),
        ],
    }


def _execute(payload, approval):
    leaver = Manager.objects.get(public_id=payload["leaver"])
    managers = managers_of(payload["plan"])
    ids = dict(
        Customer.objects.filter(number__in=[one for each in payload["plan"].values() for one in each])
        .order_by()
        .values_list("number", "pk")
    )
    placed = {
        ids[number]: managers.get(receiver)
        for receiver, theirs in payload["plan"].items()
        for number in theirs
    }
    as_of = timezone.localtime(approval.decided_at).date()
    try:
        relieve(
            leaver,
            placed,
            last_day_off=max(date.fromisoformat(payload["from"]), as_of),
            as_of=as_of,
            approval=approval,
            prepared_by=approval.maker,
            reason=approval.reason[:180],
        )
    except AssignmentRefused as refusal:
        raise approvals.Refused(str(refusal)) from refusal


LEAVER = Kind("customers.leaver", gettext_lazy("Leaver"), _execute, _effect, disinterested("leaver"))
