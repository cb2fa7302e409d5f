"""What a database holds, so that two can be compared: rows and a digest of every table."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
from psycopg import sql

from crm.ops.backup.programs import connect

# leaves only: what a partitioned table holds lies in its partitions
TABLES = """
    SELECT n.nspname, c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = c.oid AND deptype = 'e') ORDER BY 1, 2
"""
ROLES = """
    SELECT DISTINCT r.rolname FROM pg_shdepend AS d JOIN pg_roles AS r ON r.oid = d.refobjid
    WHERE d.refclassid = 'pg_authid'::regclass AND r.rolname <> current_user
    AND d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY 1
"""


def tables(connection: psycopg.Connection) -> list[tuple[str, str]]:
    """Return (schema, table) of every table that holds rows of its own."""
    return connection.execute(TABLES).fetchall()


def roles(connection: psycopg.Connection) -> list[str]:
    """Return the roles that own something here or were granted something: a restore needs them."""
    return [name for (name,) in connection.execute(ROLES)]


def digests(database: str, *, snapshot: str | None, jobs: int) -> dict[str, list]:
    """Return {table: [rows, digest]} of `database`, in `jobs` sessions, as of `snapshot` where one is given.

    The digest is the sum of the rows' 64-bit hashes: the same in whatever order rows lie.
    """
    with connect(database) as connection:
        names = tables(connection)
    parts = [names[number::jobs] for number in range(jobs)]

    def work(part):
        with connect(database) as connection:
            return _digests(connection, part, snapshot)

    with ThreadPoolExecutor(jobs) as pool:
        found = {}
        for part in pool.map(work, parts):
            found |= part
    return dict(sorted(found.items()))


def _digests(connection, names, snapshot) -> dict[str, list]:
    found = {}
    connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    if snapshot:
        connection.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(sql.Literal(snapshot)))
    for schema, table in names:
        rows, digest = connection.execute(
            sql.SQL(
                "SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)), 0)::text FROM {} AS t"
            ).format(sql.Identifier(schema, table))
        ).fetchone()
        found[f"{schema}.{table}"] = [rows, digest]
    connection.execute("COMMIT")
    return found
