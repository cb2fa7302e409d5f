"""Showing a masked value whole: counted, limited, and on record before the value is read."""

from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.audit import record
from customers.models import Account, Customer, Reveal, RevealGrant
from customers.models.reveal import RevealField


class RevealRefused(Exception):
    """The value stays hidden; the message says why and what to do."""


def left_today(user, as_of) -> int:
    """How many values `user` may still reveal on `as_of`."""
    start = timezone.make_aware(datetime.combine(as_of, time.min))
    used = Reveal.objects.filter(user=user, at__gte=start, at__lt=start + timedelta(days=1)).count()
    grants = RevealGrant.objects.filter(user=user, day=as_of).count()
    return settings.REVEALS_A_DAY * (1 + grants) - used


@transaction.atomic
def reveal_value(
    request, customer: Customer, field: str, *, reason: str, as_of: date, account: Account | None = None
) -> str:
    """Return the value of `field` of `customer`; the audit row commits first. Raises RevealRefused."""
    user = request.user
    with connection.cursor() as cursor:  # two requests at once must not both take the last one
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('reveal', %s))", [user.pk])
    detail = {"field": field, "reason": reason}
    if left_today(user, as_of) <= 0:
        record(request, "reveal_refused", subject=customer, detail=detail)
        raise RevealRefused(
            _("You have revealed %(most)d values today: your supervisor can grant more.")
            % {"most": settings.REVEALS_A_DAY}
        )
    Reveal.objects.create(customer=customer, user=user, field=field, reason=reason)
    record(request, "reveal", subject=account or customer, detail=detail)
    if field == RevealField.ACCOUNT:
        return account.number or ""
    name = "document_number" if field == RevealField.DOCUMENT else field
    return getattr(customer.identity, name) or ""


def grant_more(request, user, *, as_of: date) -> None:
    """Let `user` reveal as many again on `as_of`."""
    RevealGrant.objects.create(user=user, granted_by=request.user, day=as_of)
    record(request, "unlock", subject=user, detail={"what": "reveals"}, own=False)
