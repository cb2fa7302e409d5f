"""Partitions of the ledger: hash by customer, then one leaf a month, made as data arrive."""

from datetime import date

from django.db import connection

SHARDS = 16


def month_starts(first: date, last: date) -> list[date]:
    """Return the first day of every month from `first`'s to `last`'s, both included."""
    months, year, month = [], first.year, first.month
    while (year, month) <= (last.year, last.month):
        months.append(date(year, month, 1))
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return months


def ensure_months(table: str, first: date, last: date) -> int:
    """Create the missing monthly leaves of `table` for `first`..`last` in every shard; return how many.

    Safe to call beside another caller: creation is serialised by an advisory lock of the transaction.
    """
    wanted = {
        f"{table}_h{shard:02d}_{start:%Ym%m}": (shard, start)
        for start in month_starts(first, last)
        for shard in range(SHARDS)
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"partitions of {table}"])
        cursor.execute("SELECT relname FROM pg_class WHERE relname = ANY(%s)", [list(wanted)])
        missing = wanted.keys() - {name for (name,) in cursor.fetchall()}
        for name in sorted(missing):
            shard, start = wanted[name]
            end = date(start.year + start.month // 12, start.month % 12 + 1, 1)
            cursor.execute(
                f"CREATE TABLE {name} PARTITION OF {table}_h{shard:02d} "
                f"FOR VALUES FROM ('{start}') TO ('{end}')"
            )
    return len(missing)
