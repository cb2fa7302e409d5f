"""The rules of a record type as SQL over its staging table.

First one pass that only counts (parallel, every rule in one WHERE); where it finds anything, one query that
names every bad row, streamed from a server-side cursor into the report.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import psycopg

from crm.feed.folder import Folder
from crm.feed.kinds import LedgerDate, Reference, quoted
from crm.feed.records import Bad, RecordType
from crm.feed.report import Report, mask, shortened, without_personal

_BATCH = 5000


@dataclass(frozen=True)
class Fault:
    """`bad` is true for a row of `source` (alias s or r) that breaks the rule."""

    column: str
    bad: str
    reason: str


def check_record(
    connection: psycopg.Connection, record: RecordType, folder: Folder, staged: frozenset[str], report: Report
) -> None:
    """Add every fault of a staged file to `report`: columns, keys, rules over a row, Python's rules."""
    faults = list(column_faults(record, folder))
    source = f"{record.staged} AS s {_reference_joins(record, staged)}"
    if faults and _any(connection, source, faults):
        _collect(connection, record, report, [(source, "s", fault) for fault in faults])
    if _repeated(connection, record):
        _stream(connection, record, report, _repeats_sql(record))
    if record.checks:
        rows = f"({record.rows_sql(sure=False)}) AS r"
        rules = [Fault(check.column, check.bad, check.reason) for check in record.checks]
        if _any(connection, rows, rules):
            _collect(connection, record, report, [(rows, "r", rule) for rule in rules])
    if record.scan:
        _scan(connection, record, folder.business_date, report)


def column_faults(record: RecordType, folder: Folder) -> Iterator[Fault]:
    """Yield the rules of single columns: compulsory, kind, inside the folder's days, reference known."""
    for column in record.columns:
        text, kind = f's."{column.name}"', column.kind
        if column.required:
            yield Fault(column.name, f"{text} IS NULL", "is compulsory and is empty")
        if isinstance(kind, Reference):
            unknown = (
                f'{text} IS NOT NULL AND "{column.name}_ref".key IS NULL AND "{column.name}_new" IS NULL'
            )
            yield Fault(column.name, unknown, kind.reason)
            continue
        yield Fault(column.name, f"{text} IS NOT NULL AND {kind.bad(text)}", kind.reason)
        if isinstance(kind, LedgerDate):
            early = f"{text} COLLATE \"C\" <= '{folder.late_since}'"
            late = f"{text} COLLATE \"C\" > '{folder.business_date}'"
            yield Fault(
                column.name,
                f"NOT {kind.bad(text)} AND ({early} OR {late})",
                f"is not after {folder.late_since} and up to {folder.business_date}; "
                "late rows need late_since in feed.json",
            )


def _reference_joins(record: RecordType, staged: frozenset[str]) -> str:
    joins = []
    for column in record.references:
        name, kind = column.name, column.kind
        joins.append(f'LEFT JOIN {kind.by_text} AS "{name}_ref" ON "{name}_ref".key = s."{name}"')
        if kind.record in staged:
            keys = (
                f'SELECT DISTINCT "{kind.staged}" AS new_key FROM {_staged(kind.record)} '
                f'WHERE {kind.staged_if} AND "{kind.staged}" IS NOT NULL'
            )
            joins.append(f'LEFT JOIN ({keys}) AS "{name}_j" ON "{name}_j".new_key = s."{name}"')
            joins.append(f'CROSS JOIN LATERAL (SELECT "{name}_j".new_key) AS "{name}_n"("{name}_new")')
        else:
            joins.append(f'CROSS JOIN (SELECT NULL::text) AS "{name}_n"("{name}_new")')
    return " ".join(joins)


def _staged(name: str) -> str:
    from crm.feed.registry import record_types

    return record_types()[name].staged


def _any(connection: psycopg.Connection, source: str, faults: list[Fault]) -> bool:
    wrong = " OR ".join(f"({fault.bad})" for fault in faults)
    return connection.execute(f"SELECT count(*) FROM {source} WHERE {wrong}").fetchone()[0] > 0


def _collect(connection, record: RecordType, report: Report, faults: list[tuple[str, str, Fault]]) -> None:
    parts = [
        f'SELECT {alias}.row_no, {quoted(fault.column)} AS col, raw."{fault.column}" AS value, '
        f"{quoted(fault.reason)} AS reason FROM {source} "
        f"JOIN {record.staged} AS raw ON raw.row_no = {alias}.row_no WHERE {fault.bad}"
        for source, alias, fault in faults
    ]
    _stream(connection, record, report, " UNION ALL ".join(parts) + " ORDER BY 1")


def _repeated(connection: psycopg.Connection, record: RecordType) -> bool:
    keys = ", ".join(f'"{name}"' for name in record.key)
    if len(record.key) == 1:  # a hash of 8 bytes groups faster than the text; a collision is looked at again
        keys = f"hashtextextended({keys}, 0)"
    whole = " AND ".join(f'"{name}" IS NOT NULL' for name in record.key)
    query = f"SELECT EXISTS (SELECT FROM {record.staged} WHERE {whole} GROUP BY {keys} HAVING count(*) > 1)"
    return connection.execute(query).fetchone()[0]


def _repeats_sql(record: RecordType) -> str:
    keys = ", ".join(f'"{name}"' for name in record.key)
    whole = " AND ".join(f'"{name}" IS NOT NULL' for name in record.key)
    last = record.key[-1]
    return (
        f"SELECT row_no, {quoted(last)}, value, 'repeats row ' || first FROM ("
        f'SELECT row_no, "{last}" AS value, first_value(row_no) OVER w AS first FROM {record.staged} '
        f"WHERE {whole} WINDOW w AS (PARTITION BY {keys} ORDER BY row_no)) AS k "
        "WHERE row_no > first ORDER BY row_no"
    )


def _scan(connection: psycopg.Connection, record: RecordType, as_of: date, report: Report) -> None:
    columns, rule = record.scan
    chosen = ", ".join(f'"{name}"' for name in columns)
    filled = " OR ".join(f'"{name}" IS NOT NULL' for name in columns)
    with connection.transaction(), connection.cursor(name="feed_scan") as cursor:
        cursor.itersize = _BATCH
        cursor.execute(f"SELECT row_no, {chosen} FROM {record.staged} WHERE {filled} ORDER BY row_no")
        for row, column, value, reason in rule(cursor, as_of):
            _add(record, report, row, column, value, reason)


def _stream(connection: psycopg.Connection, record: RecordType, report: Report, query: str) -> None:
    with connection.transaction(), connection.cursor(name="feed_faults") as cursor:
        cursor.itersize = _BATCH
        cursor.execute(query)
        for row, column, value, reason in cursor:
            _add(record, report, row, column, value, reason)


def late_faults(connection: psycopg.Connection, record: RecordType, fill, report: Report) -> None:
    """Run the rules that need the database as it will be; `fill` puts the load's values into the SQL."""
    for check in record.late_checks:
        query = (
            f'SELECT row_no, {quoted(check.column)}, raw."{check.column}", found.reason '
            f"FROM ({fill(check.sql)}) AS found JOIN {record.staged} AS raw USING (row_no) ORDER BY row_no"
        )
        _stream(connection, record, report, query)


def _add(record: RecordType, report: Report, row, column, value, reason) -> None:
    private = next((c.private for c in record.columns if c.name == column), False)
    shown = mask(value, private) if private else shortened(without_personal(value))
    report.add(Bad(record.name, row, column, shown, reason))
