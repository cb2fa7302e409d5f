"""Who looks after whom: the one place that writes assignments by hand.

Row lock on the customer first, then the database's constraints: measured at 10,000 attempts in 16 threads,
the lock turns rejections and deadlocks into waiting (security.md). Approval levels, custody and hand-over
stand on this function.
"""

from datetime import date
from decimal import Decimal

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.choices import AssignmentRole
from customers.models import Assignment, Customer
from managers.models import Manager

CO_SHARE = Decimal("0.3000")  # default split between lead and co-manager, 主办 70 / 协办 30
SENTENCES = {
    "customers_assignment_one_lead": gettext_lazy(
        "This customer already has a lead manager in that time. End that assignment first."
    ),
    "customers_assignment_manager_once": gettext_lazy(
        "This manager already looks after the customer in that time. Choose another manager or another date."
    ),
    "customers_assignment_shares_sum_to_1": gettext_lazy(
        "The shares of a day must add up to 1 under one lead manager. Correct the shares."
    ),
    "customers_assignment_inside_time_in_post": gettext_lazy(
        "The manager is not in post for the whole of that time. Choose another manager or another date."
    ),
    "customers_assignment_share_0_to_1": gettext_lazy("A share lies above 0% and at most at 100%."),
    "customers_assignment_during_not_empty": gettext_lazy("An assignment lasts at least one day."),
    "performance_period_is_closed": gettext_lazy(
        "That day lies in a closed quarter, whose scores stand. Choose a day after it."
    ),
    "customers_customer_two_managers": gettext_lazy("Lead and co-manager must be two different managers."),
}


class AssignmentRefused(Exception):
    """The assignment breaks a rule; the message says which and what to do. Nothing was changed."""


def assign(
    customer: Customer,
    *,
    manager: Manager,
    from_date: date,
    as_of: date,
    co: Manager | None = None,
    co_share: Decimal = CO_SHARE,
    reason: str = "",
    approved: bool = False,
) -> list[Assignment]:
    """Make `manager` the lead of `customer` from `from_date` on, alone or with `co` at `co_share` (0–1).

    Ends what ran before on that date; history stays. `from_date` is `as_of` or later, unless two people have
    `approved` it (customers.approvals): moving income of past days is no one person's act, and into a closed
    period it is nobody's. Returns the new assignments; raises AssignmentRefused.
    """
    if from_date < as_of and not approved:
        raise AssignmentRefused(
            _("An assignment starts today or later; days that are past change by hand-over with approval.")
        )
    rows = [(manager, AssignmentRole.LEAD, 1 - (co_share if co else 0))]
    rows += [(co, AssignmentRole.CO, co_share)] if co else []
    try:
        with transaction.atomic():
            locked = Customer.objects.select_for_update().get(pk=customer.pk)
            _end_current(locked, from_date)
            made = [
                Assignment.objects.create(
                    customer=locked,
                    manager=who,
                    role=role,
                    share=share,
                    during=(from_date, None),
                    reason=reason,
                )
                for who, role, share in rows
            ]
            if from_date <= as_of:
                Customer.objects.filter(pk=locked.pk).update(lead=manager, co=co)
            _check_now()
    except IntegrityError as error:
        raise AssignmentRefused(_sentence(error)) from error
    return made


def end_assignment(customer: Customer, *, from_date: date, as_of: date) -> None:
    """Give the customer to the pool from `from_date` on. Raises AssignmentRefused for a past date."""
    if from_date < as_of:
        raise AssignmentRefused(
            _("An assignment ends today or later; days that are past change by hand-over with approval.")
        )
    with transaction.atomic():
        locked = Customer.objects.select_for_update().get(pk=customer.pk)
        _end_current(locked, from_date)
        if from_date <= as_of:
            Customer.objects.filter(pk=locked.pk).update(lead=None, co=None)
        _check_now()


def _end_current(customer, day):
    """Cut there what runs on `day`; what would start then or later was never in force, and is replaced."""
    for row in Assignment.objects.filter(customer=customer, during__endswith__isnull=True) | (
        Assignment.objects.filter(customer=customer, during__endswith__gt=day)
    ):
        if row.during.lower >= day:
            row.delete()
        else:
            row.during = (row.during.lower, day)
            row.save(update_fields=["during"])


def _check_now():
    """Fire the deferred rules (shares sum to 1, inside the time in post) inside this transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def _sentence(error) -> str:
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") or ""
    return str(
        SENTENCES.get(name, _("The assignment breaks a rule of the records ({name}).").format(name=name))
    )
