"""Who looks after whom: an unbroken history, so nothing is edited here."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from crm.records import ReadOnlyInline, ReadOnlyRecord, Record, customer_number, span
from customers.models import Assignment, CapacityRule, Custody, Handover, HandoverItem


@admin.register(Assignment)
class AssignmentAdmin(ReadOnlyRecord):
    list_display = ["number", "manager", "role", "share", "days", "reason"]
    list_filter = ["role"]
    list_select_related = ["customer", "manager__user"]
    search_fields = ["=customer__number", "=manager__user__username"]
    search_help_text = _("A whole customer number or staff number.")
    fields = ["customer", "manager", ("role", "share"), "days", "reason", "created_at"]
    number = customer_number
    days = span("during", _("during"))


class HandoverItemInline(ReadOnlyInline):
    model = HandoverItem
    fields = ["customer", "on_problem_list", "note"]

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("customer")


@admin.register(Handover)
class HandoverAdmin(ReadOnlyRecord):
    list_display = ["ref", "giver", "receiver", "effective_on", "reason", "state", "with_balance", "witness"]
    list_filter = ["state", "reason"]
    list_select_related = ["giver__user", "receiver__user", "witness"]
    search_fields = ["=ref", "=giver__user__username", "=receiver__user__username"]
    inlines = [HandoverItemInline]


@admin.register(HandoverItem)
class HandoverItemAdmin(ReadOnlyRecord):
    list_display = ["handover", "number", "on_problem_list"]
    list_filter = ["on_problem_list"]
    list_select_related = ["handover", "customer"]
    search_fields = ["=customer__number"]
    number = customer_number


@admin.register(Custody)
class CustodyAdmin(ReadOnlyRecord):
    list_display = ["number", "custodian", "lead", "days", "reason"]
    list_select_related = ["customer", "custodian__user", "lead__user"]
    search_fields = ["=customer__number", "=custodian__user__username"]
    search_help_text = _("A whole customer number or staff number.")
    fields = ["customer", "custodian", "lead", "days", "reason", "created_at"]
    number = customer_number
    days = span("during", _("during"))


@admin.register(CapacityRule)
class CapacityRuleAdmin(Record):
    """A new version is added and the one before it ended; past loads are not counted again."""

    list_display = ["code", "days", "weights"]
    fields = ["code", "during", "weights"]
    days = span("during", _("in force"))
