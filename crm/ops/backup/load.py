"""Bringing a backup back into an empty database, and comparing what came back with what was taken."""

import time
from pathlib import Path

from crm.ops.backup import contents
from crm.ops.backup.dump import DATA, jobs_here, read_manifest
from crm.ops.backup.programs import BackupError, connect, make_database, parameters, run


def restore(folder: Path, *, database: str | None = None, jobs: int | None = None) -> dict:
    """Restore `folder` and return {seconds, checked, rows}.

    Into the bank's own database, which must hold no table, or into a new one that `database` names. Every
    table is counted and hashed afterwards: BackupError names those that differ.
    """
    jobs = jobs or jobs_here()
    manifest = read_manifest(folder)
    _require_roles(manifest)
    if database:
        make_database(database)
    else:
        database = parameters()["dbname"]
        _require_empty(database)
    begun = time.monotonic()
    arguments = ["--format", "directory", "--jobs", str(jobs), "--exit-on-error"]
    run("pg_restore", [*arguments, str(folder / DATA)], database)
    with connect(database) as connection:
        connection.execute("ANALYZE")
    loaded = time.monotonic()
    differences = compare(manifest["tables"], contents.digests(database, snapshot=None, jobs=jobs))
    if differences:
        raise BackupError(f"{len(differences)} tables came back otherwise: {', '.join(differences[:5])}.")
    return {
        "database": database,
        "seconds": round(loaded - begun, 2),
        "checked": round(time.monotonic() - loaded, 2),
        "rows": manifest["rows"],
        "tables": len(manifest["tables"]),
    }


def compare(taken: dict, found: dict) -> list[str]:
    """Return the tables that are not in both with the same rows and digest."""
    return sorted(name for name in {*taken, *found} if taken.get(name) != found.get(name))


def _require_empty(database: str) -> None:
    with connect(database) as connection:
        held = contents.tables(connection)
    if held:
        raise BackupError(
            f"The database {database} holds {len(held)} tables: a restore never overwrites. Restore into "
            "a new one with --database NAME and point DATABASE_URL there, or make this one empty first."
        )


def _require_roles(manifest: dict) -> None:
    with connect("postgres") as connection:
        here = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
    if missing := [name for name in manifest["roles"] if name not in here]:
        raise BackupError(
            f"The server lacks the roles {', '.join(missing)}: make them first (docs/operations.md)."
        )
