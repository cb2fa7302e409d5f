"""What a customer has with other banks, as he or a document told: the other half of his wallet."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.fields import FenField, PublicIdField
from crm.history.tracking import tracked
from customers.choices import FactSource, OutsideKind
from customers.models.customer import Customer
from managers.models import User


@tracked(private=("amount_fen",))
class OutsideHolding(models.Model):
    """One holding at one other bank. It stays true until it is told anew or has ended."""

    public_id = PublicIdField()
    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="outside_holdings", verbose_name=_("customer")
    )
    bank = models.CharField(_("bank"), max_length=60)
    kind = models.CharField(_("kind"), max_length=10, choices=OutsideKind)
    amount_fen = FenField(_("amount, fen"))
    matures_on = models.DateField(_("matures on"), null=True, blank=True)
    source = models.CharField(_("source"), max_length=10, choices=FactSource)
    told_on = models.DateField(_("told on"))
    noted_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("noted by"))
    ended_on = models.DateField(_("ended on"), null=True, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("holding elsewhere"), _("holdings elsewhere")
        constraints = [
            models.CheckConstraint(
                name="customers_outsideholding_amount_positive", condition=Q(amount_fen__gt=0)
            ),
            models.CheckConstraint(
                name="customers_outsideholding_kind_known", condition=Q(kind__in=OutsideKind.values)
            ),
            models.CheckConstraint(
                name="customers_outsideholding_ends_after_told",
                condition=Q(ended_on=None) | Q(ended_on__gte=models.F("told_on")),
            ),
            models.UniqueConstraint(
                fields=["customer", "bank", "kind"],
                condition=Q(ended_on=None),
                name="customers_outsideholding_once",
            ),
        ]

    def __str__(self):
        return f"{self.customer_id} {self.kind}"
