"""ADBC's calls on Django's own connection: a night's steps inside a test's transaction."""

from contextlib import contextmanager

import pyarrow as pa
from django.db import connection

TYPES = {
    16: pa.bool_(),
    17: pa.binary(),
    20: pa.int64(),
    21: pa.int16(),
    23: pa.int32(),
    25: pa.string(),
    1016: pa.list_(pa.int64()),
    1043: pa.string(),
    1082: pa.date32(),
}


class InTransaction:
    """Stands for the connection that performance.database.columns() yields."""

    @contextmanager
    def cursor(self):
        with connection.cursor() as cursor:
            yield Cursor(cursor)


class Cursor:
    def __init__(self, cursor):
        self._cursor = cursor

    def execute(self, sql):
        self._cursor.execute(sql.replace("%", "%%"), [])

    def fetch_arrow_table(self):
        columns = self._cursor.cursor.description
        rows = self._cursor.fetchall()
        return pa.table(
            {
                column.name: pa.array([row[place] for row in rows], TYPES[column.type_code])
                for place, column in enumerate(columns)
            }
        )

    def adbc_ingest(self, table, rows, mode):
        assert mode == "append"
        with self._cursor.copy(f"COPY {table} ({', '.join(rows.column_names)}) FROM STDIN") as copy:
            for row in zip(*(column.to_pylist() for column in rows.columns), strict=True):
                copy.write_row(row)
