"""Deals in the making, and ideas for products that managers bring from customers."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from crm.fields import FenField, PublicIdField
from crm.history.tracking import tracked
from customers.models import Customer, Product
from managers.models import Manager
from marketing.choices import IdeaState, Stage


@tracked()
class Opportunity(models.Model):
    public_id = PublicIdField()
    ref = models.CharField(_("reference"), max_length=40, unique=True)
    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="opportunities", verbose_name=_("customer")
    )
    manager = models.ForeignKey(
        Manager, models.PROTECT, related_name="opportunities", verbose_name=_("manager")
    )
    product = models.ForeignKey(
        Product, models.PROTECT, related_name="opportunities", verbose_name=_("product")
    )
    stage = models.CharField(_("stage"), max_length=10, choices=Stage)
    amount_fen = FenField(_("amount, fen"))
    opened_on = models.DateField(_("opened on"))
    stage_since = models.DateField(_("in this stage since"))
    expected_on = models.DateField(_("expected on"), null=True, blank=True)
    closed_on = models.DateField(_("closed on"), null=True, blank=True)
    loss_reason = models.CharField(_("why lost"), max_length=120, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("opportunity"), _("opportunities")
        constraints = [
            models.CheckConstraint(
                name="marketing_opportunity_amount_not_negative", condition=Q(amount_fen__gte=0)
            ),
            models.CheckConstraint(
                name="marketing_opportunity_dates_in_order",
                condition=Q(stage_since__gte=F("opened_on"))
                & (Q(closed_on=None) | Q(closed_on__gte=F("opened_on"))),
            ),
            models.CheckConstraint(
                name="marketing_opportunity_closed_when_ended",
                condition=Q(stage__in=[Stage.WON, Stage.LOST], closed_on__isnull=False)
                | ~Q(stage__in=[Stage.WON, Stage.LOST]) & Q(closed_on=None),
            ),
        ]
        indexes = [models.Index(fields=["customer", "stage"], name="marketing_opp_customer")]

    def __str__(self):
        return self.ref


@tracked()
class ProductIdea(models.Model):
    """An idea for a product or a change, from a manager to the departments that can answer it."""

    public_id = PublicIdField()
    manager = models.ForeignKey(Manager, models.PROTECT, related_name="ideas", verbose_name=_("manager"))
    title = models.CharField(_("title"), max_length=120)
    body = models.TextField(_("idea"))
    state = models.CharField(_("state"), max_length=10, choices=IdeaState, default=IdeaState.OPEN)
    answer = models.TextField(_("answer"), blank=True)
    created_at = models.DateTimeField(auto_now_add=True, db_default=models.functions.Now())

    class Meta:
        verbose_name, verbose_name_plural = _("product idea"), _("product ideas")

    def __str__(self):
        return self.title
