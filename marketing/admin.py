"""Segments, strategies, campaigns; the deals and answers they lead to are looked at only."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from crm.records import ReadOnlyRecord, Record, RecordInline, customer_number, yuan
from marketing.models import Campaign, Invitation, Opportunity, ProductIdea, Segment, Strategy


class StrategyInline(RecordInline):
    model = Strategy
    template = "admin/edit_inline/stacked.html"


@admin.register(Segment)
class SegmentAdmin(Record):
    list_display = ["code", "name"]
    search_fields = ["=code", "name"]
    inlines = [StrategyInline]


@admin.register(Strategy)
class StrategyAdmin(Record):
    list_display = ["segment", "kind"]
    list_filter = ["kind"]
    list_select_related = ["segment"]
    search_fields = ["segment__name"]
    autocomplete_fields = ["segment"]


@admin.register(Campaign)
class CampaignAdmin(Record):
    list_display = ["code", "name", "segment", "product", "starts_on", "ends_on"]
    list_select_related = ["segment", "product"]
    search_fields = ["=code", "name"]
    autocomplete_fields = ["segment", "product"]


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyRecord):
    list_display = ["campaign", "number", "arm", "channel", "invited_on", "responded_on", "value"]
    list_filter = ["arm"]
    list_select_related = ["campaign", "customer"]
    search_fields = ["=customer__number", "=campaign__code"]
    number = customer_number
    value = yuan("value_fen", _("value"))


@admin.register(Opportunity)
class OpportunityAdmin(ReadOnlyRecord):
    list_display = [
        "ref",
        "number",
        "manager",
        "product",
        "stage",
        "amount",
        "opened_on",
        "expected_on",
        "closed_on",
    ]
    list_filter = ["stage"]
    list_select_related = ["customer", "manager__user", "product"]
    search_fields = ["=ref", "=customer__number", "=manager__user__username"]
    number = customer_number
    amount = yuan("amount_fen", _("amount"))


@admin.register(ProductIdea)
class ProductIdeaAdmin(Record):
    """Ideas come from managers; here they are answered."""

    may_add = False
    list_display = ["title", "manager", "state", "created_at"]
    list_filter = ["state"]
    list_select_related = ["manager__user"]
    search_fields = ["title"]
    readonly_fields = ["manager", "title", "body", "created_at"]
