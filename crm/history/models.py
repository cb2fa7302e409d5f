"""The journal of changes, and the chain that proves it; the rows' own history stands beside each model."""

import pghistory.models
from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.audit.models import ClockTimestamp, TransactionNumber, journal_indexes


class TriggerDepth(models.Func):
    """How deep in triggers a row was written: 0 is by hand."""

    template = "pg_trigger_depth()"
    output_field = models.SmallIntegerField()


class RecordHistory(pghistory.models.Event):
    """What every history model has: the row as it was before (new rows: as they came), and `pgh_new`, the
    columns that an update changed with their new values."""

    pgh_id = models.BigAutoField(primary_key=True)
    pgh_new = models.JSONField(null=True)

    class Meta:
        abstract = True


class Change(models.Model):
    """One line of the journal: one row inserted, updated or deleted, or many inserted at once.

    `source` is the table, `event_id` the row of its history. Of more than crm.history.triggers.BULK rows that
    one statement inserts only this line is kept, with `rows` and the range of their keys as `object_id`.
    """

    at = models.DateTimeField(_("when"), db_default=ClockTimestamp())
    source = models.CharField(_("kind of record"), max_length=63)
    event_id = models.BigIntegerField(null=True)
    object_id = models.CharField(_("record"), max_length=64)
    label = models.CharField(_("change"), max_length=10)
    rows = models.BigIntegerField(_("rows"), default=1, db_default=1)
    actor = models.CharField(_("who"), max_length=150)
    reason = models.CharField(_("why"), max_length=200, blank=True, db_default="")
    context = models.ForeignKey(
        pghistory.models.Context, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    customer_id = models.BigIntegerField(_("customer"), null=True)
    xact = models.BigIntegerField(db_default=TransactionNumber())
    depth = models.SmallIntegerField(db_default=TriggerDepth())

    class Meta:
        verbose_name, verbose_name_plural = _("change"), _("changes")
        default_permissions = ()
        indexes = [
            *journal_indexes("crm_change", actor="actor"),
            models.Index(
                fields=["customer_id", "-at"],
                name="crm_change_customer",
                condition=models.Q(customer_id__isnull=False),
            ),
            models.Index(fields=["source", "object_id"], name="crm_change_record"),
        ]

    def __str__(self):
        return f"{self.source} {self.object_id} {self.label}"


class ChainSeal(models.Model):
    """One batch of the chain: positions, the head's hash, and which transactions were finished then.

    `snapshot` says it as PostgreSQL does (oldest running:next:running); `xact_below` is its oldest, and alone
    where a seal is from before there were snapshots.
    """

    number = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField(_("sealed"), db_default=ClockTimestamp())
    first_position = models.BigIntegerField()
    last_position = models.BigIntegerField()
    head = models.BinaryField(max_length=32)
    xact_below = models.BigIntegerField()
    snapshot = models.TextField(db_default="", default="")
    system_identifier = models.BigIntegerField()

    class Meta:
        verbose_name, verbose_name_plural = _("seal"), _("seals")
        default_permissions = ()

    def __str__(self):
        return f"{self.number}"


class ChainLink(models.Model):
    """One sealed row: `row_hash` of its content, `chain` of that and of the link before."""

    position = models.BigIntegerField(primary_key=True)
    source = models.CharField(max_length=8)  # "change" or "audit"
    row_id = models.BigIntegerField()
    row_hash = models.BinaryField(max_length=32)
    chain = models.BinaryField(max_length=32)

    class Meta:
        verbose_name, verbose_name_plural = _("link of the chain"), _("links of the chain")
        default_permissions = ()
        indexes = [models.Index(fields=["source", "row_id"], name="crm_chainlink_row")]

    def __str__(self):
        return f"{self.position}"
