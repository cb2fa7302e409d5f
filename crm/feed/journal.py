"""What was loaded and what is being loaded: the rows the page shows, written beside the load's transaction.

The journal has a connection of its own, which also holds the lock that keeps two loads apart: both end with
the process, however it ends.
"""

import contextlib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import psycopg
from django.db import connection as django_connection

from crm.feed.errors import LoadRunning
from crm.feed.folder import File, Folder

_LOCK = 0x6775_616E  # "guan"
_PATIENCE = "3s"
INTERRUPTED = "The load was interrupted before it ended; nothing of it was entered. Load the folder again."


class Journal:
    """The ledger of loads, on its own autocommit connection."""

    def __init__(self, connection: psycopg.Connection):
        self._connection = connection
        self._load_id: int | None = None
        self._percent = 0

    def last_date(self) -> date | None:
        """Return the last business date that was loaded."""
        query = "SELECT max(business_date) FROM crm_feedload WHERE state = 'loaded'"
        return self._connection.execute(query).fetchone()[0]

    def digests_of(self, business_date: date) -> list[str]:
        """Return the digests loaded for `business_date`."""
        query = "SELECT digest FROM crm_feedload WHERE state = 'loaded' AND business_date = %s"
        return [digest for (digest,) in self._connection.execute(query, [business_date])]

    def close_interrupted(self) -> None:
        """Say of loads that never ended that they were interrupted (the lock proves that none is running)."""
        self._connection.execute(
            "UPDATE crm_feedload SET state = 'refused', error = %s, finished_at = now() "
            "WHERE state = 'loading'",
            [INTERRUPTED],
        )

    def begin(self, folder: Folder) -> int:
        """Open the entry of a load; return its number."""
        self._percent = 0
        self._load_id = self._connection.execute(
            "INSERT INTO crm_feedload (business_date, since, digest, state, rows, bad_rows, progress, error, "
            "report, started_at) VALUES (%s, %s, %s, 'loading', 0, 0, 0, '', '', now()) RETURNING id",
            [folder.business_date, folder.since, folder.digest],
        ).fetchone()[0]
        for file in folder.files:
            self._connection.execute(
                "INSERT INTO crm_feedfile (load_id, record, digest, rows, bad_rows) "
                "VALUES (%s, %s, %s, 0, 0)",
                [self._load_id, file.record.name, file.digest],
            )
        return self._load_id

    def staged(self, file: File, rows: int, seconds: float) -> None:
        self._connection.execute(
            "UPDATE crm_feedfile SET rows = %s, seconds = %s WHERE load_id = %s AND record = %s",
            [rows, round(seconds, 3), self._load_id, file.record.name],
        )

    def progress(self, percent: float) -> None:
        """Move the percentage on, never back; a call that changes nothing costs nothing."""
        percent = min(int(percent), 99)
        if percent > self._percent:
            self._percent = percent
            self._connection.execute(
                "UPDATE crm_feedload SET progress = %s WHERE id = %s", [percent, self._load_id]
            )

    def refuse(self, error: str, bad: dict[str, int], report: str) -> None:
        """Close the entry of a load that entered nothing."""
        if self._load_id is None or self._connection.closed:
            return
        self._connection.execute(
            "UPDATE crm_feedload SET state = 'refused', error = %s, bad_rows = %s, report = %s, "
            "finished_at = now() WHERE id = %s AND state = 'loading'",
            [error, sum(bad.values()), report, self._load_id],
        )
        for record, count in bad.items():
            self._connection.execute(
                "UPDATE crm_feedfile SET bad_rows = %s WHERE load_id = %s AND record = %s",
                [count, self._load_id, record],
            )

    def ended(self) -> None:
        """Forget the load: its transaction has said what became of it."""
        self._load_id = None


def close_sql(load_id: int, rows: int) -> str:
    """SQL that closes a load inside its own transaction: entered and recorded are one."""
    return (
        f"UPDATE crm_feedload SET state = 'loaded', rows = {rows}, progress = 100, finished_at = now() "
        f"WHERE id = {load_id}"
    )


@contextlib.contextmanager
def open_journal() -> Iterator[Journal]:
    """Yield the journal while this process is the only one that loads; else raise LoadRunning."""
    with psycopg.connect(**_parameters(), autocommit=True) as connection:
        try:  # the server may need a moment to notice that a killed load is gone
            connection.execute(f"SET lock_timeout = '{_PATIENCE}'")
            connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
            connection.execute("RESET lock_timeout")
        except psycopg.errors.LockNotAvailable:
            raise LoadRunning(
                "Another load is running: wait until it has ended (the page Feed shows it)."
            ) from None
        try:
            yield Journal(connection)
        finally:
            with contextlib.suppress(psycopg.Error):
                connection.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def _parameters() -> dict:
    parameters = django_connection.get_connection_params()
    parameters.pop("cursor_factory", None)
    parameters.pop("context", None)
    return parameters


def report_path(reports: Path, folder: Folder) -> Path:
    return reports / f"{folder.business_date}-{folder.digest[:8]}.csv"
