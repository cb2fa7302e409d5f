"""What one asks and another decides: a row for each request, a row for its one execution."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from crm.fields import PublicIdField


class State(models.TextChoices):
    ASKED = "asked", _("Waiting")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Sent back")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    EXPIRED = "expired", _("Expired")
    DONE = "done", _("Done")
    FAILED = "failed", _("Could not be done")


DECIDED = (State.APPROVED, State.REJECTED, State.DONE, State.FAILED)
NOT_DECIDED = (State.ASKED, State.WITHDRAWN, State.EXPIRED)


class ApprovalQuerySet(models.QuerySet):
    def waiting(self, now):
        """Narrow to those that may still be decided at `now`."""
        return self.filter(state=State.ASKED, expires_at__gt=now)


class Approval(models.Model):
    """A request of `maker`, and what `checker` decided.

    The database holds the rules (constraints here, triggers in crm/migrations/_approvals.py): two people,
    what was asked never changes, states only go forward, nothing is deleted.
    """

    public_id = PublicIdField()
    kind = models.CharField(_("kind"), max_length=40)
    payload = models.JSONField(_("payload"))
    digest = models.CharField(_("fingerprint"), max_length=64)
    effect = models.JSONField(_("effect"), help_text=_("What the request changes, as shown, by language."))
    scope_path = models.CharField(_("branch path"), max_length=120, db_collation="C", default="", blank=True)
    maker = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="asked_approvals", verbose_name=_("asked by")
    )
    reason = models.CharField(_("reason"), max_length=300)
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.ASKED)
    asked_at = models.DateTimeField(_("asked"), default=timezone.now)
    expires_at = models.DateTimeField(_("expires"))
    checker = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="checked_approvals",
        null=True,
        blank=True,
        verbose_name=_("decided by"),
    )
    answer = models.CharField(_("answer"), max_length=300, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    executed_at = models.DateTimeField(_("carried out"), null=True, blank=True)
    fault = models.CharField(_("why it could not be done"), max_length=500, blank=True)

    objects = ApprovalQuerySet.as_manager()

    class Meta:
        app_label = "crm"
        verbose_name, verbose_name_plural = _("approval"), _("approvals")
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="crm_approval_two_people", condition=Q(checker=None) | ~Q(checker=F("maker"))
            ),
            models.CheckConstraint(name="crm_approval_state_known", condition=Q(state__in=State.values)),
            models.CheckConstraint(
                name="crm_approval_decided_has_checker",
                condition=Q(state__in=DECIDED, checker__isnull=False, decided_at__isnull=False)
                | Q(state__in=NOT_DECIDED, checker=None, decided_at=None),
            ),
            models.CheckConstraint(
                name="crm_approval_done_has_time",
                condition=Q(state=State.DONE, executed_at__isnull=False)
                | (~Q(state=State.DONE) & Q(executed_at=None)),
            ),
            models.CheckConstraint(name="crm_approval_has_reason", condition=~Q(reason="")),
            models.UniqueConstraint(
                name="crm_approval_asked_once",
                fields=["maker", "kind", "digest"],
                condition=Q(state=State.ASKED),
            ),
        ]
        indexes = [
            models.Index(
                fields=["kind", "scope_path"], name="crm_approval_waiting", condition=Q(state=State.ASKED)
            ),
            models.Index(fields=["maker", "-asked_at"], name="crm_approval_maker"),
        ]

    def __str__(self):
        return f"{self.kind} {self.public_id}"

    @property
    def shown(self) -> dict:
        """The effect as shown when asked, in the reader's language: {title, lines: [[what, was, is]]}."""
        return self.effect.get(get_language()) or self.effect.get("en") or next(iter(self.effect.values()))


class Execution(models.Model):
    """That an approval was carried out: one row at most, written in the transaction of the effect."""

    approval = models.OneToOneField(
        Approval, models.PROTECT, related_name="execution", verbose_name=_("approval")
    )
    digest = models.CharField(_("fingerprint"), max_length=64)
    executed_at = models.DateTimeField(_("carried out"), default=timezone.now)

    class Meta:
        app_label = "crm"
        verbose_name, verbose_name_plural = _("execution"), _("executions")

    def __str__(self):
        return str(self.approval_id)
