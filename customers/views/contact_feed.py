"""Every contact over every channel, newest first; one's own may be changed for a while."""

from django.conf import settings
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from crm import audit, keyset
from crm.drafts.services import draft_of, drop_draft
from crm.http import go_to, is_fragment, render_page, toast
from crm.look import dates
from customers.forms import ContactForm
from customers.models import Customer, Interaction
from customers.selectors.contacts import SHOWN, contacts_page
from customers.selectors.habits import calendar_ahead, habit_of
from customers.services.contacts import ContactRefused, edit_contact, editable_until
from customers.views.access import back_to, visible_customer, writing_manager
from customers.views.contact_form import draft_key, form_context, from_draft, saved_words
from customers.views.timeline import contact_items


@require_safe
def feed(request, public_id):
    """The feed of a customer; `show` narrows it to what people logged or what the channels reported."""
    customer = visible_customer(request.user, public_id)
    show = request.GET.get("show", "all")
    show = show if show in SHOWN else "all"
    order = f"contacts:{customer.pk}:{show}"
    lists = [keyset.Segment(Interaction.objects.all(), ("-happened_at", "-id"))]
    try:
        cursors = keyset.cursors(request.GET, order, lists)
    except keyset.BadCursor:
        return render(request, "customers/bad_cursor.html", {"start_url": request.path}, status=400)
    if not is_fragment(request):
        audit.record(request, "read", subject=customer, own=False)  # with the page, or neither
    page, rows = contacts_page(customer, show=show, **cursors)
    kept = "" if show == "all" else f"&show={show}"
    context = {
        "customer": customer,
        "habit": habit_of(customer),
        "items": contact_items(rows, request.user, timezone.now()),
        "views": _views(show),
        "previous_url": f"?before={keyset.pack(page.places[0], order)}{kept}"
        if page.has_previous and rows
        else "",
        "next_url": f"?after={keyset.pack(page.places[-1], order)}{kept}" if page.next_place else "",
        "next_from": dates.day(page.next_place.values[0]) if page.next_place else "",
    }
    return render_page(request, "customers/contacts.html", "customers/_contacts.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request, public_id):
    """Change a contact of one's own within CONTACT_EDIT_HOURS; the history keeps what stood before."""
    seen = Interaction.objects.filter(customer__in=Customer.objects.visible_to(request.user))
    contact = get_object_or_404(seen.select_related("customer"), public_id=public_id)
    manager = writing_manager(request.user)
    at = timezone.now()
    if contact.manager_id != manager.pk or at >= editable_until(contact):
        return render(request, "customers/contact_closed.html", _why_closed(contact, manager), status=403)
    as_of = timezone.localdate()
    habit = habit_of(contact.customer)
    limits = {
        "as_of": as_of,
        "calendar": calendar_ahead(manager, as_of),
        "habit": habit,
        "contact": contact,
    }
    if request.method != "POST":
        form = ContactForm(initial=ContactForm.of_contact(contact, habit), **limits)
        kept = draft_of(request.user, draft_key(contact, "edit")) if request.GET.get("draft") else None
        form.initial |= from_draft(form, kept) if kept else {}
        return _edit_page(request, contact, form)
    form = ContactForm(request.POST, now=at, **limits)
    if not form.is_valid():
        return _edit_page(request, contact, form, status=422)
    values = {name: value for name, value in form.values().items() if name != "ref"}
    try:
        contact = edit_contact(contact, by=manager, at=at, **values)
    except ContactRefused as refusal:
        form.add_error(None, str(refusal))
        return _edit_page(request, contact, form, status=422)
    drop_draft(request.user, draft_key(contact, "edit"))
    toast(request, saved_words(contact.customer, contact, form))
    here = getattr(request.htmx, "current_url_abs_path", None) if is_fragment(request) else None
    feed_url = reverse("customers:contacts", args=[contact.customer.public_id])
    return go_to(request, back_to(request, here or feed_url))


def _edit_page(request, contact, form, status=None):
    until = timezone.localtime(editable_until(contact))
    context = form_context(request, form, draft_key(contact, "edit")) | {
        "customer": contact.customer,
        "contact": contact,
        "editable_until": f"{dates.day(until, spaced=True)} {dates.clock(until)}",
        "action": request.path,
        "next": back_to(request, ""),
    }
    return render_page(
        request, "customers/log_contact.html", "customers/_log_contact.html", context, status=status
    )


def _why_closed(contact, manager):
    return {
        "customer": contact.customer,
        "mine": contact.manager_id == manager.pk,
        "hours": settings.CONTACT_EDIT_HOURS,
    }


def _views(show):
    words = {
        "all": _("All"),
        "people": _("Logged by people"),
        "channels": _("From the bank's channels"),
    }
    return [
        {"label": words[name], "url": "?" if name == "all" else f"?show={name}", "is_current": name == show}
        for name in SHOWN
    ]
