"""What the receiver has to know of each customer: promises, preferences, risks, next dates (移交清单)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from customers.choices import TaskState
from customers.models import Customer, Interaction, ProfileFact, Standing, Task
from customers.reasons import HIGH_BP

PREFERENCES = 3  # facts a customer, the weightiest first


@dataclass
class BriefRow:
    """One customer of the brief; lists are empty where nothing is known."""

    customer: Customer
    standing: Standing | None = None
    tasks: list[Task] = field(default_factory=list)
    facts: list[ProfileFact] = field(default_factory=list)
    last: Interaction | None = None

    @property
    def is_risky(self) -> bool:
        standing = self.standing
        return bool(standing and (standing.overdue_days or (standing.churn_bp or 0) >= HIGH_BP))


def brief_rows(user, ids: Iterable[int], night_id: int | None) -> dict[int, BriefRow]:
    """Customer id → his row, of those `user` may see: five queries, whatever the number.

    Confidential contacts stay out: the receiver reads them on the customer's page once he may.
    """
    customers = Customer.objects.visible_to(user).filter(pk__in=list(ids)).defer("name_bigrams")
    rows = {customer.pk: BriefRow(customer) for customer in customers}
    for standing in Standing.objects.filter(night_id=night_id or 0, customer__in=rows):
        rows[standing.customer_id].standing = standing
    open_states = [TaskState.OPEN, TaskState.SNOOZED]
    for task in Task.objects.filter(customer__in=rows, state__in=open_states).order_by("-rank", "id"):
        rows[task.customer_id].tasks.append(task)
    for fact in _facts(rows):
        if len(rows[fact.customer_id].facts) < PREFERENCES:
            rows[fact.customer_id].facts.append(fact)
    latest = (
        Interaction.objects.filter(customer__in=rows, manager__isnull=False, confidential=False)
        .order_by("customer_id", "-happened_at", "-id")
        .distinct("customer_id")
    )
    for contact in latest:
        rows[contact.customer_id].last = contact
    return rows


def _facts(ids):
    """The latest fact of each field, the weightiest fields first."""
    rows = (
        ProfileFact.objects.filter(customer__in=ids)
        .order_by("customer_id", "field_id", "-noted_on")
        .distinct("customer_id", "field_id")
        .select_related("field")
    )
    return sorted(rows, key=lambda fact: (-fact.field.weight, fact.field.code))


def promises_of(ids: Iterable[int], as_of: date) -> dict[int, int]:
    """Customer id → how many things are open about him."""
    counts = defaultdict(int)
    rows = Task.objects.filter(customer__in=list(ids), state__in=[TaskState.OPEN, TaskState.SNOOZED])
    for customer in rows.values_list("customer", flat=True):
        counts[customer] += 1
    return counts
