"""A draft: the fields of one form of one user, encrypted under a key of its own."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.secrets.fields import EncryptedCharField, WrappedKeyField


class Draft(models.Model):
    """The last state of a form that was not sent. `form` names the form and what it is about."""

    erased_on = None  # what the fields below ask of whoever holds a key: a draft is deleted, not erased

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("user")
    )
    form = models.CharField(_("form"), max_length=80)
    wrapped_key = WrappedKeyField(_("key"), null=True, editable=False)
    fields = EncryptedCharField(_("fields"), max_length=20_000, null=True, editable=False)
    saved_at = models.DateTimeField(_("saved"), default=timezone.now)

    class Meta:
        app_label = "crm"
        verbose_name, verbose_name_plural = _("draft"), _("drafts")
        constraints = [models.UniqueConstraint(fields=["user", "form"], name="crm_draft_once")]
        indexes = [models.Index(fields=["saved_at"], name="crm_draft_saved")]

    def __str__(self):
        return self.form
