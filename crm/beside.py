"""A connection beside Django's own: what is written on it stays, whatever becomes of the transaction."""

from contextlib import contextmanager

import psycopg
from django.db import connection


@contextmanager
def beside():
    """A connection of the same login, committing each statement; closed at the end."""
    known = connection.get_connection_params()
    parameters = {name: value for name, value in known.items() if name not in {"context", "cursor_factory"}}
    with psycopg.connect(**parameters, autocommit=True) as opened:
        yield opened
