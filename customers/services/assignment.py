"""Who looks after whom: the one place that writes assignments by hand.

Row lock on the customers first, in the order of their keys, then the database's constraints: measured at
10,000 attempts in 16 threads, the lock turns rejections and deadlocks into waiting (security.md). Everything
that moves customers stands on `place`: one assignment, a claim, a hand-over of thousands, a leaver's book.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django.db import IntegrityError, connection, transaction
from django.db.models import DateField, F, Func, Q, Value
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.choices import AssignmentRole
from customers.leads import leads_of
from customers.models import Assignment, Custody, Customer
from customers.services.following import follow
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
    "customers_custody_one_at_a_time": gettext_lazy(
        "One of these customers is in custody in that time already. End that custody first."
    ),
    "customers_custody_another_manager": gettext_lazy("The custodian must be another than the lead manager."),
    "customers_assignment_page_past": gettext_lazy(
        "That day is past: two people decide on it. Ask for a correction with a reason."
    ),
    "customers_assignment_page_scope": gettext_lazy(
        "A manager of another branch takes part: ask, and the supervisor of both branches decides."
    ),
    "customers_customer_two_managers": gettext_lazy("Lead and co-manager must be two different managers."),
}


class AssignmentRefused(Exception):
    """The assignment breaks a rule; the message says which and what to do. Nothing was changed."""


def place(
    ids: Iterable[int],
    *,
    manager: Manager | None,
    from_date: date,
    as_of: date,
    co: Manager | None = None,
    co_share: Decimal = CO_SHARE,
    reason: str = "",
    approved: bool = False,
) -> int:
    """Make `manager` the lead of the customers `ids` from `from_date` on, alone or with `co` at `co_share`
    (0–1); None gives them to the pool. Returns how many.

    Ends what ran before on that date, custodies too; history stays. `from_date` is `as_of` or later, unless
    two people have `approved` it (customers.approvals): moving income of past days is no one person's act,
    and into a closed period it is nobody's. Open work follows with the lead. All or nothing; raises
    AssignmentRefused. A fixed number of statements, whatever that of the customers.
    """
    wanted = sorted(set(ids))
    if from_date < as_of and not approved:
        raise AssignmentRefused(
            _("An assignment starts today or later; days that are past change by hand-over with approval.")
        )
    try:
        with transaction.atomic():
            _lock(wanted, needs_open=manager is not None, on=from_date)
            cut(Assignment.objects.filter(customer__in=wanted), from_date)
            cut(Custody.objects.filter(customer__in=wanted), from_date)
            Assignment.objects.bulk_create(
                Assignment(customer_id=pk, manager=who, role=role, share=share, during=days, reason=reason)
                for who, role, share in _rows(manager, co, co_share)
                for days in [(from_date, None)]
                for pk in wanted
            )
            if from_date <= as_of:
                Customer.objects.filter(pk__in=wanted).update(lead=manager, co=co if manager else None)
                follow(wanted)
            _check_now()
    except IntegrityError as error:
        raise AssignmentRefused(sentence_of(error)) from error
    return len(wanted)


def assign(customer: Customer, *, manager: Manager, **terms) -> list[Assignment]:
    """`place` for one customer; returns the new assignments."""
    place([customer.pk], manager=manager, **terms)
    return list(
        Assignment.objects.filter(customer=customer, during__startswith=terms["from_date"]).order_by("-role")
    )


def end_assignment(customer: Customer, *, from_date: date, as_of: date, reason: str = "") -> None:
    """Give the customer to the pool from `from_date` on. Raises AssignmentRefused for a past date."""
    if from_date < as_of:
        raise AssignmentRefused(
            _("An assignment ends today or later; days that are past change by hand-over with approval.")
        )
    place([customer.pk], manager=None, from_date=from_date, as_of=as_of, reason=reason)


def follow_the_days(as_of: date, since: date) -> list[int]:
    """Set lead and co of the customers with an assignment that begins or ends after `since`, up to `as_of`,
    as they are on `as_of`; return the customers who differed."""
    edges = (
        "SELECT DISTINCT customer_id FROM customers_assignment "
        "WHERE (lower(during) > %(since)s AND lower(during) <= %(date)s) "
        "OR (upper(during) > %(since)s AND upper(during) <= %(date)s)"
    )
    statement = leads_of(edges).format(date="%(date)s")
    with connection.cursor() as cursor:
        cursor.execute(f"{statement} RETURNING c.id", {"since": since, "date": as_of})
        return [pk for (pk,) in cursor.fetchall()]


def _rows(manager, co, co_share):
    """(who, role, share) of each day, the lead first."""
    if manager is None:
        return []
    return [(manager, AssignmentRole.LEAD, 1 - (co_share if co else 0))] + (
        [(co, AssignmentRole.CO, co_share)] if co else []
    )


def _lock(wanted, *, needs_open, on):
    """Lock the customers in the order of their keys; refuse if one has left or is out of sight now."""
    found = list(
        Customer.objects.select_for_update(of=("self",))
        .filter(pk__in=wanted)
        .order_by("pk")
        .values_list("pk", "number", "closed_on")
    )
    if len(found) < len(wanted):
        raise AssignmentRefused(
            _("%(n)s of the customers are not yours any more. Open the list anew.")
            % {"n": len(wanted) - len(found)}
        )
    gone = [number for _pk, number, closed_on in found if needs_open and closed_on and closed_on <= on]
    if gone:
        raise AssignmentRefused(
            _("These customers have left the bank: %(numbers)s. Leave them out.")
            % {"numbers": ", ".join(gone[:5]) + ("…" if len(gone) > 5 else "")}
        )


def cut(rows, day):
    """Cut there what runs on `day`; what would start then or later was never in force, and is replaced."""
    rows.filter(during__startswith__gte=day).delete()
    running = rows.filter(Q(during__endswith=None) | Q(during__endswith__gt=day))
    start = Func(F("during"), function="lower", output_field=DateField())
    running.update(during=Func(start, Value(day, DateField()), function="daterange"))


def _check_now():
    """Fire the deferred rules (shares sum to 1, inside the time in post) inside this transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def sentence_of(error) -> str:
    """What a refused constraint means to whoever assigns."""
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") or ""
    return str(
        SENTENCES.get(name, _("The assignment breaks a rule of the records ({name}).").format(name=name))
    )
