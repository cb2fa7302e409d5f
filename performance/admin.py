"""Nights, schemes and scorecards. A score is reproduced, never edited; a scheme is frozen once in force."""

from django.contrib import admin, messages
from django.db.models import Count, Q
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from crm.look import dates, figures
from crm.records import ReadOnlyInline, ReadOnlyRecord, Record, customer_number, span, yuan
from customers.admin.standing import NightRowAdmin
from performance.approvals import ask_scheme
from performance.choices import StepState
from performance.models import (
    Closing,
    CustomerAnalysis,
    Deduction,
    Fit,
    IndicatorResult,
    Night,
    PayEntry,
    PayStatement,
    Period,
    Plan,
    PublishedScore,
    Rollup,
    Scheme,
    Scorecard,
    Step,
)


@admin.register(Night)
class NightAdmin(ReadOnlyRecord):
    list_display = [
        "business_date",
        "version",
        "state",
        "progress",
        "customers",
        "started_at",
        "published_at",
        "live",
    ]
    list_filter = ["state"]
    fields = [
        ("business_date", "version", "state"),
        ("progress", "live"),
        ("previous", "upto_load", "customers"),
        "digest",
        "error",
        ("started_at", "published_at", "finished_at"),
    ]

    def get_queryset(self, request):
        done = Count("steps", filter=Q(steps__state=StepState.DONE))
        return super().get_queryset(request).annotate(all_steps=Count("steps"), done_steps=done)

    @admin.display(description=_("steps done"))
    def progress(self, night):
        share = figures.percent(night.done_steps / night.all_steps, 0) if night.all_steps else "—"
        return f"{night.done_steps}/{night.all_steps} · {share}"

    @admin.display(description=_("live progress"))
    def live(self, night):
        return format_html(
            '<a href="{}">{}</a>', reverse("performance:night", args=[night.business_date]), _("open")
        )


@admin.register(Step)
class StepAdmin(ReadOnlyRecord):
    list_display = [
        "night",
        "stage",
        "shard",
        "state",
        "attempts",
        "rows",
        "duration",
        "started_at",
        "finished_at",
    ]
    list_filter = ["state", "stage"]
    list_select_related = ["night"]
    ordering = ["-night_id", "id"]

    @admin.display(description=_("took"))
    def duration(self, step):
        return dates.duration(step.seconds)


@admin.register(Fit)
class FitAdmin(ReadOnlyRecord):
    list_display = ["night", "kind"]
    list_filter = ["kind"]
    list_select_related = ["night"]


class PackedRowAdmin(NightRowAdmin):
    list_display = ["number", "night_id"]

    @admin.display(description=_("all columns"))
    def columns(self, row):
        """Every figure that is packed in the row."""
        figures_of = ((name, "—" if value is None else value) for name, value in row.unpacked().items())
        return format_html_join("", "<div><b>{}</b> {}</div>", figures_of)


@admin.register(Rollup)
class RollupAdmin(PackedRowAdmin):
    """The state of every customer."""


@admin.register(CustomerAnalysis)
class CustomerAnalysisAdmin(PackedRowAdmin):
    def get_queryset(self, request):
        return super().get_queryset(request).only("customer__number", "night_id")


@admin.register(Scheme)
class SchemeAdmin(Record):
    list_display = ["code", "days"]
    days = span("during", _("in force"))
    search_fields = ["=code"]

    def has_change_permission(self, request, obj=None):
        """Rules are frozen the day they come into force (domain.md, fairness)."""
        frozen = obj is not None and (obj.during.lower is None or obj.during.lower <= timezone.localdate())
        return super().has_change_permission(request, obj) and not frozen

    def save_model(self, request, scheme, form, change):
        """Nothing is saved: the rules as entered go to a second administrator."""
        ask_scheme(scheme, maker=request.user, reason=str(_("Entered in the administrators' site")))
        messages.warning(request, _("The rules wait for a second administrator; nothing has changed yet."))

    def log_addition(self, request, scheme, message):
        """Not added yet: the approval is the record."""

    def log_change(self, request, scheme, message):
        """Not changed yet: the approval is the record."""

    def response_add(self, request, obj, post_url_continue=None):
        return redirect("approvals:mine")

    def response_change(self, request, obj):
        return redirect("approvals:mine")


@admin.register(Period)
class PeriodAdmin(ReadOnlyRecord):
    list_display = ["code", "days", "scheme", "closed_at"]
    fields = ["code", "days", "scheme", "closed_at"]
    days = span("during", _("during"))
    list_select_related = ["scheme"]
    search_fields = ["=code"]


@admin.register(Plan)
class PlanAdmin(ReadOnlyRecord):
    list_display = ["number", "period", "eva", "deposits", "deposit_base", "fees"]
    list_select_related = ["customer"]
    search_fields = ["=customer__number"]
    number = customer_number
    eva = yuan("eva_fen", _("EVA"))
    deposits = yuan("deposit_fen", _("growth of average deposits"))
    deposit_base = yuan("deposit_base_fen", _("base of average deposits"))
    fees = yuan("fee_fen", _("fee income"))


class ResultInline(ReadOnlyInline):
    model = IndicatorResult
    fields = ["code", "dimension", "numerator", "denominator", "value", "points", "weight"]
    ordering = ["id"]


@admin.register(Scorecard)
class ScorecardAdmin(ReadOnlyRecord):
    list_display = ["manager", "period", "night", "line", "total", "grade", "customers", "assigned_days"]
    list_filter = ["line", "grade"]
    list_select_related = ["manager__user", "period", "night"]
    search_fields = ["=manager__user__username", "manager__user__name"]
    inlines = [ResultInline]

    def view_on_site(self, card):
        return reverse("performance:scorecard", args=[card.public_id])


@admin.register(IndicatorResult)
class IndicatorResultAdmin(ReadOnlyRecord):
    list_display = ["scorecard", "code", "dimension", "numerator", "denominator", "value", "points", "weight"]
    list_filter = ["dimension"]
    list_select_related = ["scorecard"]
    search_fields = ["=scorecard__manager__user__username"]


@admin.register(Deduction)
class DeductionAdmin(Record):
    """Findings of compliance; in a closed quarter the database refuses them."""

    list_display = ["found_on", "manager", "severity", "finding", "evidence"]
    list_filter = ["severity"]
    list_select_related = ["manager__user"]
    search_fields = ["=manager__user__username", "manager__user__name", "evidence"]
    date_hierarchy = "found_on"


@admin.register(Closing)
class ClosingAdmin(ReadOnlyRecord):
    list_display = ["period", "state", "frozen_by", "frozen_at", "signed_by", "published_at"]
    list_filter = ["state"]
    list_select_related = ["period", "frozen_by", "signed_by"]


@admin.register(PublishedScore)
class PublishedScoreAdmin(ReadOnlyRecord):
    list_display = ["manager", "period", "version", "line", "total", "grade", "k", "made_at"]
    list_filter = ["period", "line", "grade"]
    list_select_related = ["manager__user", "period"]
    search_fields = ["=manager__user__username", "manager__user__name"]


class PayEntryInline(ReadOnlyInline):
    model = PayEntry
    fields = ["part", "source", "target", "amount", "due_on", "entered_on", "reason"]
    readonly_fields = ["amount"]
    ordering = ["id"]
    amount = yuan("amount_fen", _("amount"))


@admin.register(PayStatement)
class PayStatementAdmin(ReadOnlyRecord):
    list_display = ["manager", "score", "coefficient", "pool_factor", "amount", "now"]
    list_select_related = ["manager__user", "score"]
    search_fields = ["=manager__user__username", "manager__user__name"]
    inlines = [PayEntryInline]
    amount = yuan("amount_fen", _("performance pay"))
    now = yuan("now_fen", _("paid now"))


@admin.register(PayEntry)
class PayEntryAdmin(ReadOnlyRecord):
    list_display = ["manager", "part", "source", "target", "amount", "due_on", "entered_on", "reason"]
    list_filter = ["source", "target"]
    list_select_related = ["manager__user"]
    search_fields = ["=manager__user__username"]
    amount = yuan("amount_fen", _("amount"))
