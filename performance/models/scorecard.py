"""Schemes, periods, plans and scorecards, each result with the rows behind it."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.fields import FenField, PublicIdField
from crm.history.tracking import tracked
from customers.models import Customer
from managers.choices import Line
from managers.models import Manager
from performance.choices import Dimension, ScoreGrade
from performance.models.night import Night


@tracked()
class Scheme(models.Model):
    """A version of the rules: dimension weights per line and, per indicator, L, P, T and weight (JSON)."""

    code = models.CharField(_("code"), max_length=20, unique=True)
    during = DateRangeField(_("in force"))
    content = models.JSONField(_("content"))

    class Meta:
        verbose_name, verbose_name_plural = _("scheme"), _("schemes")
        constraints = [
            ExclusionConstraint(
                name="performance_scheme_one_at_a_time",
                expressions=[("during", RangeOperators.OVERLAPS)],
            )
        ]

    def __str__(self):
        return self.code


@tracked()
class Period(models.Model):
    """A natural quarter, e.g. 2026Q2, on the half-open range `during`.

    Once `closed_at` is set, the database refuses every change of its days' assignments, plans, scorecards and
    rules, and of itself (performance/migrations/_closing.py, SQLSTATE 23514).
    """

    code = models.CharField(_("code"), max_length=6, unique=True)
    during = DateRangeField(_("during"))
    scheme = models.ForeignKey(Scheme, models.PROTECT, related_name="periods", verbose_name=_("scheme"))
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("period"), _("periods")
        ordering = ["-code"]
        constraints = [
            ExclusionConstraint(
                name="performance_period_no_overlap", expressions=[("during", RangeOperators.OVERLAPS)]
            )
        ]

    def __str__(self):
        return self.code


@tracked()
class Plan(models.Model):
    """What is planned with one customer in one quarter: it belongs to the customer and moves with him."""

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="plans", verbose_name=_("customer"))
    period = models.CharField(_("period"), max_length=6)
    eva_fen = FenField(_("EVA, fen"), default=0)
    deposit_fen = FenField(_("growth of average deposits, fen"), default=0)
    deposit_base_fen = FenField(_("base of average deposits, fen"), default=0)
    fee_fen = FenField(_("fee income, fen"), default=0)

    class Meta:
        verbose_name, verbose_name_plural = _("plan"), _("plans")
        constraints = [models.UniqueConstraint(fields=["customer", "period"], name="performance_plan_once")]

    def __str__(self):
        return f"{self.customer_id} {self.period}"


class ScorecardQuerySet(models.QuerySet):
    def visible_to(self, user):
        """Narrow to scorecards of managers whom `user` may see."""
        return self.filter(manager__in=Manager.objects.visible_to(user))


@tracked(inserts=False)
class Scorecard(models.Model):
    """One manager's score in one period, as one night computed it. Null: not enough to score."""

    public_id = PublicIdField()
    manager = models.ForeignKey(Manager, models.PROTECT, related_name="scorecards", verbose_name=_("manager"))
    period = models.ForeignKey(Period, models.PROTECT, related_name="scorecards", verbose_name=_("period"))
    night = models.ForeignKey(Night, models.PROTECT, related_name="scorecards", verbose_name=_("night"))
    line = models.CharField(_("line"), max_length=12, choices=Line)
    peer_group = models.CharField(_("peer group"), max_length=60, default="")
    is_rated = models.BooleanField(_("rated"), default=True)
    assigned_days = models.PositiveSmallIntegerField(_("days with customers"))
    customers = models.IntegerField(_("customers"))
    points = models.JSONField(_("points of the dimensions"))
    deducted = models.DecimalField(_("deducted points"), max_digits=5, decimal_places=2, default=0)
    is_vetoed = models.BooleanField(_("vetoed"), default=False)
    total = models.DecimalField(_("score"), max_digits=5, decimal_places=2, null=True, blank=True)
    grade = models.CharField(_("grade"), max_length=1, choices=ScoreGrade, null=True, blank=True)

    objects = ScorecardQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("scorecard"), _("scorecards")
        constraints = [
            models.UniqueConstraint(fields=["night", "manager"], name="performance_scorecard_once_a_night"),
            models.CheckConstraint(
                name="performance_scorecard_total_0_to_100",
                condition=Q(total=None) | Q(total__gte=0, total__lte=100),
            ),
        ]
        indexes = [models.Index(fields=["manager", "-night"], name="performance_scorecard_manager")]

    def __str__(self):
        return f"{self.manager_id} {self.period_id}"


@tracked(inserts=False)
class IndicatorResult(models.Model):
    """One indicator of a scorecard: numerator, denominator, raw value, points, weight. Null: no cases."""

    scorecard = models.ForeignKey(
        Scorecard, models.CASCADE, related_name="results", verbose_name=_("scorecard")
    )
    code = models.CharField(_("indicator"), max_length=2)
    dimension = models.CharField(_("dimension"), max_length=12, choices=Dimension)
    numerator = models.DecimalField(_("numerator"), max_digits=24, decimal_places=6, null=True, blank=True)
    denominator = models.DecimalField(
        _("denominator"), max_digits=24, decimal_places=6, null=True, blank=True
    )
    value = models.DecimalField(_("value"), max_digits=24, decimal_places=10, null=True, blank=True)
    points = models.DecimalField(_("points"), max_digits=14, decimal_places=10, null=True, blank=True)
    weight = models.DecimalField(_("weight, %"), max_digits=7, decimal_places=4)

    class Meta:
        verbose_name, verbose_name_plural = _("indicator result"), _("indicator results")
        constraints = [
            models.UniqueConstraint(fields=["scorecard", "code"], name="performance_indicatorresult_once"),
            models.CheckConstraint(
                name="performance_indicatorresult_points_0_to_100",
                condition=Q(points=None) | Q(points__gte=0, points__lte=100),
            ),
        ]

    def __str__(self):
        return f"{self.scorecard_id} {self.code}"
