"""What managers brought back for the bank (I3): what waits for a supervisor, and what became of one's own."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncMinute, TruncMonth
from django.utils import timezone

from crm import keyset
from customers.models import Customer, Interaction

PAGE = 20
COUNTED_A_MONTH = 2  # of one customer; performance.sources counts by the scheme, this only tells


@dataclass(frozen=True)
class Waiting:
    """One item of the queue, with what a supervisor should know before he judges."""

    contact: Interaction
    accepted_this_month: int  # with this customer, by this manager, in the month of the contact
    at_once: int  # items that the manager filed in the same minute, this one included

    @property
    def is_bulk(self) -> bool:
        """Filed with others in one minute: it earns nothing, whatever it is worth (docs/scorecard.md)."""
        return self.at_once > 1

    @property
    def is_beyond_month(self) -> bool:
        return self.accepted_this_month >= COUNTED_A_MONTH


def waiting(user) -> QuerySet:
    """Feedback about customers that `user` may see and nobody judged: index customers_interaction_judge."""
    return Interaction.objects.filter(
        feedback_filed_at__isnull=False,
        feedback_judged_at=None,
        customer__in=Customer.objects.visible_to(user),
    )


def filed_by(manager) -> QuerySet:
    """A manager's own feedback, judged or not."""
    return Interaction.objects.filter(manager=manager, feedback_filed_at__isnull=False)


def waiting_page(user, after=None, before=None) -> tuple[keyset.Page, list[Waiting]]:
    """One page of the queue, the oldest first: four queries whatever its length."""
    page = keyset.read_page([queue_segment(user)], PAGE, after, before)
    rows = Interaction.objects.select_related("customer", "manager__user").in_bulk(page.keys)
    contacts = [rows[key] for key in page.keys if key in rows]
    months, minutes = _accepted(contacts), _at_once(contacts)
    return page, [
        Waiting(contact, months.get(_of_month(contact), 0), minutes.get(_of_minute(contact), 1))
        for contact in contacts
    ]


def queue_segment(user) -> keyset.Segment:
    return keyset.Segment(waiting(user), ("feedback_filed_at", "id"))


def own_segment(manager) -> keyset.Segment:
    """A manager's own, the latest contact first (index customers_interaction_mine)."""
    return keyset.Segment(filed_by(manager), ("-happened_at", "-id"))


def _accepted(contacts) -> dict[tuple, int]:
    """(manager, customer, first of the month) → how many were accepted."""
    wanted = Q(pk__in=[])
    for contact in contacts:
        start = _of_month(contact)[2]
        following = (start + timedelta(days=32)).replace(day=1)
        wanted |= Q(
            manager=contact.manager_id,
            customer=contact.customer_id,
            happened_at__gte=start,
            happened_at__lt=following,
        )
    rows = Interaction.objects.filter(wanted, feedback_accepted=True).annotate(m=TruncMonth("happened_at"))
    found = rows.order_by().values_list("manager", "customer", "m").annotate(n=Count("pk"))
    return {(manager, customer, month): n for manager, customer, month, n in found}


def _at_once(contacts) -> dict[tuple, int]:
    """(manager, minute) → how many were filed then."""
    wanted = Q(pk__in=[])
    for contact in contacts:
        manager, minute = _of_minute(contact)
        wanted |= Q(
            manager=manager,
            feedback_filed_at__gte=minute,
            feedback_filed_at__lt=minute + timedelta(minutes=1),
        )
    rows = Interaction.objects.filter(wanted).annotate(m=TruncMinute("feedback_filed_at"))
    found = rows.order_by().values_list("manager", "m").annotate(n=Count("pk"))
    return {(manager, minute): n for manager, minute, n in found}


def _of_month(contact) -> tuple:
    month = timezone.localtime(contact.happened_at).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return contact.manager_id, contact.customer_id, month


def _of_minute(contact) -> tuple:
    return contact.manager_id, timezone.localtime(contact.feedback_filed_at).replace(second=0, microsecond=0)
