"""Logging a contact: the feed's row, the customer's dates and the task it came from, in one transaction."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.choices import Outcome, TaskState
from customers.models import Customer, Interaction, Task
from managers.models import Manager


class ContactRefused(Exception):
    """The contact cannot be logged; the message says why and what to do."""


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
    task: Task | None = None,
) -> tuple[Interaction, bool]:
    """Write one contact of `by` with `customer`; return it and whether this call wrote it.

    `ref` (at most 40 characters) names the form that was filled in: the same form sent again finds the row
    of the first time and changes nothing. The customer's last contact and next date follow the latest
    contact. `task` closes, or comes back on the next date if nobody was reached. ContactRefused if `ref`
    belongs to somebody else's contact.
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
        )
        _move_dates(locked, interaction)
        if task is not None:
            _settle(task, interaction)
    return interaction, True


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
        mine.update(state=TaskState.SNOOZED, snoozed_until=interaction.next_date)
    else:
        mine.update(state=TaskState.DONE, done_at=timezone.now(), snoozed_until=None)
