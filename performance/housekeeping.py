"""Old nights make room: their tables are taken off without stopping a reader, then dropped.

Kept are the published night and what it continues, the last nights (`settings.NIGHTS_KEPT`), and the last
night of each of the months before (`settings.NIGHT_MONTH_ENDS_KEPT`). Scorecards and tasks stay for good;
they do not stand in a night's tables.
"""

import logging
from datetime import date

from django.conf import settings
from django.db import connection

from crm.ops.retention import Due, Rule
from customers.models import Publication
from performance import tables
from performance.choices import NightState
from performance.models import Night

log = logging.getLogger(__name__)
NIGHTS, MONTHS = settings.NIGHTS_KEPT, settings.NIGHT_MONTH_ENDS_KEPT
LOCK = 726_011  # only one worker tidies


def to_keep(dates: list[date]) -> set[date]:
    """Which of these business dates keep their tables."""
    newest = sorted(dates, reverse=True)
    months = {}
    for day in newest:
        months.setdefault((day.year, day.month), day)
    return {*newest[:NIGHTS], *list(months.values())[: MONTHS + 1]}


def drop_old_nights() -> int:
    """Drop the tables of nights that are not kept; return how many nights. Not inside a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return 0
        try:
            old = _old_nights()
            for night in old:
                _drop(cursor, night)
            return len(old)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


def _old_nights() -> list[Night]:
    if Night.objects.filter(state=NightState.RUNNING).exists():
        return []  # it may continue one of them
    nights = list(Night.objects.exclude(published_run=None))
    keep = to_keep([night.business_date for night in nights])
    seen = Publication.objects.values_list("night_id", flat=True).first()
    needed = {seen, *Night.objects.filter(pk=seen).values_list("previous_id", flat=True)}
    return [night for night in nights if night.business_date not in keep and night.pk not in needed]


def _due(now) -> Due:
    old = sorted(night.business_date for night in _old_nights())
    return Due(len(old), old[0] if old else None)


RETENTION = Rule(
    code="nights",
    label="tables of nights",
    keep=f"{NIGHTS} nights and {MONTHS} month-ends",
    due=_due,
    remove=lambda now, batch: drop_old_nights(),
)


def _drop(cursor, night: Night) -> None:
    for table in (*tables.SHARDED, tables.STANDING):
        name = tables.of_night(table, night, published=True)
        cursor.execute(
            "SELECT inhdetachpending FROM pg_inherits WHERE inhrelid = to_regclass(%s)",
            [name],
        )
        attached = cursor.fetchone()
        if attached:
            # without CONCURRENTLY every reader of the parent would wait; FINALIZE ends what a kill cut short
            how = "FINALIZE" if attached[0] else "CONCURRENTLY"
            cursor.execute(f"ALTER TABLE {table} DETACH PARTITION {name} {how}")
        cursor.execute(f"DROP TABLE IF EXISTS {name}")
    Night.objects.filter(pk=night.pk).update(published_run=None)
    log.info("the tables of the night of %s are dropped", night)
