"""The ledger: transactions and balances, hash-partitioned by customer, then by month.

The tables are made in the first migration by SQL (customers/migrations/_ledger.py); `crm.partitions` adds
months as data arrive. Rows are only ever added by the feed. Their key is the customer, the date and a number;
Django knows the number alone, so look rows up with the customer and a range of dates, never by `id` alone.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.fields import FenField, RateField
from customers.choices import Channel, Family, TransactionKind
from customers.models.customer import Customer
from customers.models.holdings import Account
from managers.models import Branch

LEDGER_SHARDS = 16


class Transaction(models.Model):
    """One posting. `amount_fen` is signed: money into the account is positive.

    `load` names the feed load that brought the row: a posting dated before a night that was already computed
    is found by it.
    """

    id = models.BigIntegerField(primary_key=True)
    customer = models.ForeignKey(Customer, models.DO_NOTHING, related_name="transactions")
    account = models.ForeignKey(Account, models.DO_NOTHING, related_name="transactions")
    branch = models.ForeignKey(Branch, models.DO_NOTHING, related_name="transactions")
    booked_on = models.DateField(_("booked on"))
    kind = models.SmallIntegerField(_("kind"), choices=TransactionKind)
    channel = models.SmallIntegerField(_("channel"), choices=Channel)
    family = models.SmallIntegerField(_("family"), choices=Family)
    amount_fen = FenField(_("amount, fen"))
    load_id = models.IntegerField(_("load"))

    class Meta:
        managed = False
        db_table = "customers_transaction"
        verbose_name, verbose_name_plural = _("transaction"), _("transactions")

    def __str__(self):
        return f"{self.booked_on} {self.pk}"


class DailyBalance(models.Model):
    """An account's balance from `date` until its next row, with the rates that priced it.

    The `_delta` columns say what changed against the account's row before (fen; fen × 1/100,000 per year for
    `nii`; fen × 1/1,000,000 per year for `el`). Level and integral of any measure over any range of days
    follow from them by exact integer sums, which is how a night reads days instead of years
    (docs/analyses.md). The loader computes them, and computes them anew after a late or corrected row.
    """

    id = models.BigIntegerField(primary_key=True)
    customer = models.ForeignKey(Customer, models.DO_NOTHING, related_name="balances")
    account = models.ForeignKey(Account, models.DO_NOTHING, related_name="balances")
    date = models.DateField(_("date"))
    family = models.SmallIntegerField(_("family"), choices=Family)
    amount_fen = FenField(_("balance, fen"))
    rate_e5 = RateField(_("rate, 1/100,000"))
    ftp_e5 = RateField(_("transfer price, 1/100,000"))
    pd_bp = models.IntegerField(_("probability of default, 1/10,000"))
    lgd_pct = models.SmallIntegerField(_("loss given default, 1/100"))
    aum_delta = models.BigIntegerField()
    deposit_delta = models.BigIntegerField()
    loan_delta = models.BigIntegerField()
    nii_delta = models.BigIntegerField()
    el_delta = models.BigIntegerField()
    load_id = models.IntegerField(_("load"))

    class Meta:
        managed = False
        db_table = "customers_dailybalance"
        verbose_name, verbose_name_plural = _("daily balance"), _("daily balances")

    def __str__(self):
        return f"{self.date} {self.pk}"


class Rebuild(models.Model):
    """A late or corrected row touched this customer: the next night computes him from the start."""

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+")
    load_id = models.IntegerField(_("load"))
    since = models.DateField(_("earliest date touched"))
    done_by_night = models.BigIntegerField(_("done by night"), null=True, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("rebuild"), _("rebuilds")
        constraints = [
            models.UniqueConstraint(fields=["customer", "load_id"], name="customers_rebuild_once_a_load")
        ]
        indexes = [
            models.Index(
                fields=["customer"], name="customers_rebuild_open", condition=models.Q(done_by_night=None)
            )
        ]

    def __str__(self):
        return f"{self.customer_id} {self.since}"
