"""A change in words: which field, from what to what. Of personal data only that they changed."""

from dataclasses import dataclass

from django.db import connection, models
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext as _

from crm.fields import FenField
from crm.history.models import Change
from crm.history.tracking import Rule, rules
from crm.look import figures

HIDDEN = "•••"
LONGEST = 80
# What a page need not tell: keys and stamps.
_PLAIN = frozenset({"id", "public_id", "created_at"})


@dataclass(frozen=True)
class Field:
    """One field of one change; `old` is empty for a new row."""

    label: str
    old: str
    new: str


def told_changes(changes: list[Change]) -> list[dict]:
    """Return {change, kind, fields} for each; the queries do not grow with the changes."""
    by_table = {rule.table: rule for rule in rules().values()}
    rows = _rows(changes, by_table)
    names = _Names()
    values = [
        (change, by_table.get(change.source), *rows.get((change.source, change.event_id), ({}, {})))
        for change in changes
    ]
    for change, rule, old, new in values:
        names.want(rule, old if change.label != "update" else {key: old.get(key) for key in new}, new)
    names.fetch()
    return [
        {"change": change, "kind": _kind(rule, change), "fields": _fields(change, rule, old, new, names)}
        for change, rule, old, new in values
    ]


def _kind(rule: Rule | None, change: Change) -> str:
    return capfirst(rule.model._meta.verbose_name) if rule else change.source


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
        hidden = field.name in rule.private
        before, after = old.get(field.column), new.get(field.column)
        if change.label == "insert":
            before, after = None, before
        elif change.label == "delete":
            after = None
        if before is None and after is None:
            continue
        label = capfirst(field.verbose_name)
        told.append(Field(label, _word(field, before, hidden, names), _word(field, after, hidden, names)))
    return told


def _word(field, value, hidden, names) -> str:
    if value is None or value == "":
        return "—"
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
    if isinstance(value, dict | list):
        return _("content")
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
                    if row.get(field.column) is not None:
                        self.wanted.setdefault(field.related_model, set()).add(row[field.column])

    def fetch(self) -> None:
        for model, keys in self.wanted.items():
            rows = model._default_manager.filter(pk__in=keys)
            related = [f.name for f in model._meta.fields if f.name == "user" and f.is_relation]
            for item in rows.select_related(*related) if related else rows:
                self.known[model, item.pk] = str(item)

    def of(self, model, key) -> str:
        return self.known.get((model, key), f"#{key}")
