"""The keys of forms that were sent, each with where its first sending led."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class SentForm(models.Model):
    """One form of one user. It holds no answer's text, only where the answer sent the browser."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("user")
    )
    key = models.CharField(_("key"), max_length=40)
    digest = models.CharField(_("fingerprint"), max_length=64, help_text=_("Of the address and the fields."))
    status = models.PositiveSmallIntegerField(_("status"), null=True)
    headers = models.JSONField(_("headers"), default=dict)
    sent_at = models.DateTimeField(_("sent"), default=timezone.now)

    class Meta:
        app_label = "crm"
        verbose_name, verbose_name_plural = _("sent form"), _("sent forms")
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="crm_sentform_once")]
        indexes = [models.Index(fields=["sent_at"], name="crm_sentform_sent")]

    def __str__(self):
        return self.key
