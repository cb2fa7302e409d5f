"""What a night writes: rollups (sufficient statistics) and the seven analyses, one partition a night.

The tables are made by SQL in the first migration (`performance_rollup`, `performance_customeranalysis`,
`customers_standing`): LIST by night, filled beside the readers and attached in one transaction.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from performance.models.night import Night


class Rollup(models.Model):
    """One customer's sufficient statistics at one night (docs/analyses.md lists the columns)."""

    customer = models.OneToOneField(Customer, models.DO_NOTHING, primary_key=True, related_name="+")
    night_id = models.BigIntegerField()

    class Meta:
        managed = False
        db_table = "performance_rollup"

    def __str__(self):
        return f"{self.night_id} {self.customer_id}"


class CustomerAnalysisQuerySet(models.QuerySet):
    def of(self, night_id: int):
        return self.filter(night_id=night_id)


class CustomerAnalysis(models.Model):
    """The seven P of one customer in one night: one JSON object each, as docs/analyses.md lists their fields.

    A P object always holds `state` (ok | insufficient | stale), and with `insufficient` also `have`, `need`.
    """

    customer = models.OneToOneField(Customer, models.DO_NOTHING, primary_key=True, related_name="+")
    night_id = models.BigIntegerField()
    profiling = models.JSONField()
    persistency = models.JSONField()
    profitability = models.JSONField()
    performance = models.JSONField()
    prospecting = models.JSONField()
    product = models.JSONField()
    promotion = models.JSONField()

    objects = CustomerAnalysisQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "performance_customeranalysis"

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
