"""The contact form as a page shows it: channel keys, an offered draft, and the words once it is saved."""

import uuid
from datetime import date
from urllib.parse import urlsplit

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from crm.drafts.services import Kept, draft_of
from crm.http import is_fragment
from crm.look import dates
from customers.forms import OTHER
from customers.views.timeline import ICONS

FLAGS = ("confidential", "keep_note")


def draft_key(about, kind: str = "contact") -> str:
    """The name under which what is written about this customer (or contact) is kept."""
    return f"{kind}:{about.public_id}"


def form_context(request, form, key: str, address: str = "") -> dict:
    """What customers/_contact_fields.html shows of a form; an unsent draft is offered on a fresh one only.

    `address` is the form's own, where that is not the request's.
    """
    address = address or request.get_full_path()
    restored = "draft" in QueryDict(urlsplit(address).query)
    fresh = not form.is_bound and not restored
    draft = draft_of(request.user, key) if fresh else None
    return {
        "form": form,
        "channels": _channel_keys(form),
        "draft_url": reverse("drafts:save", args=[key]),
        "draft_drop_url": reverse("drafts:drop", args=[key]),
        "draft": draft,
        "draft_words": draft.beginning("note") if draft else "",
        "draft_once": uuid.uuid4().hex,
        "draft_open_url": f"{address}{'&' if '?' in address else '?'}draft=1",
        "is_restored": restored and not form.is_bound,
        "in_drawer": is_fragment(request),
    }


def from_draft(form, kept: Kept) -> dict:
    """The initial values that `kept` gives `form`; a next date that is no longer offered stands as a date."""
    told = {name: values[-1] for name, values in kept.fields.items() if values and name in form.fields}
    told |= {name: name in kept.fields for name in FLAGS}
    when = told.get("when", "")
    if when not in dict(form.fields["when"].choices):
        told.pop("when", None)
        day = _day(when)
        if day and day >= form.as_of:
            told |= {"when": OTHER, "next_date": day}
    happened = _day(told.get("happened_on", ""))
    if happened is None or not form.earliest <= happened <= form.logged_on:
        told.pop("happened_on", None)
    return told


def saved_words(customer, contact, form) -> str:
    """What the page says once it is saved, with the day that was taken instead of a day off."""
    if not contact.next_date:
        return _("Saved: %(name)s") % {"name": customer.name}
    values = {"name": customer.name, "date": dates.day(contact.next_date, spaced=True)}
    if form.moved_from:
        values |= {"asked": dates.day(form.moved_from, spaced=True), "why": day_off(form)}
        said = _("Saved: %(name)s, next contact %(date)s, because %(asked)s is no working day (%(why)s)")
        return said % values
    cover = form.calendar.cover_on(contact.next_date)
    if cover:
        said = _("Saved: %(name)s, next contact %(date)s; you are away then, %(cover)s covers")
        return said % (values | {"cover": cover})
    return _("Saved: %(name)s, next contact %(date)s") % values


def day_off(form) -> str:
    """Why the day asked for is no free day: the holiday's name, the weekend, one's own leave."""
    if form.calendar.is_away(form.moved_from):
        return _("your leave")
    return form.calendar.note(form.moved_from) or dates.weekday(form.moved_from)


def _channel_keys(form):
    """The channels in the order of their keys 1–8, each with its icon; the chosen one takes the focus."""
    options = list(form["channel"])
    for option in options:
        option.data["attrs"] |= {"autofocus": True} if option.data["selected"] and not form.errors else {}
    return [(option, ICONS[int(option.data["value"])]) for option in options]


def _day(text):
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None
