"""What was loaded: one row per folder and one per file."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class FeedState(models.TextChoices):
    LOADING = "loading", _("Loading")
    LOADED = "loaded", _("Loaded")
    REFUSED = "refused", _("Refused")


class FeedLoad(models.Model):
    """One folder: everything after `since` up to and including `business_date`."""

    business_date = models.DateField(_("business date"))
    since = models.DateField(_("after"))
    digest = models.CharField(_("digest"), max_length=64)
    state = models.CharField(_("state"), max_length=8, choices=FeedState, default=FeedState.LOADING)
    rows = models.BigIntegerField(_("rows"), default=0)
    bad_rows = models.BigIntegerField(_("bad rows"), default=0)
    progress = models.SmallIntegerField(_("percent done"), default=0)
    error = models.TextField(_("error"), blank=True)
    report = models.CharField(_("report of bad rows"), max_length=200, blank=True)
    started_at = models.DateTimeField(_("started"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        app_label = "crm"
        verbose_name, verbose_name_plural = _("feed load"), _("feed loads")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["business_date", "digest"],
                name="crm_feedload_once",
                condition=Q(state=FeedState.LOADED),
            ),
            models.CheckConstraint(
                name="crm_feedload_since_before_date", condition=Q(since__lt=F("business_date"))
            ),
        ]

    def __str__(self):
        return f"{self.business_date}"


class FeedFile(models.Model):
    """One file of a folder."""

    load = models.ForeignKey(FeedLoad, models.CASCADE, related_name="files", verbose_name=_("load"))
    record = models.CharField(_("record type"), max_length=30)
    digest = models.CharField(_("digest"), max_length=64)
    rows = models.BigIntegerField(_("rows"), default=0)
    bad_rows = models.BigIntegerField(_("bad rows"), default=0)
    seconds = models.FloatField(_("seconds"), null=True, blank=True)

    class Meta:
        app_label = "crm"
        verbose_name, verbose_name_plural = _("feed file"), _("feed files")
        constraints = [models.UniqueConstraint(fields=["load", "record"], name="crm_feedfile_once")]

    def __str__(self):
        return f"{self.load_id} {self.record}"
