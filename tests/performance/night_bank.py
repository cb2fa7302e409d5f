"""A small constructed bank whose rows are committed, for tests that run real workers on it."""

import time
from contextlib import contextmanager
from datetime import date
from io import StringIO

from django.core.management import call_command
from django.db import connection

from bench import ledger
from crm.celery import app
from customers.models import Publication
from performance import tables
from performance.models import Night
from tests.database import empty_tables
from tests.factories import make_branch

CUSTOMERS = 200
FIRST, LAST = date(2026, 1, 5), date(2026, 6, 30)


@contextmanager
def committed_bank():
    """Fill the test database for as long as the block lasts; leave it as it was, sequences aside."""
    drop_night_tables()  # a transactional test before us flushes rows, not what its nights made
    try:
        ledger.fill(CUSTOMERS, FIRST, LAST, branch=make_branch("NIGHT", name="夜行"))
        yield
    finally:
        empty()


def empty() -> None:
    """Throw away every row, and every table that a night made."""
    drop_night_tables()
    empty_tables()


def drop_night_tables() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            r"SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relname ~ '_n\d+r\d+$' "
            "AND relname LIKE ANY(%s)",
            [[f"{table}%" for table in (*tables.SHARDED, tables.STANDING, tables.CHANGED)]],
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP TABLE IF EXISTS {name} CASCADE")


def follow(as_of, **options) -> str:
    """Run the night of `as_of` to its end through whatever worker there is; return what was printed."""
    said = StringIO()
    call_command("run_night", date=as_of.isoformat(), follow=True, stdout=said, **options)
    return said.getvalue()


def published() -> Night:
    return Night.objects.get(pk=Publication.objects.get().night_id)


def leftovers() -> list[str]:
    """Tables of runs that nobody sees."""
    kept = {
        tables.of_night(table, night, published=True)
        for night in Night.objects.exclude(published_run=None)
        for table in (*tables.SHARDED, tables.STANDING)
    }
    with connection.cursor() as cursor:
        cursor.execute(r"SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relname ~ '_n\d+r\d+$'")
        return sorted({name for (name,) in cursor.fetchall()} - kept)


def worker_is_idle() -> bool:
    """True when the one worker answers that it neither runs a task nor holds one."""
    worker = app.control.inspect(timeout=10, limit=1)
    asked = (worker.reserved(), worker.active())  # in this order: a task goes from the one to the other
    return all(answer and not any(answer.values()) for answer in asked)


def wait_for(reached, seconds: float = 90) -> None:
    """Wait until `reached()` is true; fail the test where it never is."""
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, "it never came so far"
        time.sleep(0.01)
