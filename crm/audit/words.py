"""An act in words: who in which post, which kind of record, and what stands in its detail."""

from django.apps import apps
from django.contrib.auth import get_user_model
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.approvals.registry import kinds
from crm.audit.models import AuditRecord
from crm.audit.recording import ACTS
from crm.export.registry import sheets
from crm.history.people import names_of

SHOWN_OF_DIGEST = 12
LABELS = {
    "what": gettext_lazy("list"),
    "filter": gettext_lazy("fingerprint"),
    "digest": gettext_lazy("fingerprint"),
    "rows": gettext_lazy("rows"),
    "date": gettext_lazy("date"),
    "form": gettext_lazy("format"),
    "size": gettext_lazy("bytes"),
    "field": gettext_lazy("field"),
    "reason": gettext_lazy("why"),
    "why": gettext_lazy("why"),
    "kind": gettext_lazy("kind"),
    "maker": gettext_lazy("asked by"),
    "state": gettext_lazy("state"),
    "request": gettext_lazy("request"),
    "show": gettext_lazy("list"),
    "person": gettext_lazy("staff number"),
    "customer": gettext_lazy("customer number"),
    "act": gettext_lazy("act"),
    "since": gettext_lazy("first day"),
    "until": gettext_lazy("last day"),
    "known": gettext_lazy("staff number is known"),
    "added": gettext_lazy("added"),
    "removed": gettext_lazy("removed"),
    "new": gettext_lazy("new"),
    "by": gettext_lazy("by"),
    "master": gettext_lazy("key"),
    "class": gettext_lazy("class"),
    "keep": gettext_lazy("kept"),
}
VALUES = {
    "acts": gettext_lazy("Reads and acts"),
    "change": gettext_lazy("Changes"),
    "himself": gettext_lazy("himself"),
    "reveals": gettext_lazy("revealed values"),
    "all": gettext_lazy("all"),
    "totp": gettext_lazy("authenticator app"),
    "webauthn": gettext_lazy("security key"),
    "recovery_codes": gettext_lazy("recovery codes"),
    "idle": gettext_lazy("no activity"),
    "age": gettext_lazy("too long signed in"),
    "changed": gettext_lazy("rights or password changed"),
}


def told_acts(rows: list[AuditRecord]) -> list[dict]:
    """Return {row, who, post, act, kind, detail: [(label, value)]} for each; two queries however many."""
    people = names_of({row.staff_number for row in rows})
    branches = _branches({row.branch_path for row in rows})
    roles = dict(get_user_model()._meta.get_field("role").flatchoices)
    return [
        {
            "row": row,
            "who": people.get(row.staff_number) or row.staff_number,
            "role": str(roles.get(row.role, row.role)),
            "branch": branches.get(row.branch_path, row.branch_path),
            "act": str(ACTS.get(row.act, row.act)),
            "kind": kind_words(row.subject_type),
            "detail": detail_words(row.detail),
        }
        for row in rows
    ]


def kind_words(label: str) -> str:
    """The kind of a record by the model's label, e.g. "customers.customer", in the reader's language."""
    try:
        return str(capfirst(apps.get_model(label)._meta.verbose_name)) if label else ""
    except (LookupError, ValueError):
        return label


def detail_words(detail: dict) -> list[tuple[str, str]]:
    """The codes of a detail as (label, value) in words; what is unknown stays as it is."""
    return [(str(LABELS.get(name, name)), _value(name, value)) for name, value in detail.items()]


def _value(name: str, value) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    known = {
        "what": lambda: sheets()[value].label,
        "kind": lambda: kinds()[value].label if value in kinds() else _source(value),
        "act": lambda: ACTS[value],
        "field": lambda: dict(apps.get_model("customers.reveal")._meta.get_field("field").flatchoices)[value],
        "filter": lambda: value[:SHOWN_OF_DIGEST],
        "digest": lambda: value[:SHOWN_OF_DIGEST],
        "form": lambda: value.upper(),
    }
    try:
        return str(known[name]() if name in known else VALUES[value])
    except (KeyError, TypeError, AttributeError):
        return str(VALUES.get(value, value)) if isinstance(value, str) else str(value)


def _source(table: str) -> str:
    """The kind of record of a table of the journal."""
    models = (model for model in apps.get_models() if model._meta.db_table == table)
    return str(next(models)._meta.verbose_name) if table else table


def _branches(paths: set[str]) -> dict[str, str]:
    """Path → name of the branch, in one query."""
    branch = get_user_model()._meta.get_field("branch").related_model
    return dict(branch.objects.filter(path__in=paths - {""}).values_list("path", "name"))
