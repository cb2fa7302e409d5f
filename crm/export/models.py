"""A file somebody asked for: what, by which filter, how far, and its bytes until they expire."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.approvals.models import Approval
from crm.fields import PublicIdField


class ExportState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Being written")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Could not be written")
    EXPIRED = "expired", _("Deleted")


class Export(models.Model):
    """One file for one member of staff. `subjects`: the ids of the customers in it, to recheck his rights."""

    public_id = PublicIdField()
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="exports", verbose_name=_("for")
    )
    what = models.CharField(_("what"), max_length=40)
    query = models.JSONField(_("filter"))
    form = models.CharField(_("format"), max_length=4)
    approval = models.OneToOneField(
        Approval, models.PROTECT, null=True, blank=True, related_name="export", verbose_name=_("approval")
    )
    state = models.CharField(_("state"), max_length=8, choices=ExportState, default=ExportState.WAITING)
    rows = models.IntegerField(_("rows"), default=0)
    expected = models.IntegerField(_("expected rows"), default=0)
    subjects = ArrayField(models.BigIntegerField(), default=list, blank=True)
    size = models.BigIntegerField(_("bytes"), default=0)
    digest = models.CharField(_("fingerprint"), max_length=64, blank=True)
    fault = models.CharField(_("why not"), max_length=300, blank=True)
    asked_at = models.DateTimeField(_("asked"), default=timezone.now)
    ready_at = models.DateTimeField(_("ready"), null=True, blank=True)
    expires_at = models.DateTimeField(_("deleted on"), null=True, blank=True)

    class Meta:
        app_label = "crm"
        verbose_name, verbose_name_plural = _("export"), _("exports")
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.CheckConstraint(name="crm_export_form_known", condition=Q(form__in=["xlsx", "csv"])),
            models.CheckConstraint(name="crm_export_state_known", condition=Q(state__in=ExportState.values)),
        ]
        indexes = [models.Index(fields=["user", "-asked_at"], name="crm_export_user")]

    def __str__(self):
        return f"{self.what} {self.public_id}"


class ExportChunk(models.Model):
    """The bytes of a file, 256 KiB a row: no folder that web and worker must share, and gone with its row."""

    export = models.ForeignKey(Export, models.CASCADE, related_name="chunks", verbose_name=_("export"))
    number = models.IntegerField(_("number"))
    content = models.BinaryField(_("content"))

    class Meta:
        app_label = "crm"
        verbose_name, verbose_name_plural = _("piece of a file"), _("pieces of files")
        ordering = ["export", "number"]
        constraints = [models.UniqueConstraint(fields=["export", "number"], name="crm_exportchunk_once")]

    def __str__(self):
        return f"{self.export_id} {self.number}"
