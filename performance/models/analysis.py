"""What a night writes: rollups (sufficient statistics) and the seven analyses, one partition a night.

The tables are made by SQL in the first migration (performance/migrations/_tables.py): LIST by night, filled
beside the readers and attached in one transaction. Rows are looked up with night and customer.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.fields import FenField
from customers.choices import Channel, Family, Lifecycle, Tier
from customers.models import Customer
from performance.choices import Band, Driver, PState
from performance.models.night import Night


class OfNightQuerySet(models.QuerySet):
    def of(self, night_id: int):
        """Narrow to one night: the partition that PostgreSQL then reads alone."""
        return self.filter(night_id=night_id)


class Rollup(models.Model):
    """One customer's sufficient statistics at one night; performance/rollups.py says what each column is."""

    customer = models.OneToOneField(Customer, models.DO_NOTHING, primary_key=True, related_name="+")
    night_id = models.BigIntegerField()
    aum = FenField()
    aum_c = models.BigIntegerField()
    aum30 = FenField()
    aum30_c = models.BigIntegerField()
    aum120 = FenField()
    aum120_c = models.BigIntegerField()
    deposit = FenField()
    deposit_c = models.BigIntegerField()
    loan = FenField()
    loan_c = models.BigIntegerField()
    loan365 = FenField()
    loan365_c = models.BigIntegerField()
    nii = models.BigIntegerField()
    nii_c = models.BigIntegerField()
    nii365 = models.BigIntegerField()
    nii365_c = models.BigIntegerField()
    loan_nii = models.BigIntegerField()
    loan_nii_c = models.BigIntegerField()
    loan_nii365 = models.BigIntegerField()
    loan_nii365_c = models.BigIntegerField()
    el = models.BigIntegerField()
    el_c = models.BigIntegerField()
    el365 = models.BigIntegerField()
    el365_c = models.BigIntegerField()
    q_aum_c = models.BigIntegerField()
    q_deposit_c = models.BigIntegerField()
    q_loan_c = models.BigIntegerField()
    q_nii_c = models.BigIntegerField()
    q_el_c = models.BigIntegerField()
    fee = FenField()
    q_fee = FenField()
    sales_prev = FenField()
    weeks = models.BigIntegerField()
    counter_n = models.IntegerField()
    digital_n = models.IntegerField()
    other_n = models.IntegerField()
    q_counter_n = models.IntegerField()
    q_digital_n = models.IntegerField()
    q_other_n = models.IntegerField()
    active_months = models.IntegerField()
    salary_months = models.IntegerField()
    first_balance_on = models.DateField(null=True)
    first_transaction_on = models.DateField(null=True)
    last_own_on = models.DateField(null=True)
    last_digital_on = models.DateField(null=True)
    last_salary_on = models.DateField(null=True)
    month_c = ArrayField(models.BigIntegerField())
    sales = ArrayField(models.BigIntegerField(), null=True)

    objects = OfNightQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "performance_rollup"
        verbose_name, verbose_name_plural = _("rollup"), _("rollups")

    def __str__(self):
        return f"{self.night_id} {self.customer_id}"


def _state():
    return models.SmallIntegerField(_("state"), choices=PState)


def _count():
    return models.SmallIntegerField(null=True)


def _day():
    return models.DateField(null=True)


class CustomerAnalysis(models.Model):
    """The seven P of one customer in one night, a prefix for each (docs/analyses.md lists the columns).

    `<p>_state` says whether the P was computed, had too little data (`_have` of `_need`), or was carried over
    because it failed; `<p>_on` is the date of its data. A figure that is not known is null, never 0.
    """

    customer = models.OneToOneField(Customer, models.DO_NOTHING, primary_key=True, related_name="+")
    night_id = models.BigIntegerField()
    overdue_days = models.IntegerField()
    next_maturity_fen = FenField(null=True)
    next_maturity_on = models.DateField(null=True)

    profiling_state, profiling_have, profiling_need, profiling_on = _state(), _count(), _count(), _day()
    profiling_tier = models.CharField(max_length=8, choices=Tier, null=True)
    profiling_lifecycle = models.CharField(max_length=10, choices=Lifecycle, null=True)
    profiling_month_fen = FenField(null=True)
    profiling_completeness_pct = models.SmallIntegerField(null=True)
    profiling_missing = models.BigIntegerField(null=True)
    profiling_missing_count = models.SmallIntegerField(null=True)

    persistency_state, persistency_have, persistency_need, persistency_on = (
        _state(),
        _count(),
        _count(),
        _day(),
    )
    persistency_loyalty = models.FloatField(null=True)
    persistency_churn = models.FloatField(null=True)
    persistency_band = models.SmallIntegerField(null=True, choices=Band)
    persistency_change_bp = models.IntegerField(null=True)
    persistency_maturing_fen = FenField(null=True)
    persistency_driver = models.SmallIntegerField(null=True, choices=Driver)
    persistency_driver2 = models.SmallIntegerField(null=True, choices=Driver)

    profitability_state, profitability_have, profitability_need, profitability_on = (
        _state(),
        _count(),
        _count(),
        _day(),
    )
    profitability_nii_fen = FenField(null=True)
    profitability_fee_fen = FenField(null=True)
    profitability_cost_fen = FenField(null=True)
    profitability_el_fen = FenField(null=True)
    profitability_eva_fen = FenField(null=True)
    profitability_raroc_bp = models.IntegerField(null=True)
    profitability_days = models.SmallIntegerField(null=True)
    profitability_percentile = models.SmallIntegerField(null=True)

    performance_state, performance_have, performance_need, performance_on = (
        _state(),
        _count(),
        _count(),
        _day(),
    )
    performance_sales_fen = FenField(null=True)
    performance_hhi = models.FloatField(null=True)
    performance_digital_bp = models.SmallIntegerField(null=True)
    performance_family = models.SmallIntegerField(null=True, choices=Family)
    performance_channel = models.SmallIntegerField(null=True)
    performance_yoy_bp = models.IntegerField(null=True)

    prospecting_state, prospecting_have, prospecting_need, prospecting_on = (
        _state(),
        _count(),
        _count(),
        _day(),
    )
    prospecting_aum_fen = FenField(null=True)
    prospecting_low_fen = FenField(null=True)
    prospecting_high_fen = FenField(null=True)
    prospecting_slope_fen = FenField(null=True)
    prospecting_clv_fen = FenField(null=True)
    prospecting_gap_fen = FenField(null=True)

    product_state, product_have, product_need, product_on = _state(), _count(), _count(), _day()
    product_product_id = models.BigIntegerField(null=True)
    product_because_id = models.BigIntegerField(null=True)
    product_confidence_bp = models.SmallIntegerField(null=True)
    product_lift = models.FloatField(null=True)
    product_value_fen = FenField(null=True)
    product_fallback = models.BooleanField(null=True)

    promotion_state, promotion_have, promotion_need, promotion_on = _state(), _count(), _count(), _day()
    promotion_response = models.FloatField(null=True)
    promotion_invited = models.SmallIntegerField(null=True)
    promotion_responded = models.SmallIntegerField(null=True)
    promotion_channel = models.SmallIntegerField(null=True, choices=Channel)
    promotion_contacts = models.SmallIntegerField(null=True)
    promotion_rest = models.BooleanField(null=True)

    objects = OfNightQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "performance_customeranalysis"
        verbose_name, verbose_name_plural = _("customer analysis"), _("customer analyses")

    def __str__(self):
        return f"{self.night_id} {self.customer_id}"


class Fit(models.Model):
    """A model fitted over all customers in a night's fit step: affinities, response rates, later churn."""

    night = models.ForeignKey(Night, models.PROTECT, related_name="fits", verbose_name=_("night"))
    kind = models.CharField(_("kind"), max_length=20)
    content = models.JSONField(_("content"))

    class Meta:
        verbose_name, verbose_name_plural = _("fit"), _("fits")
        constraints = [models.UniqueConstraint(fields=["night", "kind"], name="performance_fit_once")]

    def __str__(self):
        return f"{self.night_id} {self.kind}"
