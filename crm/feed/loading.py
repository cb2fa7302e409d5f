"""Loading a folder: stage, check everything, then enter it all in one transaction, or nothing."""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection, transaction

from crm.feed import staging
from crm.feed.checks import check_record, late_faults
from crm.feed.errors import BadRows, FeedError, Unclean
from crm.feed.folder import File, Folder, dated_folders, read_folder
from crm.feed.journal import INTERRUPTED, Journal, close_sql, open_journal, report_path
from crm.feed.records import RecordType
from crm.feed.registry import record_types, upkeeps
from crm.feed.report import Report
from crm.history import acting
from crm.partitions import ensure_months, month_starts

# Shares of the percentage: reading the files, checking them, entering them.
SMALLEST_DIRECT = 4 << 20  # bytes; below it staging is as fast as the lane
_STAGED, _CHECKED, _ENTERED = 40, 60, 95
_TUNING = {
    "jit": "off",
    "work_mem": "128MB",
    "maintenance_work_mem": "256MB",
    "client_min_messages": "warning",
    "client_connection_check_interval": "5s",  # a killed loader's query ends, and with it its locks
}


@dataclass(frozen=True)
class Outcome:
    """What became of one folder: `loaded` False means that it was there already and nothing changed."""

    business_date: date
    digest: str
    load_id: int | None
    rows: int
    seconds: float
    loaded: bool


def reports_folder() -> Path:
    return settings.BASE_DIR / "var" / "feed-reports"


def load_feed(path: Path, *, reports: Path | None = None, say: Callable[[Outcome], None] | None = None):
    """Load the dated folder `path`, or every dated folder in it by date; return the outcomes.

    Each folder is entered whole in one transaction, or not at all. Raises FeedError with one sentence
    (BadRows carries the `report`); the folders before the refused one stay entered.
    """
    outcomes = []
    with open_journal() as journal, _tuned():
        journal.close_interrupted()
        for folder_path in dated_folders(Path(path)):
            folder = read_folder(folder_path, record_types())
            outcome = _load_folder(folder, journal, reports or reports_folder())
            outcomes.append(outcome)
            if say:
                say(outcome)
    return outcomes


def _load_folder(folder: Folder, journal: Journal, reports: Path) -> Outcome:
    began = time.monotonic()
    if folder.digest in journal.digests_of(folder.business_date):
        return Outcome(folder.business_date, folder.digest, None, 0, time.monotonic() - began, loaded=False)
    check_continuity(folder, journal.last_date(), already=bool(journal.digests_of(folder.business_date)))
    load = _Load(folder, journal, Report(report_path(reports, folder)))
    rows = load.run()
    seconds = time.monotonic() - began
    return Outcome(folder.business_date, folder.digest, load.load_id, rows, seconds, loaded=True)


def check_continuity(folder: Folder, last: date | None, *, already: bool) -> None:
    """Refuse a folder that does not follow on the last loaded day."""
    day = folder.business_date
    if already:
        raise FeedError(
            f"{day} is already loaded with other content: a loaded day is never replaced, "
            "send the corrected rows in the folder of the next day."
        )
    if last is None or folder.since == last:
        return
    if folder.since > last:
        raise FeedError(
            f"The days after {last} up to {folder.since} are missing: load them before {day}, or say "
            f'{{"since": "{last}"}} in feed.json if this folder holds them.'
        )
    raise FeedError(
        f"{day} begins after {folder.since}, but everything up to {last} is loaded: "
        f'only a folder that begins after {last} can follow (feed.json: {{"since": "{last}"}}).'
    )


def _suits_lane(file: File, folder: Folder) -> bool:
    """True for a large CSV of a record type with a fast lane, without late rows."""
    ordinary = not file.is_parquet and folder.late_since == folder.since
    return file.record.direct is not None and ordinary and file.size >= SMALLEST_DIRECT


class _Load:
    """One folder on its way in."""

    def __init__(self, folder: Folder, journal: Journal, report: Report):
        self.folder, self.journal, self.report = folder, journal, report
        self.load_id: int | None = None
        self.rows = 0
        self.files = {file.record.name: file for file in folder.files}
        self.direct = [file.record.name for file in folder.files if _suits_lane(file, folder)]

    @property
    def raw(self) -> psycopg.Connection:
        connection.ensure_connection()
        return connection.connection

    @property
    def records(self) -> list[RecordType]:
        return [file.record for file in self.folder.files]

    def run(self) -> int:
        """Stage, check and enter; return the rows entered. Whatever goes wrong, nothing stays behind."""
        self.load_id = self.journal.begin(self.folder)
        try:
            staging.reset(self.raw)
            self._stage()
            self._check()
            self._make_months()
            with _sentences(), acting(f"feed:{self.load_id}", raw=True):
                self._enter()
        except BaseException as error:
            said = str(error) if isinstance(error, FeedError) else INTERRUPTED
            self.report.close()
            written = self.report.path.name if self.report.total else ""
            with contextlib.suppress(psycopg.Error):
                self.journal.refuse(said, dict(self.report.counts), written)
            raise
        finally:
            self.report.close()
            self.journal.ended()
            with contextlib.suppress(psycopg.Error, DatabaseError):
                staging.drop(self.raw)
        return self.rows

    def _stage(self) -> None:
        read, size = 0, max(self.folder.size, 1)

        def progress(count: int) -> None:
            nonlocal read
            read += count
            self.journal.progress(_STAGED * read / size)

        for file in self.folder.files:
            if file.record.name in self.direct:
                progress(file.size)
            else:
                self._stage_file(file, progress)

    def _stage_file(self, file: File, progress: staging.Progress) -> None:
        rows, seconds = staging.stage(self.raw, file, self.report, progress)
        self.journal.staged(file, rows, seconds)
        self.rows += rows

    def _check(self) -> None:
        staged = frozenset(self.files.keys() - self.direct)
        for number, record in enumerate(self.records, 1):
            if record.name in staged:
                check_record(self.raw, record, self.folder, staged, self.report)
            self.journal.progress(_STAGED + (_CHECKED - _STAGED) * number / len(self.records))
        if self.report.total:
            for name in self.direct:  # refused in any case: name the bad rows of the large files too
                self._stage_file(self.files[name], lambda read: None)
                check_record(self.raw, self.files[name].record, self.folder, staged, self.report)
        self._stop_if_bad()
        for record in self.records:
            if record.prepare:
                record.prepare(self.raw)

    def _stop_if_bad(self) -> None:
        total = self.report.total
        if total:
            self.report.close()
            error = BadRows(
                f"{self.folder.business_date} is refused, nothing was entered: {total} faults in "
                f"{', '.join(self.report.counts)}; "
                f"correct the rows listed in {self.report.path} and load again."
            )
            error.report = self.report
            raise error

    def _make_months(self) -> None:
        """Make the partitions that are missing, a month at a time: years of them in one transaction would
        take more locks than a server has. Empty ones that a failed load leaves do no harm."""
        for record in self.records:
            if not record.months:
                continue
            table, column = record.months
            if record.name in self.direct:
                first, last = self.folder.since + timedelta(days=1), self.folder.business_date
            else:
                query = f'SELECT min("{column}")::date, max("{column}")::date FROM {record.staged}'
                first, last = self.raw.execute(query).fetchone()
            for month in month_starts(first, last) if first else ():
                with transaction.atomic():
                    ensure_months(table, month, month)

    def _enter(self) -> None:
        with transaction.atomic():
            done = 0
            for record in self.records:
                self._enter_record(record)
                done += self.files[record.name].size
                self.journal.progress(_CHECKED + (_ENTERED - _CHECKED) * done / max(self.folder.size, 1))
            for upkeep in upkeeps():
                if not upkeep.after or self.files.keys() & set(upkeep.after):
                    for statement in upkeep.statements:
                        self.raw.execute(self._placed(statement))
            self.raw.execute("SET CONSTRAINTS ALL IMMEDIATE")
            staging.drop(self.raw)  # with the commit: what was staged is personal data in plain text
            self.raw.execute(close_sql(self.load_id, self.rows))

    def _enter_record(self, record: RecordType) -> None:
        if record.name in self.direct:
            if self._enter_direct(self.files[record.name]):
                return
            self._stage_file(self.files[record.name], lambda read: None)
            check_record(self.raw, record, self.folder, frozenset(), self.report)
            self._stop_if_bad()
        for statement in record.before:
            self.raw.execute(self._fill(record, statement))
        late_faults(self.raw, record, lambda sql: self._fill(record, sql), self.report)
        self._stop_if_bad()
        for statement in record.statements():
            if callable(statement):
                statement(self.raw)
            else:
                self.raw.execute(self._fill(record, statement))

    def _enter_direct(self, file: File) -> bool:
        """Try the fast lane; return whether it took the file, else nothing of it is in."""
        from crm.feed import lane  # Polars and Arrow are heavy: only a large file needs them

        began = time.monotonic()
        try:
            with self.raw.transaction():
                rows = lane.enter(self.raw, file, self.folder, self.load_id)
        except (Unclean, psycopg.DataError, psycopg.IntegrityError):
            return False
        self.journal.staged(file, rows, time.monotonic() - began)
        self.rows += rows
        return True

    def _fill(self, record: RecordType, statement: str) -> str:
        return self._placed(statement.replace("{rows}", f"({record.rows_sql(sure=True)})"))

    def _placed(self, statement: str) -> str:
        values = {
            "{load}": str(self.load_id),
            "{late_since}": f"DATE '{self.folder.late_since}'",
            "{since}": f"DATE '{self.folder.since}'",
            "{date}": f"DATE '{self.folder.business_date}'",
        }
        for name, value in values.items():
            statement = statement.replace(name, value)
        return statement


@contextlib.contextmanager
def _sentences() -> Iterator[None]:
    """Turn what the database may still say into one sentence, without the values it quotes."""
    try:
        yield
    except psycopg.errors.DiskFull as error:
        raise FeedError("The disk of the database is full: make room and load the folder again.") from error
    except (psycopg.IntegrityError, psycopg.DataError) as error:
        rule = error.diag.constraint_name or error.diag.message_primary
        raise FeedError(
            f"The database's rule {rule} (table {error.diag.table_name}) refuses rows of this folder, "
            "nothing was entered: correct them and load again."
        ) from error


@contextlib.contextmanager
def _tuned() -> Iterator[None]:
    """Settings of the session for bulk work, put back afterwards."""
    with connection.cursor() as cursor:
        for name, value in _TUNING.items():
            cursor.execute(f"SET {name} = '{value}'")
    try:
        yield
    finally:
        with contextlib.suppress(psycopg.Error, DatabaseError), connection.cursor() as cursor:
            for name in _TUNING:
                cursor.execute(f"RESET {name}")
