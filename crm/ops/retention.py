"""How long what is kept, and the removal of what is older: seen first, then done in batches, and recorded.

A class of data is a `Rule`; `settings.RETENTION_RULES` names them, an app adds its own with one line there.
Records of customers, transactions, scorecards, pay and history are in no rule: the law wants them for ten
years and more after the relation ends, so no job removes them (a person's data go by destroying his key).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils.module_loading import import_string

from crm.audit import record
from crm.audit.models import AuditRecord
from crm.feed.loading import reports_folder
from crm.feed.models import FeedLoad

BATCH = 1_000
LAWFUL_AUDIT_YEARS = 10  # the least the law lets us keep; a setting may only be longer
LOCK = 726_019  # only one process removes


class RetentionError(Exception):
    """Nothing can be removed now, or a setting is unlawful; the message says what to do."""


@dataclass(frozen=True)
class Due:
    """How much is older than its time, and the oldest of it."""

    count: int
    oldest: date | datetime | None = None


@dataclass(frozen=True)
class Rule:
    """One class of data. `remove(now, batch)` takes away up to `batch` and returns how many; None where only
    people may decide."""

    code: str
    label: str
    keep: str
    due: Callable[[datetime], Due]
    remove: Callable[[datetime, int], int] | None


def rules() -> list[Rule]:
    """Return the rules; an audit that would go before the law allows is refused."""
    if settings.AUDIT_KEPT_YEARS < LAWFUL_AUDIT_YEARS:
        raise RetentionError(
            f"AUDIT_KEPT_YEARS is {settings.AUDIT_KEPT_YEARS}: "
            f"the law wants {LAWFUL_AUDIT_YEARS} years at least."
        )
    return [import_string(path) for path in settings.RETENTION_RULES]


def apply(rule: Rule, now: datetime, *, batch: int = BATCH) -> int:
    """Remove what is due of one class, batch by batch, each committed; return how much. May be repeated."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            raise RetentionError("Another process removes old data now: try again when it has ended.")
        try:
            gone = 0
            while removed := rule.remove(now, batch):
                gone += removed
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
    if gone:
        record(None, "retention", detail={"class": rule.code, "removed": gone, "keep": rule.keep})
    return gone


def _sessions_due(now) -> Due:
    old = Session.objects.filter(expire_date__lt=now).order_by("expire_date")
    first = old.first()
    return Due(old.count(), first.expire_date if first else None)


def _remove_sessions(now, batch) -> int:
    keys = list(Session.objects.filter(expire_date__lt=now).values_list("pk", flat=True)[:batch])
    return Session.objects.filter(pk__in=keys).delete()[0]


SESSIONS = Rule("sessions", "sessions that ended", "until they expire", _sessions_due, _remove_sessions)


def _old_reports(now):
    before = now - timedelta(days=settings.FEED_REPORTS_KEPT_DAYS)
    return FeedLoad.objects.filter(started_at__lt=before).exclude(report="").order_by("started_at")


def _reports_due(now) -> Due:
    old = _old_reports(now)
    first = old.first()
    return Due(old.count(), first.started_at if first else None)


def _remove_reports(now, batch) -> int:
    """The file first: a kill between leaves a row without a file, which the page and the next run bear."""
    loads = list(_old_reports(now)[:batch])
    for load in loads:
        (reports_folder() / Path(load.report).name).unlink(missing_ok=True)
    return FeedLoad.objects.filter(pk__in=[load.pk for load in loads]).update(report="")


FEED_REPORTS = Rule(
    "feed_reports",
    "reports of bad rows",
    f"{settings.FEED_REPORTS_KEPT_DAYS} days",
    _reports_due,
    _remove_reports,
)


def _audit_due(now) -> Due:
    before = now.replace(year=now.year - settings.AUDIT_KEPT_YEARS, day=min(now.day, 28))
    old = AuditRecord.objects.filter(at__lt=before).order_by("at")
    first = old.first()
    return Due(old.count(), first.at if first else None)


# The chain of the history needs every row, and the process that runs this may not delete them: people decide
# with the auditors what becomes of a sealed year (docs/operations.md).
AUDIT = Rule(
    "audit",
    "audit of reads and acts",
    f"{settings.AUDIT_KEPT_YEARS} years, then by decision",
    _audit_due,
    None,
)
