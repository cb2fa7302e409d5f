"""A dated folder: which files it holds, which days it covers, and the digest that names its content."""

import csv
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from crm.feed.errors import FeedError
from crm.feed.records import RecordType
from crm.feed.report import shortened, without_personal

SETTINGS_FILE = "feed.json"
_KEYS = {"since", "late_since"}


@dataclass(frozen=True)
class File:
    """One file of a folder; `columns` in the file's own order, `body` the offset of its first row."""

    record: RecordType
    path: Path
    columns: tuple[str, ...]
    body: int
    digest: str
    size: int

    @property
    def is_parquet(self) -> bool:
        return self.path.suffix == ".parquet"


@dataclass
class Folder:
    """Everything after `since` up to `business_date`; rows after `late_since` are late ones."""

    path: Path
    business_date: date
    since: date
    late_since: date
    digest: str
    files: list[File] = field(default_factory=list)

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)


def dated_folders(path: Path) -> list[Path]:
    """Return the dated folders that `path` means: itself, or those in it by date."""
    path = path.resolve()
    if not path.is_dir():
        raise FeedError(
            f"There is no folder {path}: give the folder of a business date or one that holds some."
        )
    if _date_of(path) is not None:
        return [path]
    # What begins with a dot is not the bank's: a marker of the generator, a file system's own.
    entries = sorted(entry for entry in path.iterdir() if not entry.name.startswith("."))
    strangers = [entry.name for entry in entries if not entry.is_dir() or _date_of(entry) is None]
    if strangers or not entries:
        found = f"{strangers[0]} is none" if strangers else "it is empty"
        raise FeedError(f"{path} should hold folders named YYYY-MM-DD, but {found}: move it elsewhere.")
    return entries


def _date_of(path: Path) -> date | None:
    try:
        return date.fromisoformat(path.name) if len(path.name) == 10 else None
    except ValueError:
        return None


def read_folder(path: Path, records: dict[str, RecordType]) -> Folder:
    """Look at the folder of one business date: names, headers and digests; no row is read yet."""
    business_date = _date_of(path)
    since, late_since = _days(path, business_date)
    paths = sorted(entry for entry in path.iterdir() if entry.name != SETTINGS_FILE)
    known = {f"{name}{suffix}" for name in records for suffix in (".csv", ".parquet")}
    for entry in paths:
        if entry.name not in known or not entry.is_file():
            raise FeedError(
                f"{path.name}/{entry.name} is no file of the feed: docs/feed.md lists them; "
                "rename it or take it away."
            )
    by_record: dict[str, Path] = {}
    for entry in paths:
        if entry.stem in by_record:
            raise FeedError(f"{path.name} holds {entry.stem} twice, as .csv and .parquet: keep one of them.")
        by_record[entry.stem] = entry
    if not by_record:
        raise FeedError(f"{path} holds no file of the feed: copy the day's files into it and load again.")
    files = [_read_file(record, by_record[name]) for name, record in records.items() if name in by_record]
    lines = [f"since {since} late_since {late_since}"]
    lines += sorted(f"{file.path.name} {file.digest}" for file in files)
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    return Folder(path, business_date, since, late_since, digest, files)


def _days(path: Path, business_date: date) -> tuple[date, date]:
    file, given = path / SETTINGS_FILE, {}
    if file.exists():
        try:
            given = json.loads(file.read_text(encoding="utf-8"))
        except (ValueError, UnicodeDecodeError):
            given = None
        if not isinstance(given, dict) or not given.keys() <= _KEYS:
            raise FeedError(f'{path.name}/{SETTINGS_FILE} should read {{"since": "YYYY-MM-DD"}}: correct it.')
    try:
        since = date.fromisoformat(given.get("since", str(business_date - timedelta(days=1))))
        late_since = date.fromisoformat(given.get("late_since", str(since)))
    except (TypeError, ValueError):
        raise FeedError(f"{path.name}/{SETTINGS_FILE} holds no date YYYY-MM-DD: correct it.") from None
    if not late_since <= since < business_date:
        raise FeedError(
            f"{path.name}/{SETTINGS_FILE}: late_since ≤ since < {business_date} must hold: correct the dates."
        )
    return since, late_since


def _read_file(record: RecordType, path: Path) -> File:
    if path.suffix == ".parquet":
        columns, body = _parquet_columns(path), 0
    else:
        columns, body = _csv_header(path)
    known = [column.name for column in record.columns]
    name = f"{path.parent.name}/{path.name}"
    for place, column in enumerate(columns, start=1):
        if column not in known:  # perhaps no name at all: the first row of a file that has no header
            raise FeedError(
                f"{name} has an unknown column {shortened(without_personal(column))!r} (number {place}): "
                f"its first line names them and may have {', '.join(known)}."
            )
    if len(set(columns)) < len(columns):
        twice = next(column for column in columns if columns.count(column) > 1)
        raise FeedError(f"{name} has the column {twice!r} twice: keep one.")
    missing = [column.name for column in record.columns if column.required and column.name not in columns]
    if missing:
        raise FeedError(f"{name} lacks the column {missing[0]!r}: add it (docs/feed.md).")
    return File(record, path, tuple(columns), body, _digest(path), path.stat().st_size)


def _csv_header(path: Path) -> tuple[list[str], int]:
    with path.open("rb") as stream:
        line = stream.readline(65536)
    try:
        names = next(csv.reader([line.decode("utf-8-sig").rstrip("\r\n")]), [])
    except (UnicodeDecodeError, csv.Error):
        raise FeedError(
            f"{path.parent.name}/{path.name} has no readable header in UTF-8: write one."
        ) from None
    return names, len(line)


def _parquet_columns(path: Path) -> list[str]:
    import pyarrow.parquet

    try:
        return pyarrow.parquet.read_schema(path).names
    except (OSError, pyarrow.ArrowException):
        raise FeedError(f"{path.parent.name}/{path.name} is no Parquet file: export it again.") from None


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def total_size(folders: Iterable[Folder]) -> int:
    return sum(folder.size for folder in folders)
