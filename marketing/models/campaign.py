"""Campaigns with a random control group, and who was invited."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from crm.fields import PublicIdField
from crm.history.tracking import tracked
from customers.choices import Channel
from customers.models import Customer, Product
from marketing.choices import Arm
from marketing.models.segment import Segment


@tracked()
class Campaign(models.Model):
    public_id = PublicIdField()
    code = models.CharField(_("code"), max_length=30, unique=True)
    name = models.CharField(_("name"), max_length=80)
    segment = models.ForeignKey(
        Segment,
        models.PROTECT,
        related_name="campaigns",
        null=True,
        blank=True,
        verbose_name=_("segment"),
    )
    product = models.ForeignKey(
        Product,
        models.PROTECT,
        related_name="campaigns",
        null=True,
        blank=True,
        verbose_name=_("product"),
    )
    starts_on = models.DateField(_("starts on"))
    ends_on = models.DateField(_("ends on"))
    goal = models.CharField(_("goal"), max_length=200, blank=True)
    script = models.TextField(_("script"), blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("campaign"), _("campaigns")
        constraints = [
            models.CheckConstraint(
                name="marketing_campaign_ends_after_start", condition=Q(ends_on__gte=F("starts_on"))
            )
        ]

    def __str__(self):
        return self.name


@tracked()
class Invitation(models.Model):
    """A customer in a campaign. In the control arm nobody is contacted, yet may still respond."""

    campaign = models.ForeignKey(
        Campaign, models.PROTECT, related_name="invitations", verbose_name=_("campaign")
    )
    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="invitations", verbose_name=_("customer")
    )
    arm = models.CharField(_("arm"), max_length=10, choices=Arm)
    channel = models.SmallIntegerField(_("channel"), choices=Channel, null=True, blank=True)
    invited_on = models.DateField(_("invited on"))
    responded_on = models.DateField(_("responded on"), null=True, blank=True)
    value_fen = models.BigIntegerField(_("value, fen"), default=0)

    class Meta:
        verbose_name, verbose_name_plural = _("invitation"), _("invitations")
        constraints = [
            models.UniqueConstraint(fields=["campaign", "customer"], name="marketing_invitation_once"),
            models.CheckConstraint(
                name="marketing_invitation_control_not_contacted",
                condition=Q(arm=Arm.TREATMENT, channel__isnull=False) | Q(arm=Arm.CONTROL, channel=None),
            ),
            models.CheckConstraint(
                name="marketing_invitation_responds_after",
                condition=Q(responded_on=None) | Q(responded_on__gte=F("invited_on")),
            ),
        ]
        indexes = [models.Index(fields=["customer", "-invited_on"], name="marketing_invitation_customer")]

    def __str__(self):
        return f"{self.campaign_id} {self.customer_id}"
