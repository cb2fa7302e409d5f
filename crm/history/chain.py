"""The chain over history and audit: each sealed row has a link, each link proves all links before it.

A row's hash covers the line of the journal, the row of history it points at and the words of its context.
Rows are sealed in batches, once their transactions are finished: a batch holds what the transactions before
`xact_below` wrote, so a row that turns up later with an older transaction was put in by hand.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection, transaction

from crm.history.tracking import rules

GENESIS = b"\0" * 32
_LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('history chain'))"
_NOW = (
    "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint, system_identifier FROM pg_control_system()"
)
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
        below, system = cursor.fetchone()
        cursor.execute(
            "SELECT number, last_position, head, xact_below, system_identifier FROM crm_chainseal "
            "ORDER BY number DESC LIMIT 1"
        )
        number, position, head, since, before = cursor.fetchone() or (0, 0, GENESIS, 0, system)
        since = since if before == system else 0  # restored into a new server: transactions count anew
        links = list(_linked(_unsealed(cursor, since, below), position, bytes(head)))
        if not links:
            return None
        with cursor.copy("COPY crm_chainlink (position, source, row_id, row_hash, chain) FROM STDIN") as copy:
            for link in links:
                copy.write_row(link)
        last, head = links[-1][0], links[-1][4]
        cursor.execute(
            "INSERT INTO crm_chainseal (number, first_position, last_position, head, xact_below, "
            "system_identifier) VALUES (%s, %s, %s, %s, %s, %s)",
            [number + 1, position + 1, last, head, below, system],
        )
    return Sealed(number + 1, len(links), head.hex())


def _linked(rows, position: int, head: bytes) -> Iterator[tuple]:
    for source, row_id, row_hash in rows:
        position += 1
        head = link_hash(head, position, source, row_id, bytes(row_hash))
        yield position, source, row_id, bytes(row_hash), head


def link_hash(before: bytes, position: int, source: str, row_id: int, row_hash: bytes) -> bytes:
    """SHA-256 of the link before, the place, and what stands there."""
    return hashlib.sha256(before + f"{position}|{source}|{row_id}|".encode() + row_hash).digest()


def _unsealed(cursor, since: int, below: int) -> list[tuple]:
    """(source, row id, row hash) of finished rows without a link, in the order of their ids."""
    found = []
    for source, table in TABLES.items():
        where = (
            f"j.xact >= {since:d} AND j.xact < {below:d} AND NOT EXISTS (SELECT FROM crm_chainlink AS l "
            f"WHERE l.source = '{source}' AND l.row_id = j.id)"
        )
        cursor.execute(f"SELECT '{source}', id, hash FROM ({hashes(source, table, where)}) AS k ORDER BY id")
        found += cursor.fetchall()
    return found


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
