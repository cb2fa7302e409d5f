"""Staging: every file of a folder as a table of texts in its own schema, unlogged, dropped in the end."""

import contextlib
import logging
import time
from collections.abc import Callable

import psycopg

from crm.feed.folder import File
from crm.feed.kinds import HASHES
from crm.feed.records import STAGING
from crm.feed.report import Report
from crm.feed.scan import parquet_batches, readable_rows
from crm.secrets import keyed_hashes

_BLOCK = 1 << 18
_HASHED_AT_ONCE = 10_000
Progress = Callable[[int], None]


def reset(connection: psycopg.Connection) -> None:
    """Drop what a crashed load may have left and make the schema anew."""
    drop(connection)
    connection.execute(
        f"CREATE SCHEMA {STAGING}; CREATE UNLOGGED TABLE {HASHES} (kind text, text text, hash bytea)"
    )


def drop(connection: psycopg.Connection) -> None:
    """Drop the staging schema, if it is there."""
    connection.execute(f"SET client_min_messages = warning; DROP SCHEMA IF EXISTS {STAGING} CASCADE")


def stage(
    connection: psycopg.Connection, file: File, report: Report, progress: Progress
) -> tuple[int, float]:
    """Bring `file` into its staging table; return rows staged and seconds.

    COPY does it at full speed. Where it refuses the file, a row-by-row pass stages the readable rows and
    reports every other one. `progress` is told the bytes read.
    """
    began = time.monotonic()
    connection.execute(file.record.create_sql())
    try:
        with connection.transaction():
            _copy(connection, file, progress)
    except psycopg.DataError:
        with connection.transaction():
            _copy_readable(connection, file, report)
    connection.execute(f"ANALYZE {file.record.staged}")
    for column, kind in file.record.hashed:
        _stage_hashes(connection, file.record.staged, column, kind)
    rows = connection.execute(f"SELECT count(*) FROM {file.record.staged}").fetchone()[0]
    return rows, time.monotonic() - began


def _stage_hashes(connection: psycopg.Connection, table: str, column: str, kind: str) -> None:
    """Put the keyed hash of every text of a staged column into the staging table of hashes, once a folder."""
    fresh = (
        f'SELECT DISTINCT s."{column}" FROM {table} AS s WHERE s."{column}" IS NOT NULL AND NOT EXISTS '
        f"(SELECT FROM {HASHES} AS h WHERE h.kind = '{kind}' AND h.text = s.\"{column}\")"
    )
    texts, into = connection.cursor(name="feed_hashes"), connection.cursor()
    with connection.transaction(), texts, into:
        texts.itersize = _HASHED_AT_ONCE
        texts.execute(fresh)
        while batch := texts.fetchmany(_HASHED_AT_ONCE):
            words = [text for (text,) in batch]
            hashes = zip(words, keyed_hashes(kind, words), strict=True)
            lines = [f"{kind}\t{_escaped(text)}\t\\\\x{digest.hex()}\n" for text, digest in hashes]
            with into.copy(f"COPY {HASHES} FROM STDIN") as copy:
                copy.write("".join(lines))
    connection.execute(f"ANALYZE {HASHES}")


def _escaped(text: str) -> str:
    """A text as COPY reads it."""
    if text.isalnum():
        return text
    return text.translate({92: r"\\", 9: r"\t", 10: r"\n", 13: r"\r"})


def _columns(file: File) -> str:
    return ", ".join(f'"{name}"' for name in file.columns)


def _copy(connection: psycopg.Connection, file: File, progress: Progress) -> None:
    columns = _columns(file)
    statement = (
        f"COPY {file.record.staged} ({columns}) FROM STDIN "
        f"(FORMAT csv, ENCODING 'UTF8', FORCE_NULL ({columns}))"
    )
    with quiet(), connection.cursor() as cursor, cursor.copy(statement) as copy:
        for block in _parquet_blocks(file) if file.is_parquet else _csv_blocks(file):
            copy.write(block)
            progress(len(block))


@contextlib.contextmanager
def quiet():
    """Keep psycopg from logging the error of a refused COPY: it quotes the row, which is personal data."""
    logger = logging.getLogger("psycopg")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


def _csv_blocks(file: File):
    with file.path.open("rb", buffering=0) as stream:
        stream.seek(file.body)
        while block := stream.read(_BLOCK):
            yield block


def _parquet_blocks(file: File):
    import pyarrow
    from pyarrow import csv

    options = csv.WriteOptions(include_header=False)
    for batch in parquet_batches(file):
        sink = pyarrow.BufferOutputStream()
        csv.write_csv(batch, sink, options)
        yield sink.getvalue().to_pybytes()


def _copy_readable(connection: psycopg.Connection, file: File, report: Report) -> None:
    statement = f"COPY {file.record.staged} ({_columns(file)}, row_no) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row, values in readable_rows(file, report):
            copy.write_row((*values, row))
