"""Search: one box in the bar over every customer one may see, at once while typing and as a page."""

from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from crm import keyset
from crm.look import dates
from crm.navigation import pages_named
from customers.choices import CustomerKind
from customers.context_processors import current_publication
from customers.selectors.find import MOST, PAGE, QUICK, find, order_of, own_contacts
from customers.selectors.search import clean_words
from customers.views.access import manager_of

CONTACTS_SHOWN = 5
SNIPPET = 40  # characters of a note round what was found
WHOLE = ("number", "document", "mobile", "account")  # one's own numbers: whoever types one whole means him


@require_safe
def search(request):
    """Every customer found, a page at a time; a whole number that fits one customer opens him."""
    words = clean_words(request.GET.get("q", ""))
    cursors = {name: request.GET.get(name, "") for name in ("after", "before")}
    try:
        page, hits, is_capped = find(request.user, words, _night(request), PAGE, **cursors)
    except keyset.BadCursor:
        start = _address(words)
        return render(request, "customers/bad_cursor.html", {"start_url": start}, status=400)
    if len(hits) == 1 and not any(cursors.values()) and _is_whole(hits[0], words):
        return redirect("customers:detail", hits[0].public_id)
    context = {"words": words, "rows": _rows(hits, words), **_pager(page, words)}
    context["most"] = MOST if is_capped else None
    if not any(cursors.values()):
        context |= _besides(request, words)
    return render(request, "customers/search.html", context)


@require_safe
def quick(request):
    """The first few, under the box, while one types."""
    words = clean_words(request.GET.get("q", ""))
    page, hits, _is_capped = find(request.user, words, _night(request), QUICK)
    more_url = _address(words) if page.next_place else ""
    context = {"words": words, "rows": _rows(hits, words), "more_url": more_url}
    return render(request, "customers/_search_quick.html", context | _besides(request, words))


def _night(request):
    published = current_publication(request)
    return published.night_id if published else None


def _address(words, **cursor):
    return f"{reverse('customers:search')}?{urlencode({'q': words, **cursor})}"


def _is_whole(hit, words):
    return hit.why in WHOLE and (hit.why != "number" or hit.number == words.upper())


def _rows(hits, words):
    """Hits with the reason in words; what was typed is marked in the name."""
    why = {
        "name": _("name"),
        "sound": _("sounds the same"),
        "near": _("one slip away"),
        "number": _("customer number"),
        "document": _("document or company code"),
        "mobile": _("mobile number"),
        "account": _("account number"),
        "tail": _("mobile ends in %(digits)s") % {"digits": words},
        "initials": _("pinyin initials"),
        "pinyin": _("pinyin"),
    }
    kinds = dict(CustomerKind.choices)
    return [
        {
            "hit": hit,
            "url": reverse("customers:detail", args=[hit.public_id]),
            "name": marked(hit.name, words if hit.why == "name" else ""),
            "number": marked(hit.number, words if hit.why == "number" else ""),
            "kind": kinds[hit.kind],
            "why": why[hit.why],
            "is_slip": hit.why in ("sound", "near"),
        }
        for hit in hits
    ]


def marked(text: str, words: str) -> str:
    """`text` as HTML with the first occurrence of `words` in <mark>, whatever its case."""
    at = text.lower().find(words.lower()) if words else -1
    if at < 0:
        return format_html("{}", text)
    end = at + len(words)
    return format_html("{}<mark>{}</mark>{}", text[:at], text[at:end], text[end:])


def _besides(request, words):
    """What else is found: one's own contacts and the pages of the rail."""
    contacts = own_contacts(manager_of(request.user), words, CONTACTS_SHOWN)
    return {
        "contacts": [
            {
                "url": reverse("customers:contacts", args=[contact.customer.public_id]),
                "name": contact.customer.name,
                "day": dates.full_day(timezone.localtime(contact.happened_at).date()),
                "text": marked(_snippet(contact, words), words),
            }
            for contact in contacts
        ],
        "pages": pages_named(request, words),
    }


def _snippet(contact, words):
    """The words round what was found, in one line."""
    text = contact.note if words.lower() in contact.note.lower() else contact.next_step
    text = " ".join(text.split())
    at = max(text.lower().find(words.lower()), 0)
    start, end = max(at - SNIPPET // 2, 0), at + len(words) + SNIPPET
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"


def _pager(page, words):
    order = order_of(words)
    ends = {
        "previous_url": ("before", page.places[0] if page.has_previous and page.places else None),
        "next_url": ("after", page.places[-1] if page.next_place else None),
    }
    links = {
        link: _address(words, **{name: keyset.pack(place, order)}) if place else ""
        for link, (name, place) in ends.items()
    }
    return links | {"page_words": _("%(shown)s on this page") % {"shown": len(page.places)}}
