"""The table of reads and acts. Written only by the database's function audit_append(), read by auditors."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _


class SessionUser(models.Func):
    """The database's own user, whatever role the session has taken on since."""

    template = "session_user"
    output_field = models.CharField()


class ClockTimestamp(models.Func):
    """Now, also inside a long transaction."""

    template = "clock_timestamp()"
    output_field = models.DateTimeField()


class TransactionNumber(models.Func):
    """The number of the writing transaction: the seal's boundary (crm.history.chain)."""

    template = "(pg_current_xact_id()::text)::bigint"
    output_field = models.BigIntegerField()


def journal_indexes(prefix: str, **columns: str) -> list[models.Index]:
    """What a journal is searched by: the newest first, of all and of each column, and the seal's boundary."""
    return [
        models.Index(fields=["-at", "-id"], name=f"{prefix}_at"),
        *(models.Index(fields=[column, "-at"], name=f"{prefix}_{name}") for name, column in columns.items()),
        BrinIndex(fields=["xact"], name=f"{prefix}_xact"),
    ]


class AuditRecord(models.Model):
    """One act: who did what to what, when and from where. Person, role and branch as they were then.

    `detail` holds codes, counts and reasons, never personal data. No foreign keys: the row outlives its
    subject and must be writable while the subject's own transaction is still open.
    """

    at = models.DateTimeField(_("when"), db_default=ClockTimestamp())
    act = models.CharField(_("act"), max_length=30)
    user_id = models.BigIntegerField(_("user"), null=True)
    staff_number = models.CharField(_("staff number"), max_length=150, blank=True)
    role = models.CharField(_("role"), max_length=20, blank=True)
    branch_path = models.CharField(_("branch"), max_length=120, db_collation="C", blank=True)
    subject_type = models.CharField(_("kind of record"), max_length=80, blank=True)
    subject_id = models.CharField(_("record"), max_length=64, blank=True)
    customer_number = models.CharField(_("customer number"), max_length=20, blank=True)
    detail = models.JSONField(_("detail"), default=dict)
    request_id = models.CharField(_("request"), max_length=64, blank=True)
    address = models.GenericIPAddressField(_("address"), null=True)
    database_user = models.CharField(max_length=63, db_default=SessionUser())
    xact = models.BigIntegerField(db_default=TransactionNumber())
    by_function = models.BooleanField(default=False, db_default=False)

    class Meta:
        verbose_name, verbose_name_plural = _("audit record"), _("audit records")
        default_permissions = ()
        indexes = [
            *journal_indexes("crm_audit", person="staff_number", act="act"),
            models.Index(
                fields=["customer_number", "-at"],
                name="crm_audit_customer",
                condition=~models.Q(customer_number=""),
            ),
        ]

    def __str__(self):
        return f"{self.at:%Y-%m-%d %H:%M} {self.act}"
