"""Contacts and tasks. A contact is evidence in a score: it is added by its page, never edited here."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from crm.records import ReadOnlyRecord, Record, customer_number, yuan
from customers.models import ContactTemplate, FollowUp, Interaction, Task


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
        ("feedback_kind", "feedback_filed_at"),
        ("feedback_quality", "feedback_accepted", "feedback_judged_at", "feedback_judged_by"),
        ("confidential", "created_at", "edited_at"),
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


@admin.register(ContactTemplate)
class ContactTemplateAdmin(Record):
    """Texts to begin a note with: the bank's have no manager; a manager keeps his own on his page."""

    list_display = ["title", "purpose", "manager", "is_active"]
    list_filter = ["is_active", "purpose"]
    list_select_related = ["manager__user"]
    search_fields = ["title", "=manager__user__username"]
    fields = ["title", "purpose", "text", "is_active"]

    def get_queryset(self, request):
        return super().get_queryset(request).filter(manager=None)


@admin.register(FollowUp)
class FollowUpAdmin(ReadOnlyRecord):
    list_display = ["number", "every", "anchor_on"]
    list_filter = ["every"]
    list_select_related = ["customer"]
    search_fields = ["=customer__number"]
    search_help_text = _("A whole customer number.")
    number = customer_number
