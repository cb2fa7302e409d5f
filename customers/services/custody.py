"""Temporary custody (托管): somebody else serves a customer for a while, and it ends by itself."""

from collections.abc import Iterable
from datetime import date

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from customers.models import Custody, Customer
from customers.services.assignment import AssignmentRefused, sentence_of
from managers.models import Manager

MOST_MONTHS = 5  # a longer absence moves customer and balance: that is a hand-over (domain.md §1)


def latest_end(start: date) -> date:
    """The latest end of a custody that begins on `start`: MOST_MONTHS on (never after the 28th)."""
    month = start.month - 1 + MOST_MONTHS
    year, month = start.year + month // 12, month % 12 + 1
    return date(year, month, min(start.day, 28))


def take_into_custody(
    ids: Iterable[int],
    *,
    custodian: Manager,
    from_date: date,
    to_date: date,
    as_of: date,
    reason: str = "",
) -> int:
    """Let `custodian` see and serve the customers `ids` from `from_date` until the day before `to_date`.

    Shares stay as they are. Returns how many; all or nothing. Raises AssignmentRefused for a past day, more
    than MOST_MONTHS, a custodian who leads one of them or is not in post throughout, or where a custody runs.
    """
    wanted = sorted(set(ids))
    if from_date < as_of:
        raise AssignmentRefused(_("A custody starts today or later."))
    if to_date <= from_date:
        raise AssignmentRefused(_("A custody lasts at least one day: the end comes after the start."))
    if to_date > latest_end(from_date):
        raise AssignmentRefused(
            _("A custody lasts at most %(n)s months. For longer, hand the customer over.")
            % {"n": MOST_MONTHS}
        )
    _check_custodian(custodian, from_date, to_date)
    try:
        with transaction.atomic():
            found = list(
                Customer.objects.select_for_update(of=("self",)).filter(pk__in=wanted).order_by("pk")
            )
            _check_customers(found, wanted, custodian)
            Custody.objects.bulk_create(
                Custody(
                    customer=customer,
                    custodian=custodian,
                    lead_id=customer.lead_id,
                    during=(from_date, to_date),
                    reason=reason,
                )
                for customer in found
            )
    except IntegrityError as error:
        raise AssignmentRefused(sentence_of(error)) from error
    return len(wanted)


def end_custody(custody: Custody, *, on: date) -> None:
    """End `custody` on `on`, today or later; one that has not begun never was. Ended already: no change."""
    with transaction.atomic():
        Customer.objects.select_for_update(of=("self",)).get(pk=custody.customer_id)
        found = Custody.objects.filter(pk=custody.pk).first()
        if found is None or found.during.upper <= on:
            return
        if found.during.lower >= on:
            found.delete()
            return
        found.during = (found.during.lower, on)
        found.save(update_fields=["during"])


def _check_custodian(custodian, from_date, to_date):
    if not Manager.objects.serving(from_date, to_date).filter(pk=custodian.pk).exists():
        raise AssignmentRefused(
            _("%(name)s is not in post for the whole of that time. Choose another manager.")
            % {"name": custodian.name}
        )


def _check_customers(found, wanted, custodian):
    if len(found) < len(wanted):
        raise AssignmentRefused(
            _("%(n)s of the customers are not yours any more. Open the list anew.")
            % {"n": len(wanted) - len(found)}
        )
    own = [customer.number for customer in found if custodian.pk in (customer.lead_id, customer.co_id)]
    if own:
        raise AssignmentRefused(
            _("%(name)s looks after %(numbers)s already.")
            % {"name": custodian.name, "numbers": ", ".join(own[:5])}
        )
