"""Last night's figures as lists need them, and the one pointer that says which night readers see."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.fields import FenField, FenListField
from customers.choices import Tier
from customers.models.customer import Customer


class Publication(models.Model):
    """One row: the night that every reader sees; publishing swaps it as it attaches the tables."""

    only = models.BooleanField(primary_key=True, default=True)
    business_date = models.DateField(_("business date"))
    night_id = models.BigIntegerField(_("night"))
    published_at = models.DateTimeField(_("published at"))

    class Meta:
        verbose_name, verbose_name_plural = _("publication"), _("publications")
        constraints = [
            models.CheckConstraint(name="customers_publication_one_row", condition=models.Q(only=True))
        ]

    def __str__(self):
        return f"{self.business_date}"


class StandingQuerySet(models.QuerySet):
    def published(self):
        """Narrow to the published night."""
        return self.filter(night_id=models.Subquery(Publication.objects.values("night_id")[:1]))


class Standing(models.Model):
    """One customer in one night, narrow: what My book shows and sorts by. Partitioned by night.

    Unknown is null, never 0. `months` are 13 month-average assets in fen, oldest first, null before the
    start.
    `churn_bp` is the probability of leaving in 1/10,000.
    """

    customer = models.OneToOneField(Customer, models.DO_NOTHING, primary_key=True, related_name="+")
    night_id = models.BigIntegerField()
    aum_fen = FenField()
    deposit_fen = FenField()
    loan_fen = FenField()
    aum_change_bp = models.IntegerField(null=True)  # last 30 days' average against the 90 before
    eva_fen = FenField(null=True)
    churn_bp = models.IntegerField(null=True)
    loyalty = models.DecimalField(max_digits=7, decimal_places=4, null=True)
    tier = models.CharField(max_length=8, choices=Tier)
    completeness_pct = models.SmallIntegerField(null=True)
    overdue_days = models.IntegerField()
    next_maturity_on = models.DateField(null=True)
    next_maturity_fen = FenField(null=True)
    months = FenListField(size=13)

    objects = StandingQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "customers_standing"
        verbose_name, verbose_name_plural = _("standing"), _("standings")

    def __str__(self):
        return f"{self.night_id} {self.customer_id}"
