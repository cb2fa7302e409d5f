"""Requests, complaints, surveys and checks. They count in scores: looked at here, changed by their pages."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from crm.records import ReadOnlyRecord, customer_number
from service.models import Complaint, PostLoanCheck, ServiceRequest, Survey


@admin.register(ServiceRequest)
class ServiceRequestAdmin(ReadOnlyRecord):
    list_display = [
        "number",
        "holder",
        "manager",
        "kind",
        "department",
        "state",
        "opened_at",
        "due_at",
        "closed_at",
    ]
    list_filter = ["state", "department"]
    list_select_related = ["customer", "manager__user"]
    search_fields = ["=number", "=customer__number"]
    search_help_text = _("A whole request number or customer number.")
    holder = customer_number


@admin.register(Complaint)
class ComplaintAdmin(ReadOnlyRecord):
    list_display = [
        "number",
        "holder",
        "manager",
        "cause",
        "business",
        "received_on",
        "due_on",
        "closed_on",
        "at_fault",
    ]
    list_filter = ["source", "cause", "at_fault"]
    list_select_related = ["customer", "manager__user"]
    search_fields = ["=number", "=customer__number"]
    search_help_text = _("A whole complaint number or customer number.")
    holder = customer_number


@admin.register(Survey)
class SurveyAdmin(ReadOnlyRecord):
    list_display = ["ref", "holder", "manager", "kind", "sent_on", "answered_on", "score"]
    list_filter = ["kind"]
    list_select_related = ["customer", "manager__user"]
    search_fields = ["=ref", "=customer__number"]
    holder = customer_number


@admin.register(PostLoanCheck)
class PostLoanCheckAdmin(ReadOnlyRecord):
    list_display = ["ref", "holder", "account", "due_on", "done_on", "result"]
    list_filter = ["result"]
    list_select_related = ["customer", "account"]
    search_fields = ["=ref", "=customer__number"]
    holder = customer_number
