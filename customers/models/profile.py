"""What is known of a customer: dated facts with source and verifier, what is checked of his identity."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.history.tracking import tracked
from customers.choices import FactSource, IdentityPart
from customers.models.customer import Customer
from managers.models import User


@tracked()
class ProfileField(models.Model):
    """A field the bank wants to know, with its weight in completeness and its time of validity."""

    code = models.CharField(_("code"), max_length=30, unique=True)
    name = models.CharField(_("name"), max_length=60)
    name_en = models.CharField(_("English name"), max_length=60)
    weight = models.PositiveSmallIntegerField(_("weight"), default=1)
    for_persons = models.BooleanField(_("required of persons"), default=True)
    for_organisations = models.BooleanField(_("required of organisations"), default=True)
    valid_months = models.PositiveSmallIntegerField(_("valid, months"), null=True, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("profile field"), _("profile fields")
        ordering = ["-weight", "code"]
        constraints = [
            models.CheckConstraint(name="customers_profilefield_weight_positive", condition=Q(weight__gt=0))
        ]

    def __str__(self):
        return self.name


@tracked(private=("value",))
class ProfileFact(models.Model):
    """One value of one field, true from `noted_on` until the next fact of that field."""

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="facts", verbose_name=_("customer"))
    field = models.ForeignKey(ProfileField, models.PROTECT, related_name="facts", verbose_name=_("field"))
    value = models.CharField(_("value"), max_length=200)
    source = models.CharField(_("source"), max_length=10, choices=FactSource)
    noted_on = models.DateField(_("noted on"))
    verified_on = models.DateField(_("verified on"), null=True, blank=True)
    verified_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("verified by")
    )
    expires_on = models.DateField(_("expires on"), null=True, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("profile fact"), _("profile facts")
        constraints = [
            models.UniqueConstraint(
                fields=["customer", "field", "noted_on"], name="customers_profilefact_once_a_day"
            ),
            models.CheckConstraint(name="customers_profilefact_has_value", condition=~Q(value="")),
            models.CheckConstraint(
                name="customers_profilefact_expires_later",
                condition=Q(expires_on=None) | Q(expires_on__gte=models.F("noted_on")),
            ),
        ]

    def __str__(self):
        return f"{self.customer_id} {self.field_id}"


@tracked()
class IdentityCheck(models.Model):
    """Where a part of the identity comes from and who saw it proved; the value lies sealed elsewhere."""

    customer = models.ForeignKey(
        Customer, models.PROTECT, related_name="identity_checks", verbose_name=_("customer")
    )
    part = models.CharField(_("part"), max_length=10, choices=IdentityPart)
    source = models.CharField(_("source"), max_length=10, choices=FactSource)
    noted_on = models.DateField(_("noted on"))
    verified_on = models.DateField(_("verified on"), null=True, blank=True)
    verified_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", null=True, blank=True, verbose_name=_("verified by")
    )

    class Meta:
        verbose_name, verbose_name_plural = _("identity check"), _("identity checks")
        constraints = [
            models.UniqueConstraint(fields=["customer", "part"], name="customers_identitycheck_once"),
            models.CheckConstraint(
                name="customers_identitycheck_part_known", condition=Q(part__in=IdentityPart.values)
            ),
            models.CheckConstraint(
                name="customers_identitycheck_verified_by_somebody",
                condition=Q(verified_on=None) | Q(verified_by__isnull=False),
            ),
        ]

    def __str__(self):
        return f"{self.customer_id} {self.part}"
