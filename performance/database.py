"""An ADBC connection to Django's database: columns in and out without a Python object per value.

Import inside tasks only: it pulls in Arrow, which must not be in Celery's parent when it forks.
"""

from contextlib import contextmanager, suppress

from celery import current_task
from django.db import connection
from psycopg.conninfo import make_conninfo


def conninfo() -> str:
    """Return the connection string of Django's default database, test databases included."""
    settings = connection.settings_dict
    parts = {
        "dbname": settings["NAME"],
        "user": settings["USER"],
        "password": settings["PASSWORD"],
        "host": settings["HOST"],
        "port": settings["PORT"],
    }
    return make_conninfo(**{name: value for name, value in parts.items() if value}, **settings["OPTIONS"])


@contextmanager
def columns():
    """Yield an ADBC connection in one transaction: committed at the end, rolled back by an exception.

    A first connection reads the whole catalogue for its types (0.3 s with the ledger's partitions), and every
    new one plans slowly at first; so a worker keeps its own for the next step. Anyone else pays.
    """
    arrow = _begin()
    try:
        yield arrow
        arrow.commit()
        arrow.adbc_connection.set_autocommit(True)
    except BaseException:
        arrow.close()  # what was not committed is rolled back
        raise
    if current_task:
        _kept["connection"] = arrow
    else:
        arrow.close()


_kept = {}


def _begin():
    """A transaction on the connection that this worker kept, or on a new one where the server has gone."""
    from adbc_driver_postgresql import dbapi

    arrow = _kept.pop("connection", None)
    if arrow is not None:
        try:
            arrow.adbc_connection.set_autocommit(False)
            return arrow
        except dbapi.Error:
            with suppress(dbapi.Error):
                arrow.close()
    return dbapi.connect(conninfo())


def fetch(arrow, query: str):
    """Return the query's rows as an Arrow table."""
    with arrow.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetch_arrow_table()


def read(arrow, query: str):
    """Return the query's rows as a Polars frame."""
    import polars as pl

    return pl.from_arrow(fetch(arrow, query))


def execute(arrow, statement: str) -> None:
    with arrow.cursor() as cursor:
        cursor.execute(statement)


def send(arrow, table: str, rows) -> None:
    """Append an Arrow table to an existing table whose columns have the same names (COPY)."""
    with arrow.cursor() as cursor:
        cursor.adbc_ingest(table, rows, mode="append")


def write(arrow, table: str, frame) -> None:
    """Append a Polars frame to an existing table whose columns have the same names (COPY)."""
    send(arrow, table, frame.to_arrow())
