"""The embedded PostgreSQL: made once, started under the right identity, asked whether it serves."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import psycopg
from psycopg import sql

from crm.embedded import binaries, identity
from crm.embedded.errors import CannotStart
from crm.embedded.layout import DATABASE, ROLE, SUPERUSER, Layout
from crm.embedded.leftovers import end_postgres
from crm.embedded.memory import memory_bytes, postgres_settings
from crm.embedded.service import Service, clean_environment
from crm.wall import roles


def service(layout: Layout, *, throwaway: bool) -> Service:
    """Return the service of this bank's PostgreSQL, its data folder made when there is none."""
    programs = binaries.postgres()
    who = identity.for_postgres(programs.program("postgres"))
    _make_data(layout, programs, who, sync=not throwaway)
    _check_version(layout, programs)
    identity.own(layout.postgres_data, who.owner)
    settings = postgres_settings(
        throwaway=throwaway,
        memory=memory_bytes(),
        cores=os.cpu_count() or 1,
        shared_memory=_free_bytes("/dev/shm"),  # noqa: S108
    )
    argv = [
        programs.program("postgres"),
        "-D",
        str(layout.postgres_data),
        "-k",
        str(layout.sockets),
        "-h",
        "",
    ]
    for name, value in settings.items():
        argv += ["-c", f"{name}={value}"]
    return Service(
        name="PostgreSQL",
        command=lambda death_signal: who.command(argv, death_signal=death_signal),
        log=layout.logs / "postgres.log",
        state=layout.state,
        death_signal="INT",  # fast shutdown: open transactions roll back, nothing is left to recover
        stop_signal=signal.SIGINT,
        grace=60,
        is_server=True,
        ready=lambda: answers(layout),
        before=lambda: end_postgres(layout),
    )


def _make_data(layout: Layout, programs: binaries.Postgres, who: identity.Identity, *, sync: bool) -> None:
    """Run initdb into a folder aside and rename it: a killed initdb leaves no half database."""
    if layout.postgres_data.exists():
        return
    partial = layout.state / "postgres.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(mode=0o700)
    os.chown(partial, who.owner, -1)
    # the builtin provider came with 17; before it the C library's C.UTF-8 sorts and folds alike
    provider = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if programs.major >= 17 else []
    argv = [programs.program("initdb"), "-D", str(partial), "-U", SUPERUSER, "-A", "trust", "-E", "UTF8"]
    argv += [*provider, "--locale=C.UTF-8", *([] if sync else ["--no-sync"])]
    # initdb warns when it inherits a folder it may not enter
    done = subprocess.run(
        who.command(argv), capture_output=True, text=True, cwd="/", env=clean_environment({"TZ": "UTC"})
    )
    if done.returncode:
        shutil.rmtree(partial, ignore_errors=True)
        said = next((line for line in reversed(done.stderr.splitlines()) if line.strip()), "no reason given")
        raise CannotStart(f"PostgreSQL could not make its data folder {layout.postgres_data}: {said.strip()}")
    partial.rename(layout.postgres_data)


def _check_version(layout: Layout, programs: binaries.Postgres) -> None:
    made = int((layout.postgres_data / "PG_VERSION").read_text())
    if made != programs.major:
        raise CannotStart(
            f"The bank in {layout.state} was made by PostgreSQL {made}, here is PostgreSQL {programs.major}: "
            "run `make clean run` to install the right one, or set GUANHU_STATE to a new folder."
        )


def _free_bytes(folder: str) -> int:
    return shutil.disk_usage(folder).free if Path(folder).is_dir() else 0


def connect(layout: Layout, database: str = "postgres") -> psycopg.Connection:
    """Return an autocommit connection as the bootstrap superuser (only the launcher uses it)."""
    return psycopg.connect(
        host=str(layout.sockets),
        port=5432,
        user=SUPERUSER,
        dbname=database,
        connect_timeout=5,
        autocommit=True,
    )


def answers(layout: Layout) -> bool:
    """Return whether the server accepts connections."""
    try:
        connect(layout).close()
    except psycopg.OperationalError:
        return False
    return True


def make_database(layout: Layout, *, throwaway: bool) -> None:
    """Make the roles and the database of the bank where they are missing.

    The owner owns its database and is no superuser; in a throwaway bank it may also make test databases. The
    roles of web, worker and requests stand beside it (crm/wall).
    """
    rights = sql.SQL("LOGIN CREATEDB" if throwaway else "LOGIN")
    with connect(layout) as connection:
        if not connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [ROLE]).rowcount:
            connection.execute(sql.SQL("CREATE ROLE {} {}").format(sql.Identifier(ROLE), rights))
        present = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
        for statement in roles.statements(ROLE, connection.info.server_version // 10_000, present):
            connection.execute(statement)
        if not connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).rowcount:
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), sql.Identifier(ROLE))
            )
