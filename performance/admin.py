"""Nights, schemes and scorecards. A score is reproduced, never edited; a scheme is frozen once in force."""

from django import forms
from django.contrib import admin
from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from crm.look import dates, figures
from crm.records import (
    AskedRecord,
    AskingForm,
    ReadOnlyInline,
    ReadOnlyRecord,
    Record,
    customer_number,
    span,
    yuan,
)
from customers.admin.standing import NightRowAdmin
from performance.approvals import SCHEME, ask_scheme, scheme_payload
from performance.choices import StepState
from performance.decisions import CORRECTION, VETO, ask_correction, ask_veto, correction_payload, veto_payload
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
    Veto,
)
from performance.words import WORDS


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


class SchemeForm(AskingForm):
    kind = SCHEME.code

    class Meta:
        model = Scheme
        fields = ["code", "during", "content"]

    def payload(self):
        return scheme_payload(self.instance)


@admin.register(Scheme)
class SchemeAdmin(AskedRecord):
    form = SchemeForm
    list_display = ["code", "days"]
    days = span("during", _("in force"))
    search_fields = ["=code"]

    def has_change_permission(self, request, obj=None):
        """Rules are frozen the day they come into force (domain.md, fairness)."""
        frozen = obj is not None and (obj.during.lower is None or obj.during.lower <= timezone.localdate())
        return super().has_change_permission(request, obj) and not frozen

    def ask(self, request, form):
        ask_scheme(form.instance, maker=request.user, reason=form.cleaned_data["reason"])


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


class CorrectionForm(AskingForm):
    """One indicator of a published score, or what was deducted, or the veto; money in yuan."""

    kind = CORRECTION.code
    score = forms.ModelChoiceField(
        PublishedScore.objects.select_related("manager__user"),
        to_field_name="public_id",
        label=_("published score"),
        widget=forms.HiddenInput,
    )
    code = forms.ChoiceField(label=_("indicator"), required=False)
    numerator = forms.DecimalField(label=_("numerator"), max_digits=24, decimal_places=6, required=False)
    denominator = forms.DecimalField(
        label=_("denominator"),
        max_digits=24,
        decimal_places=6,
        required=False,
        help_text=_("Money in yuan."),
    )
    deducted = forms.DecimalField(
        label=_("deducted points"), max_digits=5, decimal_places=2, min_value=0, max_value=100, required=False
    )
    is_vetoed = forms.NullBooleanField(label=_("vetoed"), required=False)

    class Meta:
        model = PublishedScore
        fields = []

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["code"].choices = [("", "—")] + [
            (code, f"{code} {words.name}") for code, words in WORDS.items()
        ]

    def clean(self):
        told = super().clean()
        figures = (told.get("numerator"), told.get("denominator"))
        if bool(told.get("code")) != (None not in figures):
            self.add_error("code", _("An indicator takes both figures, and they take an indicator."))
        return told

    def wanted(self) -> dict:
        told, cases = self.cleaned_data, {}
        if code := told["code"]:
            scale = 100 if WORDS[code].kind == "fen" else 1
            cases = {code: (told["numerator"] * scale, told["denominator"] * scale)}
        return {"cases": cases, "deducted": told["deducted"], "is_vetoed": told["is_vetoed"]}

    def payload(self):
        return correction_payload(self.cleaned_data["score"], **self.wanted())

    def _get_validation_exclusions(self):
        return {field.name for field in PublishedScore._meta.fields}


@admin.register(PublishedScore)
class PublishedScoreAdmin(AskedRecord):
    """A published score stays; what is added here is a corrected version, with a second administrator."""

    may_change = False
    list_display = ["manager", "period", "version", "line", "total", "grade", "k", "made_at", "correct"]
    list_filter = ["period", "line", "grade"]
    list_select_related = ["manager__user", "period"]
    search_fields = ["=manager__user__username", "manager__user__name"]

    def get_form(self, request, obj=None, change=False, **kwargs):
        return super().get_form(request, obj, change, **kwargs) if obj else CorrectionForm

    def get_fields(self, request, obj=None):
        if obj is not None:
            return [field.name for field in PublishedScore._meta.fields if field.name != "id"]
        names = ["score", "code", "numerator", "denominator", "deducted", "is_vetoed"]
        return [*names, "reason"]

    def has_add_permission(self, request):
        """Only from a published score: which one is corrected stands in the address."""
        told = request.GET.get("score") or request.POST.get("score")
        return super().has_add_permission(request) and bool(told)

    def get_changeform_initial_data(self, request):
        return {"score": request.GET.get("score", "")}

    def ask(self, request, form):
        told = form.cleaned_data
        ask_correction(told["score"], maker=request.user, reason=told["reason"], **form.wanted())

    @admin.display(description=_("correction"))
    def correct(self, score):
        address = reverse("admin:performance_publishedscore_add")
        return format_html('<a href="{}?score={}">{}</a>', address, score.public_id, _("correct"))


class VetoForm(AskingForm):
    kind = VETO.code

    class Meta:
        model = Veto
        fields = ["manager", "period", "kind", "evidence", "reference"]

    def payload(self):
        return veto_payload(self.instance)


@admin.register(Veto)
class VetoAdmin(AskedRecord):
    """A veto stands once a second person has confirmed it, and then for good."""

    form = VetoForm
    may_change = False
    list_display = ["manager", "period", "kind", "decided_at"]
    list_filter = ["kind"]
    list_select_related = ["manager__user", "period"]
    search_fields = ["=manager__user__username", "manager__user__name"]
    autocomplete_fields = ["manager", "period"]

    def get_fields(self, request, obj=None):
        if obj is None:
            return [*VetoForm.Meta.fields, "reason"]
        return [*VetoForm.Meta.fields, "approval", "decided_at"]

    def ask(self, request, form):
        ask_veto(form.instance, maker=request.user, reason=form.cleaned_data["reason"])


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
