"""What changed here: every change of one record, old → new, who, when and why."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.http import Http404
from django.utils.text import capfirst
from django.views.decorators.http import require_safe

from crm import keyset
from crm.history.links import is_for_all, record_url
from crm.history.models import Change
from crm.history.tracking import CUSTOMER, Rule, rules
from crm.history.words import kind_words, told_changes
from crm.http import render_page

PAGE = 30
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
    kinds = _kinds(request.user) if label == CUSTOMER else {}
    kind = request.GET.get("kind", "")
    if kind in kinds:
        rows = rows.filter(source=kind)
    changes, pages = page_of(request, rows, order=f"changes:{label}:{record.pk}:{kind}")
    context = {
        "record": record,
        "kind": capfirst(rule.model._meta.verbose_name),
        "title": str(getattr(record, "name", "") or record),
        "changes": told_changes(changes),
        "record_url": record_url(record, request.user),
        "kinds": sorted(kinds.items(), key=lambda item: item[1]),
        "wanted_kind": kind,
        **pages,
    }
    return render_page(request, "history/changes.html", "history/_changes.html", context)


def _kinds(user) -> dict[str, str]:
    """The kinds of record about a customer whose changes `user` may read: table → words."""
    return {
        rule.table: kind_words(rule, rule.table)
        for rule in rules().values()
        if rule.customer_field is not None and (user.sees_whole_bank or not rule.table.startswith(SCORES))
    }


def changes_of(rule: Rule, record, *, whole: bool):
    """The lines of the journal about a record; `whole` adds what belongs to scores and pay."""
    if rule.model._meta.label_lower != CUSTOMER:
        return Change.objects.select_related("context").filter(source=rule.table, object_id=str(record.pk))
    rows = Change.objects.select_related("context").filter(customer_id=record.pk)
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


def _visible(user, rule: Rule, ident: str):
    """The record, or 404 where this user may not see it; administrators and auditors find removed ones."""
    field = "public_id" if any(f.name == "public_id" for f in rule.model._meta.fields) else "pk"
    try:
        found = _narrowed(user, rule).filter(**{field: ident}).first()
        if found is None and user.sees_whole_bank:
            found = _removed(rule, "pgh_obj_id" if field == "pk" else field, ident)
    except (ValidationError, ValueError) as error:
        raise Http404 from error
    if found is None:
        raise Http404
    return found


def _removed(rule: Rule, field: str, ident: str):
    """The record as its last row of history has it, not saved; None where there never was one."""
    event = rule.event_model._default_manager.filter(**{field: ident}).order_by("-pgh_id").first()
    if event is None:
        return None
    kept = {each.attname: getattr(event, each.attname) for each in rule.fields}
    return rule.model(**kept | {rule.model._meta.pk.attname: event.pgh_obj_id})


def _narrowed(user, rule: Rule):
    rows = rule.model._default_manager.all()
    if user.sees_whole_bank:
        return rows
    if not is_for_all(rule):
        return rows.none()
    if hasattr(rows, "visible_to"):
        return rows.visible_to(user)
    customers = rules()[CUSTOMER].model.objects.visible_to(user)
    return rows.filter(**{f"{rule.customer_field.name}__in": customers})
