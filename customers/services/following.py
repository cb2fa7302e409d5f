"""Open work follows the customer: who leads him from today has his tasks, deals and requests."""

from collections.abc import Iterable

from django.conf import settings
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.utils.module_loading import import_string

from customers.choices import TaskState
from customers.models import Customer, Task


def follow(ids: Iterable[int]) -> None:
    """Give the open work of the customers `ids` to their lead, unless lead or co has it already; of customers
    in the pool it stays where it is. Apps above add theirs in settings.LEAD_FOLLOWERS (`ids -> None`)."""
    wanted = list(ids)
    move_to_lead(Task.objects.filter(customer__in=wanted, state__in=[TaskState.OPEN, TaskState.SNOOZED]))
    for path in settings.LEAD_FOLLOWERS:
        import_string(path)(wanted)


def move_to_lead(rows: QuerySet) -> int:
    """Set `manager` of `rows` (each with a `customer`) to the customer's lead where it is neither he nor the
    co-manager; return how many."""
    lead = Customer.objects.filter(pk=OuterRef("customer_id")).values("lead_id")[:1]
    theirs = Q(manager=F("customer__lead")) | Q(manager=F("customer__co"))
    strange = rows.filter(customer__lead__isnull=False).exclude(pk__in=rows.filter(theirs).values("pk"))
    return strange.update(manager_id=Subquery(lead))
