"""What takes effect by itself on its day: leads, hand-overs, leavers, the question a month later."""

from datetime import date, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string

from customers.choices import HandoverReason, HandoverState
from customers.models import Assignment, Customer, Handover, HandoverItem
from customers.services.assignment import follow_the_days
from customers.services.following import follow
from customers.services.handover import carry_out

CATCH_UP_DAYS = 7  # so long may the clock's worker have been away; a load of the feed catches up any time
PULSE_DAYS = 30
ASK_AT_ONCE = 20  # hand-overs asked about in one turn


def turn(as_of: date) -> dict[str, int]:
    """Bring everything to `as_of`; done twice, the second time changes nothing. Counts by step."""
    return {
        "leads": _leads(as_of),
        "carried out": sum(carry_out(each, as_of=as_of) for each in _ready()),
        "in effect": _take_effect(as_of),
        "asked": _ask(as_of),
    }


def _leads(as_of):
    since = as_of - timedelta(days=CATCH_UP_DAYS)
    with transaction.atomic():
        changed = follow_the_days(as_of, since)
        if changed:
            follow(changed)
    return len(changed)


def _ready():
    """Signed by all and approved: left behind where a message was lost, or freed since."""
    found = Handover.objects.filter(state=HandoverState.DRAFT, approved_at__isnull=False)
    return list(
        found.filter(
            giver_signed_at__isnull=False, receiver_signed_at__isnull=False, witness_signed_at__isnull=False
        )
    )


def _take_effect(as_of):
    due = Handover.objects.filter(state=HandoverState.SIGNED, effective_on__lte=as_of)
    due = due.exclude(approved_at=None).exclude(witness=None, approval=None)
    with transaction.atomic():
        found = list(due.select_for_update(of=("self",), skip_locked=True).select_related("giver__user"))
        for handover in found:
            handover.state = HandoverState.EFFECTIVE
            handover.save(update_fields=["state"])
        for handover in found:
            if handover.reason == HandoverReason.LEAVER:
                switch_off(handover.giver, as_of)
    return len(found)


def switch_off(manager, as_of: date) -> bool:
    """End a leaver's sign-in once his time in post is over and nobody is assigned to him any more."""
    over = manager.in_post.upper is not None and manager.in_post.upper <= as_of
    if not over or Assignment.objects.filter(manager=manager, during__endswith=None).exists():
        return False
    user = manager.user
    user.is_active = False
    user.save(update_fields=["is_active"])
    return True


def _ask(as_of):
    """Ask the customers of hand-overs PULSE_DAYS ago, who are still the receiver's, how it went."""
    due = Handover.objects.filter(
        state=HandoverState.EFFECTIVE,
        pulse_on=None,
        approval__isnull=False,
        effective_on__lte=as_of - timedelta(days=PULSE_DAYS),
    )
    with transaction.atomic():
        found = list(due.select_for_update(of=("self",), skip_locked=True)[:ASK_AT_ONCE])
        for handover in found:
            items = HandoverItem.objects.filter(handover=handover, left_out="").values("customer")
            still = Customer.objects.filter(pk__in=items, lead=handover.receiver, closed_on=None)
            ids = list(still.values_list("pk", flat=True))
            for path in settings.HANDOVER_PULSES:
                import_string(path)(handover.ref, ids, handover.receiver, as_of)
            handover.pulse_on = as_of
            handover.save(update_fields=["pulse_on"])
    return len(found)
