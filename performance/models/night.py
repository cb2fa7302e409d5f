"""The night: one run for a business date and version, and its steps."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from crm.partitions import SHARDS
from performance.choices import NightState, Stage, StepState


class Night(models.Model):
    """One computation of a business date. A re-run of a finished night must give the same `digest`."""

    business_date = models.DateField(_("business date"))
    version = models.CharField(_("version of the rules"), max_length=20)
    previous = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("built on"),
        help_text=_("The night whose state this one continues; empty: computed from the whole ledger."),
    )
    upto_load = models.IntegerField(_("feed loads up to"))
    state = models.CharField(_("state"), max_length=10, choices=NightState, default=NightState.WAITING)
    run = models.PositiveSmallIntegerField(
        _("run"), default=1, help_text=_("Counts the computations of this night; names its tables.")
    )
    published_run = models.PositiveSmallIntegerField(
        _("published run"), null=True, help_text=_("The run whose tables readers see."), editable=False
    )
    shards = models.PositiveSmallIntegerField(
        _("shards"),
        default=SHARDS,
        help_text=_("Into so many parts the customers are cut: a power of two, at most the ledger's."),
    )
    records_mark = models.CharField(
        max_length=50,
        blank=True,
        default="",
        editable=False,
        help_text=_("Server and transaction up to which changes to records are in this night."),
    )
    customers = models.BigIntegerField(_("customers"), default=0)
    digest = models.CharField(_("digest"), max_length=64, blank=True)
    error = models.TextField(_("error"), blank=True)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("night"), _("nights")
        ordering = ["-business_date", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["business_date", "version"], name="performance_night_once_a_date_and_version"
            ),
            models.CheckConstraint(
                name="performance_night_shards_divide_the_ledger",
                condition=Q(shards__in=[1, 2, 4, 8, SHARDS]),
            ),
            models.CheckConstraint(
                name="performance_night_published_has_digest",
                condition=~Q(state=NightState.PUBLISHED) | (~Q(digest="") & Q(published_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="performance_night_finishes_after_start",
                condition=Q(finished_at=None) | Q(finished_at__gte=F("started_at")),
            ),
        ]

    def __str__(self):
        return f"{self.business_date}"


class Step(models.Model):
    """One stage of a night for one shard (0 where a stage is not sharded), and for one P where it has one."""

    night = models.ForeignKey(Night, models.PROTECT, related_name="steps", verbose_name=_("night"))
    stage = models.CharField(_("stage"), max_length=10, choices=Stage)
    shard = models.SmallIntegerField(_("shard"), default=0)
    state = models.CharField(_("state"), max_length=8, choices=StepState, default=StepState.WAITING)
    attempts = models.SmallIntegerField(_("attempts"), default=0)
    rows = models.BigIntegerField(_("rows"), default=0)
    digest = models.CharField(_("digest"), max_length=64, blank=True)
    detail = models.JSONField(_("detail"), default=dict, help_text=_("Per P: rows, seconds, error."))
    error = models.TextField(_("error"), blank=True)
    queued_at = models.DateTimeField(_("queued"), null=True, blank=True)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    heartbeat_at = models.DateTimeField(_("last sign of life"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("step"), _("steps")
        ordering = ["night", "id"]
        constraints = [
            models.UniqueConstraint(fields=["night", "stage", "shard"], name="performance_step_once"),
            models.CheckConstraint(
                name="performance_step_done_has_time",
                condition=~Q(state=StepState.DONE) | Q(finished_at__isnull=False),
            ),
        ]

    def __str__(self):
        return f"{self.night_id} {self.stage} {self.shard}"

    @property
    def seconds(self) -> float | None:
        if self.started_at and self.finished_at:
            return (self.finished_at - self.started_at).total_seconds()
        return None
