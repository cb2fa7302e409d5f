"""Logging a contact: the feed's row, the customer's dates and the task it came from, in one transaction."""

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.choices import Outcome, TaskState
from customers.models import Customer, FollowUp, Interaction, Task
from managers.models import Manager


class ContactRefused(Exception):
    """The contact cannot be logged or changed; the message says why and what to do."""


def log_contact(
    customer: Customer,
    *,
    by: Manager,
    ref: str,
    channel: int,
    purpose: str,
    outcome: str,
    happened_at: datetime,
    note: str = "",
    attendees: str = "",
    confidential: bool = False,
    next_date: date | None = None,
    next_step: str = "",
    no_next_reason: str = "",
    feedback_kind: str = "",
    feedback_text: str = "",
    repeat: str | None = None,
    task: Task | None = None,
) -> tuple[Interaction, bool]:
    """Write one contact of `by` with `customer`; return it and whether this call wrote it.

    `ref` (at most 40 characters) names the form that was filled in: the same form sent again finds the row
    of the first time and changes nothing. The customer's last contact and next date follow the latest
    contact. `task` closes, or comes back on the next date if nobody was reached. Feedback waits for a
    supervisor. `repeat`: the customer's habit from now on, "" for none, None leaves it as it is.
    ContactRefused if `ref` belongs to somebody else's contact.
    """
    with transaction.atomic():
        # the lock makes a double click wait for the first to finish, then find its row
        locked = Customer.objects.select_for_update().get(pk=customer.pk)
        earlier = Interaction.objects.filter(ref=ref).first()
        if earlier is not None:
            if (earlier.customer_id, earlier.manager_id) != (customer.pk, by.pk):
                raise ContactRefused(_("This form was already used for another contact. Open a new one."))
            return earlier, False
        interaction = Interaction.objects.create(
            customer=locked,
            manager=by,
            ref=ref,
            channel=channel,
            purpose=purpose,
            outcome=outcome,
            happened_at=happened_at,
            note=note,
            attendees=attendees,
            confidential=confidential,
            next_date=next_date,
            next_step=next_step,
            no_next_reason=no_next_reason,
            feedback_kind=feedback_kind,
            feedback_text=feedback_text,
            feedback_filed_at=timezone.now() if feedback_text else None,
        )
        _move_dates(locked, interaction)
        if repeat is not None:
            _keep_habit(locked, repeat, next_date)
        if task is not None:
            _settle(task, interaction)
    return interaction, True


EDITABLE = (
    *("channel", "purpose", "outcome", "happened_at", "note", "attendees", "confidential"),
    *("next_date", "next_step", "no_next_reason"),
)


def editable_until(interaction: Interaction) -> datetime:
    """Until when its author may change a contact; the change history keeps what stood before."""
    return interaction.created_at + timedelta(hours=settings.CONTACT_EDIT_HOURS)


def edit_contact(
    interaction: Interaction,
    *,
    by: Manager,
    at: datetime,
    feedback_kind: str = "",
    feedback_text: str = "",
    repeat: str | None = None,
    **values,
) -> Interaction:
    """Write `values` (EDITABLE, all of them) into a contact of `by`; the customer's dates follow the latest.

    Feedback that a supervisor has judged stays as it was judged. ContactRefused for another's contact and
    after its time: what is remembered later is a contact of its own.
    """
    with transaction.atomic():
        customer = Customer.objects.select_for_update().get(pk=interaction.customer_id)
        contact = Interaction.objects.select_for_update().get(pk=interaction.pk)
        if contact.manager_id != by.pk:
            raise ContactRefused(_("Only who logged a contact may change it."))
        if at >= editable_until(contact):
            said = _("A contact may be changed for %(hours)s hours. Log what you remember now as a new one.")
            raise ContactRefused(said % {"hours": settings.CONTACT_EDIT_HOURS})
        for name in EDITABLE:
            setattr(contact, name, values[name])
        changed = [*EDITABLE, "edited_at"]
        if contact.feedback_judged_at is None and (feedback_kind, feedback_text) != (
            contact.feedback_kind,
            contact.feedback_text,
        ):
            contact.feedback_kind, contact.feedback_text = feedback_kind, feedback_text
            contact.feedback_filed_at = at if feedback_text else None
            changed += ["feedback_kind", "feedback_text", "feedback_filed_at"]
        contact.edited_at = at
        contact.save(update_fields=changed)
        _follow_latest(customer)
        if repeat is not None:
            _keep_habit(customer, repeat, contact.next_date)
    return contact


def _follow_latest(customer):
    """Last contact and next date as the latest contact of a person says them."""
    latest = (
        Interaction.objects.filter(customer=customer, manager__isnull=False)
        .order_by("-happened_at", "-id")
        .first()
    )
    customer.last_contact_on = timezone.localtime(latest.happened_at).date()
    customer.next_date = latest.next_date
    customer.save(update_fields=["last_contact_on", "next_date"])


def _keep_habit(customer, every, next_date):
    """Begin, change or end the habit; one that stays as it is keeps the day it is counted from."""
    habit = FollowUp.objects.filter(customer=customer).first()
    if not every or next_date is None:
        if habit and not every:
            habit.delete()
        return
    if habit is None:
        FollowUp.objects.create(customer=customer, every=every, anchor_on=next_date)
    elif habit.every != every:
        habit.every, habit.anchor_on = every, next_date
        habit.save(update_fields=["every", "anchor_on"])


def _move_dates(customer, interaction):
    """The latest contact decides; one logged afterwards, for an earlier day, does not move the next date."""
    day = timezone.localtime(interaction.happened_at).date()
    if customer.last_contact_on is not None and customer.last_contact_on > day:
        return
    customer.last_contact_on, customer.next_date = day, interaction.next_date
    customer.save(update_fields=["last_contact_on", "next_date"])


def _settle(task, interaction):
    """Close the task; where nobody answered and a next date is set, it waits for that day instead."""
    mine = Task.objects.select_for_update().filter(
        Q(state=TaskState.OPEN) | Q(state=TaskState.SNOOZED), pk=task.pk, customer=interaction.customer
    )
    if interaction.outcome == Outcome.NO_ANSWER and interaction.next_date:
        said = interaction.get_outcome_display()
        mine.update(state=TaskState.SNOOZED, snoozed_until=interaction.next_date, snooze_reason=said)
    else:
        mine.update(state=TaskState.DONE, done_at=timezone.now(), snoozed_until=None, settled_by=interaction)
