"""Hand-overs as pages show them: what stands in the way, how far they are, and the brief of one."""

from datetime import date

from django.utils.translation import gettext as _

from crm.approvals.models import Approval, State
from crm.wall.scope import beyond_scope
from customers.choices import HandoverState
from customers.models import Customer, Handover, HandoverItem

RETRY = (State.REJECTED, State.WITHDRAWN, State.EXPIRED, State.FAILED)


def obstacles(handover: Handover, as_of: date) -> dict[int, str]:
    """Customer id → why he can no longer be handed over. Two queries; asked by whoever signs, who need not
    see the customers yet."""
    with beyond_scope():
        items = HandoverItem.objects.filter(handover=handover, left_out="")
        ids = list(items.values_list("customer", flat=True))
        rows = Customer.objects.filter(pk__in=ids).values_list("pk", "lead", "lead__user__name", "closed_on")
        found = {}
        for pk, lead, name, closed_on in rows:
            if closed_on and closed_on <= as_of:
                found[pk] = _("has left the bank or was merged into another")
            elif lead is None:
                found[pk] = _("is in the pool now")
            elif lead != handover.giver_id:
                found[pk] = _("is looked after by %(name)s now") % {"name": name}
        also = HandoverItem.objects.filter(
            customer__in=ids, left_out="", handover__state=HandoverState.SIGNED
        ).exclude(handover=handover)
        for pk, ref in also.values_list("customer", "handover__ref"):
            found.setdefault(pk, _("is handed over by %(ref)s already") % {"ref": ref})
    return found


def with_requests(handovers: list[Handover]) -> list[Handover]:
    """Put `request_state`, the state of the approval (None: not sent), on each; one query.

    Beyond the reader's scope: receiver and witness sign a paper whose request they do not see.
    """
    with beyond_scope():
        asked = [each.approval_id for each in handovers if each.approval_id]
        states = dict(Approval.objects.filter(pk__in=asked).values_list("pk", "state")) if asked else {}
    for each in handovers:
        each.request_state = states.get(each.approval_id)
    return handovers


def is_sent(handover: Handover) -> bool:
    """Whether it waits for a decision, or has one that stands."""
    return handover.request_state is not None and handover.request_state not in RETRY


def stage_of(handover: Handover, blocked: int = 0) -> tuple[str, str]:
    """(kind of mark, words): how far it is and whom it waits for."""
    if handover.state == HandoverState.EFFECTIVE:
        return "ok", _("In effect")
    if handover.state == HandoverState.CANCELLED:
        return "info", _("Given up")
    if handover.state == HandoverState.SIGNED:
        return "due", _("Takes effect on its day")
    if handover.request_state is None:
        return "info", _("Draft")
    if handover.request_state in RETRY:
        return "warn", _("Sent back")
    if not handover.is_signed_by_all:
        return "wait", _("Waits for signatures")
    if not handover.approved_at:
        return "wait", _("Waits for approval")
    return ("danger", _("Stopped: customers are gone")) if blocked else ("now", _("Being carried out"))
