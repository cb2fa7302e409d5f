"""Segments, and the one of five strategies that each follows."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.fields import PublicIdField
from crm.history.tracking import tracked
from marketing.choices import StrategyKind


@tracked()
class Segment(models.Model):
    """A named set of customers; `rule` is the readable condition (issue 7 builds and counts it)."""

    public_id = PublicIdField()
    code = models.CharField(_("code"), max_length=30, unique=True)
    name = models.CharField(_("name"), max_length=80)
    rule = models.JSONField(_("rule"), default=dict, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("segment"), _("segments")

    def __str__(self):
        return self.name


@tracked()
class Strategy(models.Model):
    """How the bank means to win a segment: one of the five strategies, with its 4P."""

    segment = models.OneToOneField(
        Segment, models.PROTECT, related_name="strategy", verbose_name=_("segment")
    )
    kind = models.CharField(_("strategy"), max_length=12, choices=StrategyKind)
    product = models.TextField(_("product"), blank=True)
    price = models.TextField(_("price"), blank=True)
    place = models.TextField(_("place"), blank=True)
    promotion = models.TextField(_("promotion"), blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("strategy"), _("strategies")
        constraints = [
            models.CheckConstraint(
                name="marketing_strategy_kind_known", condition=Q(kind__in=StrategyKind.values)
            )
        ]

    def __str__(self):
        return f"{self.segment}: {self.get_kind_display()}"
