"""Proving the chain: every row that was changed, removed or put in by hand is named."""

import json
from dataclasses import dataclass
from pathlib import Path

from django.db import connection, transaction

from crm.history.chain import GENESIS, TABLES, finished, hashes, link_hash
from crm.history.tracking import rules
from crm.history.triggers import silent

_BATCH = 10_000


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: `what` is one sentence that names it."""

    kind: str  # altered, missing, inserted, link, head, trigger
    what: str


@dataclass(frozen=True)
class Proof:
    """The outcome: how much is sealed, and every fault."""

    seals: int
    links: int
    unsealed: int
    faults: tuple[Fault, ...]


def verify(exported: Path | None = None) -> Proof:
    """Read everything once and compare; `exported` is the file of heads that left the house."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        faults = [Fault("trigger", f"{name} is missing or switched off.") for name in silent()]
        for source, table in TABLES.items():
            faults += _rows(cursor, source, table)
        for rule in rules().values():
            faults += _orphans(cursor, rule.event_model._meta.db_table, rule.table)
        seals = _seals(cursor)
        links, of_links = _links(cursor, seals)
        faults += of_links + _heads(seals, exported)
        unsealed = _unsealed(cursor)
    return Proof(len(seals), links, unsealed, tuple(faults))


def _rows(cursor, source: str, table: str) -> list[Fault]:
    """Rows against their links: altered, missing, or inserted behind the seal's back."""
    cursor.execute(
        "SELECT xact_below, snapshot FROM crm_chainseal WHERE system_identifier = "
        "(SELECT system_identifier FROM pg_control_system()) ORDER BY number DESC LIMIT 1"
    )
    below, snapshot = cursor.fetchone() or (0, "")
    sealed = finished("k.xact", snapshot) if snapshot else f"k.xact < {below:d}"
    cursor.execute(
        "SELECT l.position, l.row_id, k.id, k.told, k.by_hand, k.hash = l.row_hash "
        f"FROM ({hashes(source, table)}) AS k FULL JOIN "
        f"(SELECT position, row_id, row_hash FROM crm_chainlink WHERE source = '{source}') AS l "
        "ON l.row_id = k.id "
        f"WHERE k.id IS NULL OR k.hash <> l.row_hash OR k.by_hand OR (l.row_id IS NULL AND {sealed}) "
        "ORDER BY coalesce(k.id, l.row_id)"
    )
    return [_row_fault(table, *row) for row in cursor.fetchall()]


def _row_fault(table, position, linked, row, told, by_hand, same) -> Fault:
    if row is None:
        return Fault("missing", f"{table} {linked} is missing: it was sealed at position {position}.")
    name = f"{table} {row} ({told})"
    if by_hand:
        return Fault("inserted", f"{name} was inserted by hand: no trigger or function wrote it.")
    if linked is None:
        return Fault("inserted", f"{name} was inserted after its time was sealed.")
    return Fault("altered", f"{name} was altered, or its history or context, after it was sealed.")


def _orphans(cursor, history: str, source: str) -> list[Fault]:
    """Rows of history that no line of the journal points at."""
    cursor.execute(
        f"SELECT pgh_id FROM {history} AS e WHERE NOT EXISTS (SELECT FROM crm_change AS j "
        "WHERE j.source = %s AND j.object_id = e.pgh_obj_id::text AND j.event_id = e.pgh_id) ORDER BY pgh_id",
        [source],
    )
    words = "no line of the journal points at it: it was inserted by hand, or its line was removed"
    return [Fault("inserted", f"{history} {number}: {words}.") for (number,) in cursor.fetchall()]


def _seals(cursor) -> list[tuple]:
    cursor.execute("SELECT number, first_position, last_position, head FROM crm_chainseal ORDER BY number")
    return [(number, first, last, bytes(head)) for number, first, last, head in cursor.fetchall()]


def _links(cursor, seals) -> tuple[int, list[Fault]]:
    """Walk the chain; a link that does not follow from the one before is named, and the walk goes on."""
    heads = {last: (number, head) for number, _first, last, head in seals}
    faults, head, expected, count = [], GENESIS, 1, 0
    for position, source, row_id, row_hash, chain in _walk():
        count += 1
        if position != expected:
            faults.append(Fault("link", f"Links {expected} to {position - 1} of the chain are missing."))
        elif chain != link_hash(head, position, source, row_id, row_hash):
            faults.append(
                Fault("link", f"Link {position} ({TABLES.get(source, source)} {row_id}) was altered.")
            )
        head, expected = chain, position + 1
        if position in heads and heads[position][1] != head:
            faults.append(Fault("head", f"Seal {heads[position][0]} does not fit link {position}."))
    last = max(heads, default=0)
    if expected <= last:
        faults.append(Fault("link", f"Links {expected} to {last} of the chain are missing."))
    elif expected - 1 > last:
        faults.append(Fault("head", f"Links {last + 1} to {expected - 1} belong to no seal."))
    return count, faults + _seal_order(seals)


def _walk():
    """Every link in order, without holding them all."""
    with connection.chunked_cursor() as cursor:
        cursor.itersize = _BATCH
        cursor.execute(
            "SELECT position, source, row_id, row_hash, chain FROM crm_chainlink ORDER BY position"
        )
        while rows := cursor.fetchmany(_BATCH):
            for position, source, row_id, row_hash, chain in rows:
                yield position, source, row_id, bytes(row_hash), bytes(chain)


def _seal_order(seals) -> list[Fault]:
    faults, number_due, position_due = [], 1, 1
    for number, first, last, _head in seals:
        if number != number_due or first != position_due:
            faults.append(Fault("head", f"Before seal {number} a seal is missing or was altered."))
        number_due, position_due = number + 1, last + 1
    return faults


def _heads(seals, exported: Path | None) -> list[Fault]:
    """The heads that left the house against those inside: a chain written anew as a whole shows here."""
    if exported is None or not exported.exists():
        return []
    inside = {number: (last, head.hex()) for number, _first, last, head in seals}
    faults = []
    for line in exported.read_text(encoding="utf-8").splitlines():
        told = json.loads(line)
        if inside.get(told["seal"]) != (told["position"], told["head"]):
            faults.append(Fault("head", f"Seal {told['seal']} is not the one exported at {told['at']}."))
    return faults


def _unsealed(cursor) -> int:
    parts = " UNION ALL ".join(
        f"SELECT count(*) AS n FROM {table} AS j WHERE NOT EXISTS (SELECT FROM crm_chainlink AS l "
        f"WHERE l.source = '{source}' AND l.row_id = j.id)"
        for source, table in TABLES.items()
    )
    cursor.execute(f"SELECT sum(n)::bigint FROM ({parts}) AS k")
    return cursor.fetchone()[0]
