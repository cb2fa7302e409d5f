"""The two addresses for machines: is it ready, and its figures."""

import ipaddress

from django.conf import settings
from django.http import Http404, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from crm.ops import checks, metrics


def is_monitor(request) -> bool:
    """Return whether the bank's monitoring asks: with the token where one is set, else from this machine.

    A request that a proxy passed on never counts as from this machine.
    """
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "")
        return constant_time_compare(given.encode(), f"Bearer {settings.METRICS_TOKEN}".encode())
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:  # a unix socket has no address: only this machine reaches it
        return not request.META.get("REMOTE_ADDR")


@require_safe
def ready(request):
    """200 while pages may be asked for, 503 where not; what is wrong is told to the monitoring alone."""
    state, found = checks.all_checks()
    told = {"status": state} | ({"checks": found} if is_monitor(request) else {})
    return JsonResponse(told, status=503 if state == checks.DOWN else 200)


@require_safe
def figures(request):
    """Prometheus' text; for anyone else this address does not exist."""
    if not is_monitor(request):
        raise Http404
    return HttpResponse(metrics.text(), content_type=CONTENT_TYPE_LATEST)
