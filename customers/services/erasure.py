"""Erasing a customer: his key is destroyed, so what is encrypted under it, wherever it lies, is noise."""

from datetime import date

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from customers.models import Account, Customer, CustomerIdentity, Interaction, ProfileFact

ERASED = "—"


class ErasureRefused(Exception):
    """The customer may not be erased; the message says why and from when he may."""


def kept_until(left_on: date) -> date:
    """The day from which a customer who left on `left_on` may be erased, never a day early."""
    year = left_on.year + settings.KEPT_YEARS
    try:
        return left_on.replace(year=year)
    except ValueError:  # 29 February
        return date(year, 3, 1)


def refusal(customer: Customer, as_of: date) -> str:
    """Return why `customer` may not be erased on `as_of`, or "": kept ten years, and nothing still open."""
    if customer.closed_on is None or customer.closed_on > as_of:
        return _("%(number)s is still a customer: only one who has left can be erased.") % {
            "number": customer.number
        }
    until = kept_until(customer.closed_on)
    if as_of < until:
        return _(
            "%(number)s left on %(date)s: the law keeps the records for %(years)d years, until %(until)s."
        ) % {
            "number": customer.number,
            "date": customer.closed_on,
            "years": settings.KEPT_YEARS,
            "until": until,
        }
    if customer.accounts.filter(closed_on=None).exists():
        return _("%(number)s has an open account: close it in core banking first.") % {
            "number": customer.number
        }
    return ""


@transaction.atomic
def erase_customer(customer: Customer, *, as_of: date) -> None:
    """Destroy the customer's key and what names him; figures stay, under his number alone.

    Raises ErasureRefused. Erasing twice changes nothing.
    """
    customer = Customer.objects.select_for_update().get(pk=customer.pk)
    if reason := refusal(customer, as_of):
        raise ErasureRefused(reason)
    if CustomerIdentity.objects.filter(customer=customer, erased_on__isnull=False).exists():
        return
    CustomerIdentity.objects.filter(customer=customer).update(
        wrapped_key=None,
        erased_on=as_of,
        document=None,
        document_number=None,
        document_hash=None,
        document_expires_on=None,
        mobile=None,
        mobile_hash=None,
        mobile_tail_hash=None,
        address=None,
    )
    Account.objects.filter(customer=customer).update(number=None, last_four="")
    ProfileFact.objects.filter(customer=customer).update(value=ERASED)
    Interaction.objects.filter(customer=customer).update(note="", attendees="")
    nobody = {"name": ERASED, "initials": "", "sound": "", "born_on": None, "gender": None}
    Customer.objects.filter(pk=customer.pk).update(**nobody)
