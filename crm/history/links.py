"""The way from a record to all its changes: one tag for every page and for Django's admin."""

from django.db import models
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from crm.history.tracking import Rule, rules
from crm.look.icons import icon

# Where a record is shown, by name: the platform imports no app.
PAGES = {
    "customers.customer": "customers:detail",
    "performance.scorecard": "performance:scorecard",
}


def is_for_all(rule: Rule) -> bool:
    """Whether who sees a record of this kind may see its history; else administrators and auditors alone."""
    return rule.customer_field is not None or hasattr(rule.model._default_manager.all(), "visible_to")


def changes_url(record: models.Model, user) -> str:
    """The page of all changes of `record`, which the page shows already; empty where `user` has none."""
    rule = rules().get(record._meta.label_lower)
    if rule is None or record.pk is None or not (user.sees_whole_bank or is_for_all(rule)):
        return ""
    return reverse("changes", args=[record._meta.label_lower, getattr(record, "public_id", record.pk)])


def changes_link(context, record, css: str = ""):
    """Tag `{% changes_link record %}`: "What changed here", or nothing."""
    url = changes_url(record, context["request"].user) if record else ""
    if not url:
        return ""
    words = _("What changed here")
    return format_html('<a class="{}" href="{}">{} {}</a>', css, url, icon("history", 14), words)


def record_url(record: models.Model, user) -> str:
    """The record's own page, or its page among all records for administrators; empty where there is none."""
    label, named = record._meta.label_lower, PAGES.get(record._meta.label_lower)
    names = [(named, getattr(record, "public_id", None))] if named else []
    if getattr(user, "role", "") == "admin" and user.is_staff:
        names.append((f"admin:{label.replace('.', '_')}_change", record.pk))
    for name, key in names:
        try:
            return reverse(name, args=[key])
        except NoReverseMatch:
            continue
    return ""
