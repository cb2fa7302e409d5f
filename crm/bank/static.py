"""Collecting the static files only when one of them changed."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from crm.embedded.layout import REPOSITORY

_STAMP = REPOSITORY / "var" / "static" / ".collected"


def _sources() -> Iterator[Path]:
    yield from sorted(path for path in (REPOSITORY / "static").rglob("*") if path.is_file())
    collected = REPOSITORY / "var"  # what was collected is no source: its times are new every time
    yield from sorted(path for path in REPOSITORY.glob("*/static/**/*") if collected not in path.parents)
    # libraries bring files too; their versions stand here
    yield from (REPOSITORY / name for name in ("package-lock.json", "requirements.txt", "crm/settings.py"))


def digest() -> str:
    """Return a digest over name, size and time of every source file."""
    found = hashlib.sha256()
    for path in _sources():
        status = path.stat()
        found.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
    return found.hexdigest()


def current() -> bool:
    """Return whether the collected files are those of the sources."""
    return _STAMP.exists() and _STAMP.read_text() == digest()


def stamp() -> None:
    """Note that the files were collected just now."""
    _STAMP.write_text(digest())
