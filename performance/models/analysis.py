"""What a night writes: rollups (the state of every customer) and the seven analyses, one partition a night.

The tables are made by SQL (performance/migrations/_packed.py): LIST by night, filled beside the readers and
attached in one transaction. Rows are looked up with night and customer; their figures are packed in one value
(performance/layouts.py) and are attributes of the row.
"""

import struct

from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.models import Customer
from performance.layouts import ANALYSIS, CELLS, ROLLUP
from performance.models.night import Night
from performance.packed import unpacked


class OfNightQuerySet(models.QuerySet):
    def of(self, night_id: int):
        """Narrow to one night: the partition that PostgreSQL then reads alone."""
        return self.filter(night_id=night_id)


class Rollup(unpacked(ROLLUP, "state"), models.Model):
    """One customer's exact state at one night; performance/rollups.py says what each figure is."""

    customer = models.OneToOneField(Customer, models.DO_NOTHING, primary_key=True, related_name="+")
    night_id = models.BigIntegerField()
    state = models.BinaryField(default=ROLLUP.write({}))
    sales = models.BinaryField(null=True)
    held = models.BinaryField(default=b"")

    objects = OfNightQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "performance_rollup"
        verbose_name, verbose_name_plural = _("rollup"), _("rollups")

    def __str__(self):
        return f"{self.night_id} {self.customer_id}"

    @property
    def cells(self) -> list[int]:
        """Sales of the year by family and channel group, fen; all 0 without a sale."""
        return list(struct.unpack(f">{CELLS}q", self.sales)) if self.sales else [0] * CELLS


class CustomerAnalysis(unpacked(ANALYSIS, "analysis"), models.Model):
    """The seven P of one customer in one night, a prefix for each (docs/analyses.md lists the figures).

    `<p>_state` says whether the P was computed, had too little data (`_have` of `_need`), or was carried over
    because it failed; `<p>_on` is the date of its data. A figure that is not known is None, never 0.
    """

    customer = models.OneToOneField(Customer, models.DO_NOTHING, primary_key=True, related_name="+")
    night_id = models.BigIntegerField()
    analysis = models.BinaryField(default=ANALYSIS.write({}))

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
