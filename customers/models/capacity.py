"""How much a customer weighs in a manager's load: by tier, versioned by date."""

from decimal import Decimal

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from crm.history.tracking import tracked
from customers.choices import Tier


def check_weights(weights) -> None:
    """Raise ValidationError unless `weights` gives each tier a number above 0 and at most 100."""
    if not isinstance(weights, dict) or set(weights) != set(Tier.values):
        raise ValidationError(
            gettext("Give each tier its weight, and nothing else: %(tiers)s.")
            % {"tiers": ", ".join(Tier.values)}
        )
    for tier, weight in weights.items():
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight <= 100:
            raise ValidationError(
                gettext("The weight of %(tier)s must be a number above 0 and at most 100.") % {"tier": tier}
            )


@tracked()
class CapacityRule(models.Model):
    """The weights of tiers in force on a range of days; a manager's capacity is counted in them."""

    code = models.CharField(_("version"), max_length=20, unique=True)
    during = DateRangeField(_("in force"))
    weights = models.JSONField(_("weight by tier"), validators=[check_weights])

    class Meta:
        verbose_name, verbose_name_plural = _("weights of load"), _("weights of load")
        ordering = ["-during"]
        constraints = [
            ExclusionConstraint(
                name="customers_capacityrule_one_at_a_time",
                expressions=[("during", RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(
                name="customers_capacityrule_during_not_empty",
                condition=Q(during__isempty=False, during__startswith__isnull=False),
            ),
        ]

    def __str__(self):
        return self.code

    @classmethod
    def weights_on(cls, date) -> dict[str, Decimal]:
        """Tier → weight on `date`; 1 each where no rule is in force."""
        rule = cls.objects.filter(during__contains=date).first()
        told = rule.weights if rule else dict.fromkeys(Tier.values, 1)
        return {tier: Decimal(str(weight)) for tier, weight in told.items()}
