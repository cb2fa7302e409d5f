"""The chain over history and audit: each sealed row has a link, each link proves all links before it.

A row's hash covers the line of the journal, the row of history it points at and the words of its context.
A seal holds what the transactions that its `snapshot` counts as finished wrote. One that still runs (a long
feed, a forgotten session) holds back its own rows only; a row that turns up later although its transaction
was finished then was put in by hand.
"""

import hashlib
from dataclasses import dataclass

from django.db import connection, transaction

from crm.history.tracking import rules

GENESIS = b"\0" * 32
_LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('history chain'))"
_NOW = "SELECT pg_current_snapshot()::text, clock_timestamp(), system_identifier FROM pg_control_system()"
BATCH = 20_000  # links in memory at once
# A row as text, the same on every server: without nulls, so that a new column does not disturb old rows.
_TEXT = "(SELECT jsonb_object_agg(key, value) FROM jsonb_each(to_jsonb({row})) WHERE value <> 'null')::text"


@dataclass(frozen=True)
class Sealed:
    """What one sealing did."""

    number: int
    rows: int
    head: str


def seal() -> Sealed | None:
    """Seal what is finished and not sealed yet; None where that is nothing or another one is at it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOCK)
        if not cursor.fetchone()[0]:
            return None
        cursor.execute(_NOW)
        snapshot, at, system = cursor.fetchone()
        cursor.execute(
            "SELECT number, last_position, head, xact_below, system_identifier FROM crm_chainseal "
            "ORDER BY number DESC LIMIT 1"
        )
        number, position, head, since, before = cursor.fetchone() or (0, 0, GENESIS, 0, system)
        since = since if before == system else 0  # restored into a new server: transactions count anew
        last, head = _link_all(cursor, snapshot, since, position, bytes(head))
        if last == position:
            return None
        cursor.execute(
            "INSERT INTO crm_chainseal (number, at, first_position, last_position, head, xact_below, "
            "snapshot, system_identifier) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            [number + 1, at, position + 1, last, head, int(snapshot.partition(":")[0]), snapshot, system],
        )
    return Sealed(number + 1, last - position, head.hex())


def _link_all(cursor, snapshot: str, since: int, position: int, head: bytes) -> tuple[int, bytes]:
    """Put a link behind every finished row that has none; return the last position and head.

    Rows are hashed and ordered by PostgreSQL and come BATCH at a time; only the chain itself, each link over
    the last, is made here.
    """
    for source, table in TABLES.items():
        where = (
            f"j.xact >= {since:d} AND {finished('j.xact', snapshot)} AND NOT EXISTS (SELECT FROM "
            f"crm_chainlink AS l WHERE l.source = '{source}' AND l.row_id = j.id)"
        )
        with connection.chunked_cursor() as rows:
            rows.itersize = BATCH
            rows.execute(f"SELECT id, hash FROM ({hashes(source, table, where)}) AS k ORDER BY id")
            while batch := rows.fetchmany(BATCH):
                copying = "COPY crm_chainlink (position, source, row_id, row_hash, chain) FROM STDIN"
                with cursor.copy(copying) as copy:
                    for row_id, row_hash in batch:
                        position += 1
                        head = link_hash(head, position, source, row_id, bytes(row_hash))
                        copy.write_row((position, source, row_id, row_hash, head))
    return position, head


def finished(column: str, snapshot: str) -> str:
    """SQL: whether the transaction in `column` was over when `snapshot` (PostgreSQL's own text) was taken."""
    return f"pg_visible_in_snapshot({column}::text::xid8, '{snapshot}')"


def link_hash(before: bytes, position: int, source: str, row_id: int, row_hash: bytes) -> bytes:
    """SHA-256 of the link before, the place, and what stands there."""
    return hashlib.sha256(before + f"{position}|{source}|{row_id}|".encode() + row_hash).digest()


TABLES = {"change": "crm_change", "audit": "crm_auditrecord"}


def hashes(source: str, table: str, where: str = "true") -> str:
    """SQL of (id, hash, xact, by_hand, told) of the rows of one source that `where` (on j) selects."""
    if source == "audit":
        text, by_hand, told = _TEXT.format(row="j"), "NOT j.by_function", "j.act"
        return _select(text, by_hand, told, f"{table} AS j", where)
    text = (
        f"{_TEXT.format(row='j')} || '|' || coalesce({_event_text()}, 'missing') || '|' || "
        "coalesce((SELECT c.metadata::text FROM pghistory_context AS c WHERE c.id = j.context_id), 'missing')"
    )
    return _select(text, "j.depth = 0", "j.source || ' ' || j.object_id", f"{table} AS j", where)


def _select(text, by_hand, told, rows, where) -> str:
    return (
        f"SELECT j.id, sha256(convert_to({text}, 'UTF8')) AS hash, j.xact, {by_hand} AS by_hand, "
        f"{told} AS told FROM {rows} WHERE {where}"
    )


def _event_text() -> str:
    """The row of history that a line of the journal points at, whichever table holds it."""
    cases = " ".join(
        f"WHEN '{rule.table}' THEN (SELECT {_TEXT.format(row='e')} "
        f"FROM {rule.event_model._meta.db_table} AS e WHERE e.pgh_id = j.event_id)"
        for rule in rules().values()
    )
    return f"CASE WHEN j.event_id IS NULL THEN 'many' ELSE CASE j.source {cases} END END"
