"""A manager leaves (离职): his customers are placed first, in one plan; his sign-in ends with his book."""

import uuid
from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from customers.choices import AssignmentRole, HandoverReason, HandoverState
from customers.models import Assignment, Custody, Customer, Handover, HandoverItem
from customers.services.assignment import AssignmentRefused, cut, place
from customers.services.handover import move
from customers.services.turn import switch_off
from managers.models import Manager, User


@dataclass(frozen=True)
class Book:
    """Whom a manager has to be relieved of: whom he leads, and whom he co-manages."""

    led: list[int]
    helped: list[int]


def book_of(manager: Manager, on: date) -> Book:
    """The customers assigned to `manager` on `on` or later, those who left the bank included."""
    rows = Assignment.objects.filter(manager=manager).filter(
        Q(during__endswith=None) | Q(during__endswith__gt=on)
    )
    found = defaultdict(set)
    for customer, role in rows.values_list("customer", "role"):
        found[role].add(customer)
    led = found[AssignmentRole.LEAD]
    return Book(sorted(led), sorted(found[AssignmentRole.CO] - led))


def why_not_switched_off(user: User, until: date | None = None) -> str:
    """A sentence where `user` still looks after customers (with `until`: on that day or later), else "".

    One of settings.SWITCH_OFF_CHECKS: every way to switch somebody off asks it.
    """
    manager = Manager.objects.filter(user=user).first()
    if manager is None:
        return ""
    if until is None:
        count = Customer.objects.filter(Q(lead=manager) | Q(co=manager)).count()
    else:
        book = book_of(manager, until)
        count = len(book.led) + len(book.helped)
    if not count:
        return ""
    told = {"name": user.name, "n": count, "page": reverse("customers:leaver", args=[manager.public_id])}
    return (
        _(
            "%(name)s still looks after %(n)s customers. Place them first, with the leaver's wizard: "
            "%(page)s. Whoever must be kept out at once gets a new sign-in link (Staff sign-in): "
            "the old password ends."
        )
        % told
    )


def relieve(
    manager: Manager,
    placed: dict[int, Manager | None],
    *,
    last_day_off: date,
    as_of: date,
    approval=None,
    prepared_by: User | None = None,
    reason: str = "",
) -> list[Handover]:
    """Place the whole book of `manager` from `last_day_off` (the first day without him) on: customer id →
    receiver, None for the pool. Ends his time in post, and his sign-in as soon as that day is there.

    Raises AssignmentRefused, with nothing changed, where the plan leaves somebody out or a rule is broken.
    Returns the papers, one hand-over for each receiver.
    """
    if last_day_off < as_of:
        raise AssignmentRefused(_("That day is past. Make the plan anew."))
    with transaction.atomic():
        leaver = Manager.objects.select_for_update(of=("self",)).select_related("user").get(pk=manager.pk)
        book = book_of(leaver, last_day_off)
        missing = set(book.led) - set(placed)
        if missing:
            raise AssignmentRefused(
                _(
                    "%(n)s customers came to him since the plan was made, or lie outside your branch. "
                    "Make the plan anew."
                )
                % {"n": len(missing)}
            )
        papers = _hand_over(leaver, book, placed, last_day_off, as_of, approval, prepared_by, reason)
        _end_help(leaver, book.helped, last_day_off, as_of, reason)
        cut(Custody.objects.filter(custodian=leaver), last_day_off)
        leaver.in_post = (leaver.in_post.lower, last_day_off)
        leaver.save(update_fields=["in_post"])
        switch_off(Manager.objects.select_related("user").get(pk=leaver.pk), as_of)
    return papers


def _hand_over(leaver, book, placed, day, as_of, approval, prepared_by, reason):
    """Move whom he leads; the papers of each receiver, and the rest to the pool."""
    groups = defaultdict(list)
    for pk in book.led:
        groups[placed[pk]].append(pk)
    now = HandoverState.EFFECTIVE if day <= as_of else HandoverState.SIGNED
    papers = []
    for receiver, ids in groups.items():
        if receiver is None:
            place(ids, manager=None, from_date=day, as_of=as_of, reason=reason)
            continue
        paper = Handover.objects.create(
            ref=f"HO-{as_of.year}-{uuid.uuid4().hex[:8].upper()}",
            giver=leaver,
            receiver=receiver,
            prepared_by=prepared_by,
            effective_on=day,
            reason=HandoverReason.LEAVER,
            state=now if approval else HandoverState.SIGNED,
            approval=approval,
            approved_at=approval.decided_at if approval else None,
            brief=reason,
        )
        HandoverItem.objects.bulk_create(HandoverItem(handover=paper, customer_id=pk) for pk in ids)
        move(ids, receiver, from_date=day, as_of=as_of, reason=paper.ref)
        papers.append(paper)
    return papers


def _end_help(leaver, ids, day, as_of, reason):
    """Whom he co-manages stay with their lead, alone."""
    leads = defaultdict(list)
    running = Assignment.objects.filter(customer__in=ids, role=AssignmentRole.LEAD).on(day)
    for row in running.select_related("manager"):
        leads[row.manager].append(row.customer_id)
    for lead, theirs in leads.items():
        place(theirs, manager=lead, from_date=day, as_of=as_of, reason=reason)
