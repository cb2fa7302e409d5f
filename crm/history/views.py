"""What changed here: every change of one record, old → new, who, when and why."""

from datetime import datetime

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from crm import keyset
from crm.history.models import Change
from crm.history.tracking import Rule, rules
from crm.history.words import told_changes
from crm.http import render_page

PAGE = 30
CUSTOMER = "customers.customer"
SCORES = "performance_"


@require_safe
def record_changes(request, label, ident):
    """The changes of one record, newest first; of a customer also those of everything about him.

    Who may see the record may see its history; what belongs to no customer is for administrators and
    auditors. Values of class C2 are hidden.
    """
    rule = rules().get(label)
    if rule is None:
        raise Http404
    record = _visible(request.user, rule, ident)
    rows = changes_of(rule, record, whole=request.user.sees_whole_bank)
    changes, pages = page_of(request, rows, order=f"changes:{label}:{record.pk}")
    context = {
        "record": record,
        "kind": capfirst(rule.model._meta.verbose_name),
        "title": getattr(record, "name", "") or str(record),
        "changes": with_people(told_changes(changes)),
        "record_url": record.get_absolute_url() if hasattr(record, "get_absolute_url") else "",
        **pages,
    }
    return render_page(request, "history/changes.html", "history/_changes.html", context)


def changes_of(rule: Rule, record, *, whole: bool):
    """The lines of the journal about a record; `whole` adds what belongs to scores and pay."""
    if rule.model._meta.label_lower != CUSTOMER:
        return Change.objects.filter(source=rule.table, object_id=str(record.pk))
    rows = Change.objects.filter(customer_id=record.pk)
    return rows if whole else rows.exclude(source__startswith=SCORES)


def page_of(request, rows, order: str) -> tuple[list, dict]:
    """One page by keyset and the addresses of its neighbours; a damaged cursor starts anew."""
    segments = [keyset.Segment(rows, ("-at", "-id"))]
    places = {}
    for way in ("after", "before"):
        if text := request.GET.get(way, ""):
            try:
                place = keyset.unpack(text, order, segments)
            except keyset.BadCursor:
                continue
            at = place.values[0]
            moment = datetime.fromisoformat(at) if isinstance(at, str) else at
            places[way] = keyset.Place(place.segment, (moment, *place.values[1:]))
    page = keyset.read_page(segments, PAGE, places.get("after"), places.get("before"))
    found = {row.pk: row for row in rows.filter(pk__in=page.keys)}
    listed = [found[key] for key in page.keys if key in found]
    links = {}
    if page.has_previous and page.places:
        links["previous_url"] = _link(request, "before", keyset.pack(page.places[0], order))
    if page.next_place:
        links["next_url"] = _link(request, "after", keyset.pack(page.places[-1], order))
    return listed, links


def _link(request, way: str, cursor: str) -> str:
    query = request.GET.copy()
    for name in ("after", "before"):
        query.pop(name, None)
    query[way] = cursor
    return f"?{query.urlencode()}"


def with_people(told: list[dict]) -> list[dict]:
    """Put the name beside the staff number, in one query."""
    numbers = {row["change"].actor for row in told}
    people = {user.get_username(): str(user) for user in _users(numbers)}
    for row in told:
        row["who"] = people.get(row["change"].actor) or actor_words(row["change"].actor)
    return told


def _users(numbers):
    return get_user_model()._default_manager.filter(username__in=numbers).only("username", "name")


def actor_words(actor: str) -> str:
    """An actor who is no person, in words."""
    kind, _colon, name = actor.partition(":")
    words = {
        "db": _("database user %(name)s"),
        "feed": _("feed %(name)s"),
        "system": _("system: %(name)s"),
        "command": _("command %(name)s"),
    }
    return words[kind] % {"name": name} if name and kind in words else actor


def _visible(user, rule: Rule, ident: str):
    """The record, or 404 where this user may not see it."""
    rows = _narrowed(user, rule.model)
    field = "public_id" if any(f.name == "public_id" for f in rule.model._meta.fields) else "pk"
    try:
        return get_object_or_404(rows, **{field: ident})
    except (ValidationError, ValueError) as error:
        raise Http404 from error


def _narrowed(user, model):
    rows = model._default_manager.all()
    if user.sees_whole_bank:
        return rows
    if hasattr(rows, "visible_to"):
        return rows.visible_to(user)
    if any(field.name == "customer" for field in model._meta.fields):
        customers = rules()[CUSTOMER].model.objects.visible_to(user)
        return rows.filter(customer__in=customers)
    return rows.none()
