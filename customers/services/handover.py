"""Hand-over (移交): prepared, sent, signed by three, approved by one, and carried out on its day by itself.

The giver signs that he told everything, the receiver that he takes it, the witness (监交人) that both did; a
supervisor of the common branch approves. Assignments are written as soon as all have, for the day it takes
effect: from then on nothing needs to run for the shares; rights and open work follow on the day (turn.py).
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from customers.choices import AssignmentRole, Family, HandoverReason, HandoverState
from customers.models import Account, Assignment, Handover, HandoverItem
from customers.selectors.handovers import obstacles
from customers.services.assignment import place
from managers.models import Manager, User

MOST_CUSTOMERS = 5_000
LEAST_INSTALMENTS = 3  # fewer left, and nothing moves to another team (domain.md §1)
WHOLE = (HandoverReason.LEAVER, HandoverReason.REPOSTING, HandoverReason.LONG_LEAVE)
PARTIES = ("giver", "receiver", "witness")


class HandoverRefused(Exception):
    """The step is not possible; the message says why and what to do. Nothing was changed."""


@dataclass(frozen=True)
class Terms:
    """What a hand-over says beside its customers."""

    giver: Manager
    receiver: Manager
    effective_on: date
    reason: str
    brief: str = ""
    witness: User | None = None
    with_balance: bool = True


def what_moves(reason: str, *, same_team: bool, instalments: int | None, with_balance: bool) -> str:
    """ "both", "customer" or "nothing", by the bank's rule [8].

    Leaver, re-posted, leave of more than five months: customer and balance. To another team with a loan: 3 or
    more instalments left, the customer only; fewer, nothing. Else as agreed (`with_balance`). `instalments`:
    months to the last maturity, None without a loan.
    """
    if reason in WHOLE:
        return "both"
    if not same_team and instalments is not None:
        return "customer" if instalments >= LEAST_INSTALMENTS else "nothing"
    return "both" if with_balance else "customer"


def instalments_left(ids: Iterable[int], on: date) -> dict[int, int]:
    """Customer id → months from `on` to the last maturity of his running loans; left out without one."""
    rows = (
        Account.objects.filter(
            customer__in=list(ids), product__family=Family.LOAN, closed_on=None, matures_on__gt=on
        )
        .order_by()
        .values_list("customer")
        .annotate(last=Max("matures_on"))
    )
    return {pk: (last.year - on.year) * 12 + last.month - on.month + (last.day > on.day) for pk, last in rows}


def prepare(
    terms: Terms, ids: Iterable[int], *, prepared_by: User, as_of: date
) -> tuple[Handover, list[int]]:
    """Write a draft with the customers `ids`, whom the caller has narrowed to what `prepared_by` may see.

    Returns it and the customers who stay by the bank's rule. Raises HandoverRefused: a day that is past, a
    receiver out of post, nobody left to hand over, more than MOST_CUSTOMERS.
    """
    wanted = sorted(set(ids))
    _check_terms(terms, wanted, as_of)
    same_team = terms.giver.branch_id == terms.receiver.branch_id
    left = instalments_left(wanted, terms.effective_on)
    moves = {
        pk: what_moves(
            terms.reason, same_team=same_team, instalments=left.get(pk), with_balance=terms.with_balance
        )
        for pk in wanted
    }
    stays = [pk for pk in wanted if moves[pk] == "nothing"]
    if len(stays) == len(wanted):
        raise HandoverRefused(
            _("By the rule none of them moves: fewer than 3 instalments of their loans are left.")
        )
    with transaction.atomic():
        handover = Handover.objects.create(
            ref=f"HO-{as_of.year}-{uuid.uuid4().hex[:8].upper()}",
            giver=terms.giver,
            receiver=terms.receiver,
            witness=terms.witness,
            prepared_by=prepared_by,
            effective_on=terms.effective_on,
            reason=terms.reason,
            with_balance=all(move == "both" for move in moves.values()),
            brief=terms.brief,
        )
        HandoverItem.objects.bulk_create(
            HandoverItem(handover=handover, customer_id=pk, with_balance=moves[pk] == "both")
            for pk in wanted
            if moves[pk] != "nothing"
        )
    return handover, stays


def leave_out(handover: Handover, reasons: dict[int, str]) -> int:
    """Take customers (id → why) out of a hand-over that is not carried out; return how many."""
    with transaction.atomic():
        _locked(handover, HandoverState.DRAFT)
        return _leave_out(handover, reasons)


def mark_problems(handover: Handover, notes: dict[int, tuple[bool, str]]) -> None:
    """Set problem mark and note of items (by customer id), while nobody has signed."""
    with transaction.atomic():
        found = _locked(handover, HandoverState.DRAFT)
        if found.giver_signed_at or found.receiver_signed_at or found.witness_signed_at:
            raise HandoverRefused(_("It is signed: the problem list stands. Take it back to change it."))
        items = list(HandoverItem.objects.filter(handover=found, customer__in=list(notes)))
        for item in items:
            item.on_problem_list, item.note = notes[item.customer_id]
        HandoverItem.objects.bulk_update(items, ["on_problem_list", "note"])


def sign(handover: Handover, user: User, *, as_party: str, at: datetime) -> Handover:
    """Sign as giver, receiver or witness; signed already, nothing changes. Returns it as it stands.

    Raises HandoverRefused for somebody else, before it was sent, or where it is closed.
    """
    if as_party not in PARTIES or party_of(handover, user, as_party) is None:
        raise HandoverRefused(_("This signature is not yours to give."))
    with transaction.atomic():
        found = _locked(handover, HandoverState.DRAFT)
        if found.approval_id is None:
            raise HandoverRefused(_("It has not been sent yet: it can be signed once it is."))
        name = f"{as_party}_signed_at"
        if getattr(found, name) is None:
            setattr(found, name, at)
            found.save(update_fields=[name])
        return found


def party_of(handover: Handover, user: User, party: str) -> User | None:
    """`user` if he is that party of the hand-over."""
    told = handover.witness_id if party == "witness" else getattr(handover, party).user_id
    return user if told == user.pk else None


def cancel(handover: Handover) -> Handover:
    """Give it up before it is carried out; the papers stay."""
    with transaction.atomic():
        found = _locked(handover, HandoverState.DRAFT)
        found.state = HandoverState.CANCELLED
        found.save(update_fields=["state"])
        return found


def carry_out(handover: Handover, *, as_of: date) -> bool:
    """Write the assignments for the day it takes effect, once all have signed and it is approved.

    A day that has passed meanwhile becomes `as_of`: nothing is backdated. Returns whether it was done: not
    before the last signature, nor while customers stand in the way and `go_on` is not set. The worker's.
    """
    with transaction.atomic():
        found = Handover.objects.select_for_update(of=("self",)).get(pk=handover.pk)
        if found.state != HandoverState.DRAFT or not (found.is_signed_by_all and found.approved_at):
            return False
        blocked = obstacles(found, as_of)
        if blocked and not found.go_on:
            return False
        _leave_out(found, blocked)
        ids = list(
            HandoverItem.objects.filter(handover=found, left_out="").values_list("customer", flat=True)
        )
        found.effective_on = max(found.effective_on, as_of)
        found.state = HandoverState.SIGNED if ids else HandoverState.CANCELLED
        found.save(update_fields=["effective_on", "state"])
        move(ids, found.receiver, from_date=found.effective_on, as_of=as_of, reason=found.ref)
        if ids and found.effective_on <= as_of:
            found.state = HandoverState.EFFECTIVE
            found.save(update_fields=["state"])
        return True


def _leave_out(handover, reasons):
    groups = defaultdict(list)
    for pk, why in reasons.items():
        groups[why[:120]].append(pk)
    items = HandoverItem.objects.filter(handover=handover, left_out="")
    return sum(items.filter(customer__in=ids).update(left_out=why) for why, ids in groups.items())


def move(ids: Iterable[int], receiver: Manager, *, from_date: date, as_of: date, reason: str) -> None:
    """Make `receiver` the lead of the customers `ids`; who is co stays co, unless he is the receiver."""
    wanted = list(ids)
    teams = defaultdict(list)
    running = Assignment.objects.filter(customer__in=wanted, role=AssignmentRole.CO).on(from_date)
    cos = {row.customer_id: row for row in running.exclude(manager=receiver).select_related("manager")}
    for pk in wanted:
        co = cos.get(pk)
        teams[(co.manager, co.share) if co else (None, None)].append(pk)
    for (co, share), theirs in sorted(teams.items(), key=lambda team: team[1][0]):
        with_co = {"co": co, "co_share": share} if co else {}
        place(theirs, manager=receiver, from_date=from_date, as_of=as_of, reason=reason, **with_co)


def _check_terms(terms, wanted, as_of):
    if terms.giver == terms.receiver:
        raise HandoverRefused(_("Giver and receiver must be two managers."))
    if terms.effective_on < as_of:
        raise HandoverRefused(_("A hand-over takes effect today or later."))
    if not Manager.objects.serving(terms.effective_on).filter(pk=terms.receiver.pk).exists():
        raise HandoverRefused(
            _("%(name)s is not in post on that day. Choose another receiver.") % {"name": terms.receiver.name}
        )
    if not wanted:
        raise HandoverRefused(_("Choose at least one customer."))
    if len(wanted) > MOST_CUSTOMERS:
        raise HandoverRefused(
            _("At most %(n)s customers in one hand-over. Split it.") % {"n": f"{MOST_CUSTOMERS:,}"}
        )


def _locked(handover, state):
    found = Handover.objects.select_for_update(of=("self",)).get(pk=handover.pk)
    if found.state != state:
        raise HandoverRefused(
            _("This hand-over is closed already: %(state)s.") % {"state": found.get_state_display()}
        )
    return found
