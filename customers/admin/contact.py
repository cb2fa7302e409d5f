"""Contacts and tasks. A contact is evidence in a score: it is added by its page, never edited here."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from crm.records import ReadOnlyRecord, customer_number, yuan
from customers.models import Interaction, Task


@admin.register(Interaction)
class InteractionAdmin(ReadOnlyRecord):
    list_display = ["happened_at", "number", "manager", "channel", "purpose", "outcome", "next_date"]
    list_filter = ["channel", "purpose", "outcome"]
    list_select_related = ["customer", "manager__user"]
    search_fields = ["=customer__number", "=manager__user__username", "=ref"]
    search_help_text = _("A whole customer number, staff number or reference.")
    fields = [
        "ref",
        "customer",
        "manager",
        ("channel", "purpose", "outcome"),
        "happened_at",
        "note_shown",
        ("next_date", "next_step", "no_next_reason"),
        ("feedback_quality", "feedback_accepted"),
        ("confidential", "created_at"),
    ]
    number = customer_number

    @admin.display(description=_("note"))
    def note_shown(self, contact):
        """A confidential note is for those who look after the customer."""
        return _("Confidential: not shown here") if contact.confidential else contact.note


@admin.register(Task)
class TaskAdmin(ReadOnlyRecord):
    list_display = ["due_on", "number", "manager", "kind", "stake", "state", "rank"]
    list_filter = ["kind", "state"]
    list_select_related = ["customer", "manager__user"]
    search_fields = ["=customer__number", "=manager__user__username"]
    search_help_text = _("A whole customer number or staff number.")
    number = customer_number
    stake = yuan("value_fen", _("at stake"))
