"""A change in words: who, when, which record, which field from what to what, and why.

Of personal data only that they changed.
"""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.fields.ranges import RangeField
from django.db import connection, models
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.text import Truncator, capfirst
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.fields import FenField
from crm.history.models import Change
from crm.history.people import actor_words, names_of
from crm.history.tracking import CUSTOMER, Rule, rules
from crm.leaves import NONE, differences
from crm.look import figures

HIDDEN = "•••"
LONGEST = 80
MOST_LEAVES = 12  # of a nested value: as many differences are told, then how many more there are
LABELS = {
    "insert": gettext_lazy("new"),
    "update": gettext_lazy("changed"),
    "delete": gettext_lazy("removed"),
}
# What a page need not tell: keys and stamps.
_PLAIN = frozenset({"id", "public_id", "created_at"})


@dataclass(frozen=True)
class Field:
    """One field of one change; `old` is empty for a new row."""

    label: str
    old: str
    new: str


def told_changes(changes: list[Change]) -> list[dict]:
    """Return each change in words; the queries do not grow with the changes.

    {change, who, kind, what, url, customer, fields, asked_by, request}: `url` leads to all changes of the
    same record, `customer` is the number of the customer whom it concerns.
    """
    by_table = {rule.table: rule for rule in rules().values()}
    rows = _rows(changes, by_table)
    people = names_of({change.actor for change in changes})
    names = _Names()
    customer = rules()[CUSTOMER].model
    told = []
    for change in changes:
        rule = by_table.get(change.source)
        old, new = rows.get((change.source, change.event_id), ({}, {}))
        names.want(rule, old if change.label != "update" else {key: old.get(key) for key in new}, new)
        names.want_one(customer, change.customer_id)
        told.append((change, rule, old, new))
    names.fetch()
    return [
        {
            "change": change,
            "who": people.get(change.actor) or actor_words(change.actor),
            "kind": kind_words(rule, change.source),
            "what": str(LABELS.get(change.label, change.label)),
            "url": _url(rule, change, old),
            "customer": names.of(customer, change.customer_id) if change.customer_id else "",
            "fields": _fields(change, rule, old, new, names),
            "asked_by": _said(change, "asked_by"),
            "request": _said(change, "request"),
        }
        for change, rule, old, new in told
    ]


def kind_words(rule: Rule | None, source: str) -> str:
    return str(capfirst(rule.model._meta.verbose_name)) if rule else source


def _said(change: Change, name: str) -> str:
    """What the context of a change says; nothing where a queryset left it out."""
    context = change._state.fields_cache.get("context")
    return str(context.metadata.get(name, "")) if context else ""


def _url(rule: Rule | None, change: Change, old: dict) -> str:
    """Where all changes of the same record stand; nothing of many rows at once."""
    if rule is None or change.event_id is None:
        return ""
    return reverse("changes", args=[rule.model._meta.label_lower, old.get("public_id") or change.object_id])


def _rows(changes, by_table) -> dict:
    """(source, event id) → (the row before, what is new), as JSON, in one query."""
    wanted: dict[str, list[int]] = {}
    for change in changes:
        if change.event_id is not None and change.source in by_table:
            wanted.setdefault(change.source, []).append(change.event_id)
    if not wanted:
        return {}
    parts = [
        f"SELECT '{source}', pgh_id, to_jsonb(e)::text, pgh_new::text "
        f"FROM {by_table[source].event_model._meta.db_table} AS e WHERE pgh_id = ANY(%s)"
        for source in wanted
    ]
    decoder = models.JSONField().from_db_value
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), list(wanted.values()))
        return {
            (source, event): (decoder(old, None, connection) or {}, decoder(new, None, connection) or {})
            for source, event, old, new in cursor.fetchall()
        }


def _fields(change, rule, old, new, names) -> list[Field]:
    if rule is None or change.event_id is None:
        return []
    told = []
    for field in rule.fields:
        if field.name in _PLAIN or (change.label == "update" and field.column not in new):
            continue
        before, after = old.get(field.column), new.get(field.column)
        if change.label == "insert":
            before, after = None, before
        elif change.label == "delete":
            after = None
        if before in (None, "") and after in (None, ""):
            continue
        told += _told(field, before, after, field.name in rule.private, names)
    return told


def _told(field, before, after, hidden, names) -> list[Field]:
    """One line of a field; of a nested value one for each difference, of a new one only that it is there."""
    label = str(capfirst(field.verbose_name))
    if hidden or not isinstance(before, dict) or not isinstance(after, dict):
        return [Field(label, _word(field, before, hidden, names), _word(field, after, hidden, names))]
    found = differences(before, after)
    kept = [Field(f"{label} {name}", _cut(old), _cut(new)) for name, old, new in found[:MOST_LEAVES]]
    more = len(found) - len(kept)
    return kept + ([Field(label, "", _("and %(count)d more") % {"count": more})] if more else [])


def _word(field, value, hidden, names) -> str:
    if value is None or value == "":
        return NONE
    if hidden:
        return HIDDEN
    if field.is_relation:
        return names.of(field.related_model, value)
    if field.flatchoices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(field, FenField):
        return figures.exact_yuan(value)
    if isinstance(field, RangeField):
        return _span(value)
    if isinstance(field, models.DateTimeField):
        return _moment(value)
    if isinstance(value, dict | list):
        return _("content")
    return _cut(value)


def _span(value: str) -> str:
    """A half-open range of days as PostgreSQL writes it, `[2026-01-01,2026-04-01)`, as first day – end."""
    first, _comma, last = str(value).strip("[]()").partition(",")
    return f"{first or NONE} – {last}".rstrip()


def _moment(value: str) -> str:
    at = parse_datetime(str(value))
    return f"{localtime(at):%Y-%m-%d %H:%M}" if isinstance(at, datetime) and at.tzinfo else _cut(value)


def _cut(value) -> str:
    return Truncator(str(value)).chars(LONGEST)


class _Names:
    """What foreign keys point at, by name: one query for each kind of record."""

    def __init__(self):
        self.wanted: dict[type, set] = {}
        self.known: dict[tuple, str] = {}

    def want(self, rule, old, new) -> None:
        for field in rule.fields if rule else ():
            if field.is_relation:
                for row in (old, new):
                    self.want_one(field.related_model, row.get(field.column))

    def want_one(self, model, key) -> None:
        if key is not None:
            self.wanted.setdefault(model, set()).add(key)

    def fetch(self) -> None:
        for model, keys in self.wanted.items():
            rows = model._default_manager.filter(pk__in=keys)
            related = [f.name for f in model._meta.fields if f.name == "user" and f.is_relation]
            for item in rows.select_related(*related) if related else rows:
                self.known[model, item.pk] = str(item)

    def of(self, model, key) -> str:
        return self.known.get((model, key), f"#{key}")
