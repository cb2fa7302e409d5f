"""Everything that happened with a customer: the whole timeline, by kind, page by page."""

from urllib.parse import urlencode

from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from crm import audit
from crm.http import is_fragment, render_page
from crm.keyset import BadCursor
from crm.look import dates
from customers.events import KINDS, Cursor, events_of
from customers.views.access import visible_customer

PAGE = 20


@require_safe
def timeline(request, public_id):
    """One page, newest first; `kind` narrows it, `after` goes on behind a cursor."""
    customer = visible_customer(request.user, public_id)
    if not is_fragment(request):
        audit.record(request, "read", subject=customer, own=False)
    kind = request.GET.get("kind", "")
    kind = kind if kind in KINDS else ""
    order = f"{customer.pk}:{kind}"
    try:
        after = Cursor.unpacked(request.GET["after"], order) if request.GET.get("after") else None
    except BadCursor:
        return render(request, "customers/bad_cursor.html", {"start_url": request.path}, status=400)
    items, last = events_of(customer, request.user, kind=kind, after=after, most=PAGE)
    context = {
        "customer": customer,
        "items": items,
        "kinds": [
            _kind("", _("Everything"), kind),
            *(_kind(code, words, kind) for code, words in KINDS.items()),
        ],
        "previous_url": _address(kind) if after else "",
        "next_url": _address(kind, last.packed(order)) if last else "",
        "next_from": dates.day(last.at) if last else "",
    }
    return render_page(request, "customers/events.html", "customers/_events.html", context)


def _kind(code, words, current):
    return {"label": words, "url": _address(code), "is_current": code == current}


def _address(kind, after=""):
    return "?" + urlencode({name: value for name, value in (("kind", kind), ("after", after)) if value})
