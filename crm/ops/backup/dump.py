"""Taking a backup: one snapshot, dumped by several processes and counted by several sessions at once."""

import hashlib
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from crm.ops.backup import contents
from crm.ops.backup.programs import BackupError, connect, parameters, run

MANIFEST = "manifest.json"
DATA = "data"
FORMAT = 1


def jobs_here() -> int:
    """How many processes dump or restore: one a processor, at most eight."""
    return max(1, min(os.cpu_count() or 1, 8))


def take(folder: Path, *, now: datetime, jobs: int | None = None) -> dict:
    """Write a backup into `folder` (made here; must not exist or be empty) and return its manifest.

    It counts as complete when the manifest lies in it, which is written last. Readers and writers go on.
    """
    jobs = jobs or jobs_here()
    if folder.exists() and any(folder.iterdir()):
        raise BackupError(f"{folder} is not empty: name a new folder, a backup never overwrites another.")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    begun = time.monotonic()
    database = parameters()["dbname"]
    with connect() as holder, ThreadPoolExecutor(1) as beside:
        holder.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        snapshot = holder.execute("SELECT pg_export_snapshot()").fetchone()[0]
        about = _about(holder)
        counted = beside.submit(contents.digests, database, snapshot=snapshot, jobs=jobs)
        arguments = ["--format", "directory", "--file", str(folder / DATA), "--jobs", str(jobs)]
        run("pg_dump", [*arguments, "--snapshot", snapshot, "--compress", "gzip:1", "--no-sync"], database)
        tables = counted.result()
    files = {path.name: _sha256(path) for path in sorted((folder / DATA).iterdir())}
    manifest = {
        "format": FORMAT,
        "taken_at": now.isoformat(),
        "database": database,
        **about,
        "bytes": sum(path.stat().st_size for path in (folder / DATA).iterdir()),
        "rows": sum(rows for rows, _ in tables.values()),
        "seconds": round(time.monotonic() - begun, 2),
        "files": files,
        "tables": tables,
    }
    _write_last(folder, manifest)
    return manifest


def _about(connection) -> dict:
    version, size = connection.execute(
        "SELECT current_setting('server_version'), pg_database_size(current_database())"
    ).fetchone()
    migrations = connection.execute("SELECT app, max(name) FROM django_migrations GROUP BY app ORDER BY 1")
    return {
        "postgresql": version,
        "database_bytes": size,
        "migrations": dict(migrations.fetchall()),
        "roles": contents.roles(connection),
    }


def _write_last(folder: Path, manifest: dict) -> None:
    """Sync the data, then the manifest: what is named complete survives a power cut."""
    for path in (folder / DATA).iterdir():
        _sync(path)
    partial = folder / f"{MANIFEST}.partial"
    text = json.dumps(manifest, indent=1, ensure_ascii=False)
    partial.write_text(text, encoding="utf-8")
    _sync(partial)
    partial.rename(folder / MANIFEST)
    (folder / f"{MANIFEST}.sha256").write_text(hashlib.sha256(text.encode()).hexdigest() + "\n")
    _sync(folder)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_manifest(folder: Path) -> dict:
    """Return the manifest of a complete backup whose files are all as they were written; else BackupError."""
    try:
        text = (folder / MANIFEST).read_text(encoding="utf-8")
        told = (folder / f"{MANIFEST}.sha256").read_text().strip()
    except FileNotFoundError:
        raise BackupError(f"{folder} holds no complete backup: {MANIFEST} is missing.") from None
    if hashlib.sha256(text.encode()).hexdigest() != told:
        raise BackupError(f"{folder / MANIFEST} was changed since it was written: take another backup.")
    manifest = json.loads(text)
    if manifest["format"] != FORMAT:
        raise BackupError(f"{folder} has format {manifest['format']}, here is {FORMAT}: use its release.")
    present = {path.name for path in (folder / DATA).iterdir()}
    if lost := sorted(set(manifest["files"]) ^ present):
        raise BackupError(
            f"Files of {folder} are missing or strange: {', '.join(lost[:5])}. Take another backup."
        )
    for name, digest in manifest["files"].items():
        if _sha256(folder / DATA / name) != digest:
            raise BackupError(f"{folder / DATA / name} is damaged: take another backup.")
    return manifest
