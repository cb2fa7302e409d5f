"""Five wrong tries in fifteen minutes lock one account, never an address: a branch shares one.

axes counts in its own table in PostgreSQL, under the canonical staff number; passwords and second factors
count together. A lock ends by itself fifteen minutes after the last counted try, or when somebody responsible
unlocks it (crm.signin.staff).
"""

import math
from contextlib import contextmanager

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.db.models import Max, Sum
from django.shortcuts import render
from django.utils import timezone

from crm.audit.recording import address_of
from crm.signin.names import canonical


def counted_name(request, credentials=None) -> str:
    """axes: the name that tries are counted under."""
    typed = (credentials or {}).get("username") or request.POST.get("login")
    if not typed and request.user.is_authenticated:
        typed = request.user.get_username()
    return canonical(typed)


def counted_address(request) -> str | None:
    """axes: where a try came from, for the record only."""
    return address_of(request)


@contextmanager
def one_at_a_time(number: str | None):
    """Hold the account `number` until the transaction ends: tries that run side by side count one by one."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"sign-in {canonical(number)}"]
            )
        yield


def locked_numbers(numbers=None, *, now=None) -> dict:
    """Return {canonical staff number: when the lock ends} of the locked ones, among `numbers` if given."""
    from axes.models import AccessAttempt

    now = now or timezone.now()
    tries = AccessAttempt.objects.filter(attempt_time__gt=now - settings.AXES_COOLOFF_TIME)
    if numbers is not None:
        tries = tries.filter(username__in=[canonical(number) for number in numbers])
    counted = tries.values("username").annotate(wrong=Sum("failures_since_start"), last=Max("attempt_time"))
    locked = counted.filter(wrong__gte=settings.AXES_FAILURE_LIMIT)
    return {row["username"]: row["last"] + settings.AXES_COOLOFF_TIME for row in locked.order_by("username")}


def unlock(number: str) -> int:
    """Forget the wrong tries of `number`; return how many rows went."""
    from axes.utils import reset

    return reset(username=canonical(number))


def locked_out(request, original_response=None, credentials=None):
    """axes: what somebody reads whose account is locked (429). Unknown numbers read the same."""
    number = counted_name(request, credentials)
    ends = locked_numbers([number]).get(number)
    minutes = math.ceil((ends - timezone.now()).total_seconds() / 60) if ends else None
    context = {"minutes": minutes, "ends": ends, "limit": settings.AXES_FAILURE_LIMIT}
    return render(request, "account/locked.html", context, status=429)


def user_of(number: str | None):
    """The member of staff with this number in any spelling, or None."""
    name = canonical(number)
    return get_user_model().objects.filter(username__iexact=name).first() if name else None
