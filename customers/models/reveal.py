"""Which masked value was shown whole to whom, and why: what the daily limit counts and supervisors read."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from customers.models.customer import Customer


class RevealField(models.TextChoices):
    DOCUMENT = "document", _("document number")
    MOBILE = "mobile", _("mobile")
    ADDRESS = "address", _("address")
    ACCOUNT = "account", _("account number")


class Reveal(models.Model):
    """One value of one customer, shown once to one person. The audit has its own row (crm.audit)."""

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="reveals", verbose_name=_("customer"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="reveals", verbose_name=_("who")
    )
    field = models.CharField(_("field"), max_length=10, choices=RevealField)
    reason = models.CharField(_("reason"), max_length=200)
    at = models.DateTimeField(_("when"), db_default=models.functions.Now(), editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("reveal"), _("reveals")
        constraints = [
            models.CheckConstraint(
                name="customers_reveal_field_known", condition=models.Q(field__in=RevealField.values)
            )
        ]
        indexes = [models.Index(fields=["user", "at"], name="customers_reveal_person")]

    def __str__(self):
        return f"{self.customer} {self.field}"


class RevealGrant(models.Model):
    """A supervisor let somebody reveal as many again on one day; nobody grants it to himself."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("who")
    )
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("granted by")
    )
    day = models.DateField(_("day"))

    class Meta:
        verbose_name, verbose_name_plural = _("reveal grant"), _("reveal grants")
        constraints = [
            models.CheckConstraint(
                name="customers_revealgrant_by_another", condition=~models.Q(user=models.F("granted_by"))
            )
        ]
        indexes = [models.Index(fields=["user", "day"], name="customers_revealgrant_day")]

    def __str__(self):
        return f"{self.user_id} {self.day}"
