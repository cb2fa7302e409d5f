"""The test database: migrated once for all workers, emptied by what holds rows; and a made bank to copy.

Django's own ways are slow here: a migration of every worker's database, and a `flush` that truncates every
table and every month's partition and then makes content types and permissions anew.
"""

import fcntl
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

# What the migrations fill, and no test changes for good.
OF_MIGRATIONS = (
    *("django_migrations", "django_content_type", "auth_permission"),
    *("performance_scheme", "customers_capacityrule"),
)
HOLDING_ROWS = """
    SELECT oid::regclass::text FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND NOT relname = ANY(%s)
    AND pg_relation_size(oid) > 0
"""
COPY_OF_BANK = "_copy"


def clone_of_template(shared: Path) -> None:
    """Let pytest-django copy this worker's database from a template, which the first worker here migrates.

    `shared` is a folder of this run that all its workers know.
    """
    name = connection.settings_dict["NAME"]
    given = connection.settings_dict["TEST"]
    template = f"{given['NAME'].rpartition('_')[0]}_template"
    with _once(shared, "template") as is_first:
        if is_first:
            connection.settings_dict["TEST"] = given | {"NAME": template}
            connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
            connection.close()  # nobody may be connected to what is copied
            connection.settings_dict["NAME"] = name
    connection.settings_dict["TEST"] = given | {"TEMPLATE": template}
    connection.creation._destroy_test_db = drop


def drop(name: str, verbosity: int) -> None:
    """Drop a worker's database with whatever session a stopped process left there: the server goes next."""
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE {connection.ops.quote_name(name)} WITH (FORCE)")


@contextmanager
def copy_of_bank(shared: Path, make: Callable[[], object]):
    """Point Django at a copy of a made bank for as long as the block lasts, then at its own database again.

    The bank is made by `make` once in a run of pytest, in a copy of this worker's migrated and empty
    database; `shared` is a folder that all workers of the run know.
    """
    own = connection.settings_dict["NAME"]
    migrated = connection.settings_dict["TEST"].get("TEMPLATE") or own
    copy, bank = own + COPY_OF_BANK, f"{migrated}_bank"
    with _once(shared, bank) as is_first:
        if is_first:
            with _pointed_at_copy_of(migrated, bank):
                make()
    try:
        with _pointed_at_copy_of(bank, copy):
            yield
    finally:
        _maintain(f"DROP DATABASE IF EXISTS {copy} WITH (FORCE)")


@contextmanager
def _pointed_at_copy_of(source: str, name: str):
    """Make the database `name` from `source`; every connection that Django opens in the block goes there."""
    before = connection.settings_dict["NAME"]
    connection.close()  # nobody may be connected to what is copied
    _maintain(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    _maintain(f"CREATE DATABASE {name} TEMPLATE {source} STRATEGY FILE_COPY")
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


def _maintain(statement: str) -> None:
    with connection._nodb_cursor() as cursor:
        cursor.execute(statement)


@contextmanager
def _once(shared: Path, what: str):
    """Yield True to the first process of this run that comes here for `what`, False to those after it."""
    made = shared / f"{what}.made"
    with (shared / f"{what}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield not made.exists()
        made.touch()


def empty_tables() -> None:
    """Throw every committed row away, except those of the migrations; a copy of a bank is left alone."""
    if connection.settings_dict["NAME"].endswith(COPY_OF_BANK):
        return
    with connection.cursor() as cursor:
        cursor.execute(HOLDING_ROWS, [list(OF_MIGRATIONS)])
        tables = [name for (name,) in cursor.fetchall()]
        if tables:
            cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")
