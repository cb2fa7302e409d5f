"""The test database: migrated once for all workers, emptied by what holds rows.

Django's own ways are slow here: a migration of every worker's database, and a `flush` that truncates every
table and every month's partition and then makes content types and permissions anew.
"""

import fcntl
from pathlib import Path

from django.db import connection

# What the migrations fill, and no test changes for good.
OF_MIGRATIONS = ("django_migrations", "django_content_type", "auth_permission", "performance_scheme")
HOLDING_ROWS = """
    SELECT oid::regclass::text FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND NOT relname = ANY(%s)
    AND pg_relation_size(oid) > 0
"""


def clone_of_template(shared: Path) -> None:
    """Let pytest-django copy this worker's database from a template, which the first worker here migrates.

    `shared` is a folder of this run that all its workers know.
    """
    name = connection.settings_dict["NAME"]
    given = connection.settings_dict["TEST"]
    template = f"{given['NAME'].rpartition('_')[0]}_template"
    with (shared / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "template.made").exists():
            connection.settings_dict["TEST"] = given | {"NAME": template}
            connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
            connection.close()  # nobody may be connected to what is copied
            connection.settings_dict["NAME"] = name
            (shared / "template.made").touch()
    connection.settings_dict["TEST"] = given | {"TEMPLATE": template}


def empty_tables() -> None:
    """Throw every committed row away, except those of the migrations."""
    with connection.cursor() as cursor:
        cursor.execute(HOLDING_ROWS, [list(OF_MIGRATIONS)])
        tables = [name for (name,) in cursor.fetchall()]
        if tables:
            cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")
