"""What pay rests on: findings that cost points, the closing of a quarter, published scores, the ledger."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from crm.fields import FenField, PublicIdField
from crm.history.tracking import tracked
from managers.choices import Grade, Line
from managers.models import Manager
from performance.choices import ClosingState, PayAccount, ScoreGrade, Severity
from performance.models.night import Night
from performance.models.scorecard import Period


class OfManagerQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Narrow to the rows of managers whom `user` may see."""
        return self.filter(manager__in=Manager.objects.visible_to(user))


@tracked()
class Deduction(models.Model):
    """A compliance finding against a manager; the rules say how many points it costs in its quarter.

    Nothing that an indicator counts already is deducted again (domain.md §1).
    """

    public_id = PublicIdField()
    manager = models.ForeignKey(Manager, models.PROTECT, related_name="deductions", verbose_name=_("manager"))
    found_on = models.DateField(_("found on"), db_index=True)
    severity = models.CharField(_("severity"), max_length=5, choices=Severity)
    finding = models.CharField(_("finding"), max_length=300)
    evidence = models.CharField(
        _("evidence"), max_length=300, help_text=_("Number of the report or file that proves it.")
    )

    objects = OfManagerQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("deduction"), _("deductions")
        ordering = ["-found_on", "-id"]
        constraints = [
            models.CheckConstraint(
                name="performance_deduction_severity_known", condition=Q(severity__in=Severity.values)
            ),
            models.CheckConstraint(
                name="performance_deduction_has_evidence", condition=~Q(evidence="") & ~Q(finding="")
            ),
        ]

    def __str__(self):
        return f"{self.manager_id} {self.found_on}"

    def clean(self):
        """Refuse a finding in a closed quarter with what to do; the database refuses it, too."""
        if self.found_on and Period.objects.filter(during__contains=self.found_on, closed_at__isnull=False):
            said = _("That quarter is closed: ask for a correction of the score instead.")
            raise ValidationError({"found_on": said})


@tracked()
class Closing(models.Model):
    """How a quarter's scores come to be paid on: frozen, reconciled, signed by a second person, published.

    `digest` is that of the frozen scorecards of `night`; publication refuses others. `differences` are what
    the reconciliation found, as rows of performance.closing.Difference; `note` explains those that may stay.
    """

    public_id = PublicIdField()
    period = models.OneToOneField(Period, models.PROTECT, related_name="closing", verbose_name=_("period"))
    night = models.ForeignKey(Night, models.PROTECT, related_name="closings", verbose_name=_("night"))
    digest = models.CharField(_("digest"), max_length=64)
    state = models.CharField(_("state"), max_length=10, choices=ClosingState, default=ClosingState.FROZEN)
    pool_fen = FenField(_("pool of performance pay, fen"), null=True, blank=True)
    differences = models.JSONField(_("differences"), default=list)
    note = models.CharField(_("explanation of the differences"), max_length=500, blank=True)
    frozen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("frozen by")
    )
    frozen_at = models.DateTimeField(_("frozen"))
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("signed by"),
    )
    published_at = models.DateTimeField(_("published"), null=True, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("closing"), _("closings")
        ordering = ["-period__code"]
        constraints = [
            models.CheckConstraint(
                name="performance_closing_two_people",
                condition=Q(signed_by=None) | ~Q(signed_by=F("frozen_by")),
            ),
            models.CheckConstraint(
                name="performance_closing_published_is_signed",
                condition=Q(state=ClosingState.PUBLISHED, signed_by__isnull=False, published_at__isnull=False)
                | (~Q(state=ClosingState.PUBLISHED) & Q(signed_by=None, published_at=None)),
            ),
            models.CheckConstraint(
                name="performance_closing_pool_not_negative", condition=Q(pool_fen=None) | Q(pool_fen__gte=0)
            ),
        ]

    def __str__(self):
        return self.period.code


@tracked(inserts=False)
class PublishedScore(models.Model):
    """One manager's score of a closed quarter with all that it follows from; a correction is a new version.

    `cases` is what was measured, code → [numerator, denominator] as text, `results` code → [value, points,
    weight], `points` those of the dimensions. With the period's rules and the first versions of everybody
    else in the quarter every figure follows again (performance.published.recompute).
    """

    public_id = PublicIdField()
    manager = models.ForeignKey(
        Manager, models.PROTECT, related_name="published_scores", verbose_name=_("manager")
    )
    period = models.ForeignKey(
        Period, models.PROTECT, related_name="published_scores", verbose_name=_("period")
    )
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    line = models.CharField(_("line"), max_length=12, choices=Line)
    post = models.CharField(_("grade of the post"), max_length=12, choices=Grade)
    peer_group = models.CharField(_("peer group"), max_length=60)
    is_rated = models.BooleanField(_("rated"))
    assigned_days = models.PositiveSmallIntegerField(_("days with customers"))
    days_in_post = models.PositiveSmallIntegerField(_("days in post"))
    customers = models.IntegerField(_("customers"))
    cases = models.JSONField(_("figures"))
    results = models.JSONField(_("indicators"))
    points = models.JSONField(_("points of the dimensions"))
    deducted = models.DecimalField(_("deducted points"), max_digits=5, decimal_places=2, default=0)
    is_vetoed = models.BooleanField(_("vetoed"), default=False)
    total = models.DecimalField(_("score"), max_digits=5, decimal_places=2, null=True, blank=True)
    grade = models.CharField(_("grade"), max_length=1, choices=ScoreGrade, null=True, blank=True)
    k = models.DecimalField(_("pay factor"), max_digits=5, decimal_places=4)
    reason = models.CharField(_("reason for the correction"), max_length=300, blank=True)
    made_at = models.DateTimeField(_("published"))

    objects = OfManagerQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("published score"), _("published scores")
        ordering = ["-period__code", "manager_id", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["period", "manager", "version"], name="performance_publishedscore_once"
            ),
            models.CheckConstraint(
                name="performance_publishedscore_correction_has_reason",
                condition=Q(version=1) | (Q(version__gt=1) & ~Q(reason="")),
            ),
            models.CheckConstraint(
                name="performance_publishedscore_total_0_to_100",
                condition=Q(total=None) | Q(total__gte=0, total__lte=100),
            ),
        ]

    def __str__(self):
        return f"{self.manager_id} {self.period_id} v{self.version}"


@tracked(inserts=False)
class PayStatement(models.Model):
    """What a published score pays: `amount_fen` = `now_fen` + Σ `instalments` (fen, one a year)."""

    public_id = PublicIdField()
    score = models.OneToOneField(
        PublishedScore, models.PROTECT, related_name="pay", verbose_name=_("published score")
    )
    manager = models.ForeignKey(
        Manager, models.PROTECT, related_name="pay_statements", verbose_name=_("manager")
    )
    base_fen = FenField(_("base of performance pay, fen"))
    coefficient = models.DecimalField(_("coefficient of the grade"), max_digits=6, decimal_places=4)
    pool_factor = models.DecimalField(_("pool factor"), max_digits=12, decimal_places=10)
    amount_fen = FenField(_("performance pay, fen"))
    now_fen = FenField(_("paid now, fen"))
    instalments = models.JSONField(_("deferred instalments, fen"), default=list)

    objects = OfManagerQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("pay statement"), _("pay statements")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="performance_paystatement_parts_within_whole",
                condition=Q(amount_fen__gte=F("now_fen"), now_fen__gte=0),
            )
        ]

    def __str__(self):
        return f"{self.manager_id} {self.amount_fen}"

    @property
    def parts(self) -> list[int]:
        """Fen by part: 0 is paid at once, the rest one a year later each."""
        return [self.now_fen, *self.instalments]


@tracked(inserts=False)
class PayEntry(models.Model):
    """One movement of pay between two accounts of a manager: the ledger is only added to, and balances.

    `part` is 0 for what is paid at once, 1… for the deferred instalments of `statement`; `due_on` is the day
    from which it may be paid.
    """

    public_id = PublicIdField()
    manager = models.ForeignKey(
        Manager, models.PROTECT, related_name="pay_entries", verbose_name=_("manager")
    )
    statement = models.ForeignKey(
        PayStatement, models.PROTECT, related_name="entries", verbose_name=_("pay statement")
    )
    part = models.PositiveSmallIntegerField(_("part"))
    source = models.CharField(_("from"), max_length=9, choices=PayAccount)
    target = models.CharField(_("to"), max_length=9, choices=PayAccount)
    amount_fen = FenField(_("amount, fen"))
    due_on = models.DateField(_("due on"))
    entered_on = models.DateField(_("entered on"))
    reason = models.CharField(_("reason"), max_length=300, blank=True)

    objects = OfManagerQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("pay entry"), _("pay entries")
        ordering = ["-entered_on", "-id"]
        constraints = [
            models.CheckConstraint(
                name="performance_payentry_moves_money",
                condition=Q(amount_fen__gt=0) & ~Q(source=F("target")),
            ),
            models.CheckConstraint(
                name="performance_payentry_accounts_known",
                condition=Q(source__in=PayAccount.values, target__in=PayAccount.values),
            ),
        ]
        indexes = [models.Index(fields=["manager", "-entered_on"], name="performance_payentry_manager")]

    def __str__(self):
        return f"{self.source} → {self.target} {self.amount_fen}"
