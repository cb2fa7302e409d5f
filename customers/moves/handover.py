"""A hand-over that was sent: a supervisor of the common branch approves it, beside the three signatures."""

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.approvals import services as approvals
from crm.approvals.registry import Kind
from customers.choices import HandoverState
from customers.models import Handover, HandoverItem
from customers.moves.common import (
    customers_by_key,
    customers_of,
    disinterested,
    level_for,
    load_lines,
    numbers,
)
from customers.selectors.handovers import obstacles
from customers.services.handover import HandoverRefused, carry_out


def ask_handover(handover: Handover, *, maker, reason: str):
    """Send a draft: it comes to the supervisors of the branch that holds both managers and all customers,
    and may be signed from now on. Signatures given before it was changed fall. Returns the approval."""
    if handover.state != HandoverState.DRAFT:
        raise HandoverRefused(_("This hand-over is closed already."))
    items = list(HandoverItem.objects.filter(handover=handover, left_out=""))
    customers = customers_by_key(item.customer_id for item in items)
    if not customers:
        raise HandoverRefused(_("Nobody is left to hand over."))
    if handover.witness_id is None:
        raise HandoverRefused(_("Name the witness first."))
    payload = {
        "handover": str(handover.public_id),
        "manager": str(handover.receiver.public_id),
        "giver": str(handover.giver.public_id),
        "effective": handover.effective_on.isoformat(),
        # one token each, so that the fingerprint holds who moves, on what terms
        "items": [
            f"{customers[item.customer_id].public_id}:{int(item.with_balance)}{int(item.on_problem_list)}"
            for item in sorted(items, key=lambda item: customers[item.customer_id].number)
        ],
    }
    level = level_for(customers.values(), [handover.giver, handover.receiver])
    approval = approvals.ask(HANDOVER.code, maker, payload, reason, scope_path=level.path)
    handover.approval = approval
    handover.giver_signed_at = handover.receiver_signed_at = handover.witness_signed_at = None
    handover.save(update_fields=["approval", "giver_signed_at", "receiver_signed_at", "witness_signed_at"])
    return approval


def _effect(payload):
    handover = Handover.objects.select_related("giver__user", "receiver__user", "witness").get(
        public_id=payload["handover"]
    )
    told = dict(item.split(":") for item in payload["items"])
    customers = customers_of(list(told))
    ids = [customer.pk for customer in customers]
    whole = sum(flags[0] == "1" for flags in told.values())
    problems = sum(flags[1] == "1" for flags in told.values())
    words = {
        "n": len(told),
        "giver": handover.giver.user,
        "receiver": handover.receiver.user,
        "ref": handover.ref,
    }
    return {
        "title": _("%(ref)s: %(n)s customers from %(giver)s to %(receiver)s") % words,
        "lines": [
            [_("in charge"), str(handover.giver.user), str(handover.receiver.user)],
            [_("takes effect on"), "", payload["effective"]],
            [_("why"), "", handover.get_reason_display()],
            [_("balance moves too"), "", _("%(n)s of %(all)s") % {"n": whole, "all": len(told)}],
            [_("problem list, stays the giver's"), "", str(problems)],
            [_("witness"), "", str(handover.witness or "—")],
            [_("level"), "", level_for(customers, [handover.giver, handover.receiver]).words],
            *load_lines({handover.giver: ids}, {handover.receiver: ids}, handover.effective_on),
            [_("customers"), "", numbers(customers)],
        ],
    }


def _execute(payload, approval):
    handover = Handover.objects.select_for_update(of=("self",)).get(public_id=payload["handover"])
    if handover.state != HandoverState.DRAFT or handover.approval_id != approval.pk:
        raise approvals.Refused(_("This hand-over was given up or sent anew."))
    as_of = timezone.localtime(approval.decided_at).date()
    blocked = obstacles(handover, as_of)
    if blocked and not handover.go_on:
        raise approvals.Refused(
            _("%(n)s of its customers can no longer be handed over. Leave them out and send it anew.")
            % {"n": len(blocked)}
        )
    handover.approved_at = approval.decided_at
    handover.save(update_fields=["approved_at"])
    carry_out(handover, as_of=as_of)


HANDOVER = Kind(
    "customers.handover",
    gettext_lazy("Hand-over"),
    _execute,
    _effect,
    disinterested("manager", "giver"),
)
