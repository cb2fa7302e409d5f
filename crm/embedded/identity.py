"""Who PostgreSQL runs as: it refuses to be root, so root steps down without touching the system's users."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from crm.embedded.errors import CannotStart

NOBODY = 65534
_USER_NAMESPACE = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}")
# The bank's folders are root's alone, and the venv may lie under /root. Opening folders is not ours
# to do, so the one process that runs as nobody keeps the one capability that passes closed folders.
_AS_NOBODY = (
    f"--reuid={NOBODY}",
    f"--regid={NOBODY}",
    "--clear-groups",
    "--inh-caps=+dac_override",
    "--ambient-caps=+dac_override",
)


@dataclass(frozen=True)
class Identity:
    """How to start a process that is not root, and which uid its files need."""

    name: str
    outer: tuple[str, ...]  # a command before setpriv
    options: tuple[str, ...]  # options of setpriv
    owner: int

    def command(self, argv: list[str], *, death_signal: str | None = None) -> list[str]:
        """Return `argv` under this identity; `death_signal` (such as INT) reaches it when its parent dies."""
        options = [*self.options] + ([f"--pdeathsig={death_signal}"] if death_signal else [])
        return [*self.outer, "setpriv", *options, "--", *argv] if options else [*self.outer, *argv]


@cache
def namespaces_allowed() -> bool:
    """Return whether this process may make a user namespace (containers often forbid it)."""
    return _works([*_USER_NAMESPACE, "true"])


def for_postgres(program: str) -> Identity:
    """Return the identity for PostgreSQL here; `program` is what must run under it."""
    if shutil.which("setpriv") is None:
        raise CannotStart(
            "setpriv is missing: install Debian's package util-linux, "
            "or set DATABASE_URL and REDIS_URL to servers of your own."
        )
    if os.getuid() != 0:
        return _yourself()
    if namespaces_allowed() and os.environ.get("GUANHU_ROOT_AS") != "nobody":
        return Identity("root in a user namespace", _USER_NAMESPACE, (), 0)
    nobody = Identity("nobody", (), _AS_NOBODY, NOBODY)
    if _works(nobody.command([program, "--version"])):
        return nobody
    raise CannotStart(
        "PostgreSQL must not run as root, and here root may neither make a user namespace nor run it as "
        "nobody: run `make run` as an ordinary user, or set DATABASE_URL and REDIS_URL."
    )


def _yourself() -> Identity:
    """Return the identity of an ordinary user; initdb wants a name, which a container may not give."""
    try:
        pwd.getpwuid(os.getuid())
    except KeyError:
        if namespaces_allowed():
            return Identity("nameless in a user namespace", _USER_NAMESPACE, (), os.getuid())
        raise CannotStart(
            f"The user number {os.getuid()} has no name in /etc/passwd, which PostgreSQL wants: "
            "run as a user with a name, or set DATABASE_URL and REDIS_URL."
        ) from None
    return Identity("yourself", (), (), os.getuid())


def own(folder: Path, uid: int) -> None:
    """Give `folder` and its content to `uid`: needed when root steps down in another way than before."""
    if os.lstat(folder).st_uid == uid:
        return
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.lchown(os.path.join(parent, name), uid, -1)
    os.lchown(folder, uid, -1)


def _works(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True).returncode == 0
    except OSError:
        return False
