"""Processes of a bank whose launcher or postmaster was killed: found in /proc, and ended."""

import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

from crm.embedded.errors import CannotStart
from crm.embedded.layout import Layout

# every service carries it, so that the next launcher knows it again
MARK = "GUANHU_SERVICE_OF"


def end_leftovers(layout: Layout) -> None:
    """End whatever still runs from an earlier launcher of this bank. The caller holds the bank's lock."""
    end(lambda: _marked(layout), (signal.SIGTERM, signal.SIGKILL), patience=3)
    end_postgres(layout)


def end_postgres(layout: Layout) -> None:
    """End a postmaster left behind and backends without one, and clear a stale postmaster.pid.

    A backend outlives a killed postmaster until its query ends, and holds the shared memory that the next
    postmaster needs. With the postmaster gone SIGKILL loses nothing: the write-ahead log has every commit.
    """
    end(
        lambda: _working_in(layout.postgres_data),
        (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL),
        patience=10,
    )
    _forget_reused_pid(layout.postgres_data / "postmaster.pid")


def end(find, signals: Iterable[signal.Signals], patience: float) -> None:
    """Send `signals` in turn, `patience` seconds apart, to what `find()` returns, until it is empty."""
    for number in signals:
        for pid in find():
            _send(pid, number)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if not find():
                return
            time.sleep(0.05)
    if pids := find():
        raise CannotStart(
            f"Processes of an earlier start do not end ({', '.join(map(str, pids))}): end them by hand, "
            "then run again."
        )


def _send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        return


def _processes() -> list[Path]:
    own = str(os.getpid())
    return [entry for entry in Path("/proc").iterdir() if entry.name.isdigit() and entry.name != own]


def _working_in(folder: Path) -> list[int]:
    """Every PostgreSQL process works in its data folder; nothing else does."""
    found = []
    for process in _processes():
        try:
            if os.path.samefile(process / "cwd", folder) and _name(process).startswith("postgres"):
                found.append(int(process.name))
        except OSError:  # gone meanwhile, or another user's
            continue
    return found


def _marked(layout: Layout) -> list[int]:
    mark = f"{MARK}={layout.state}".encode()
    found = []
    for process in _processes():
        try:
            if mark in (process / "environ").read_bytes().split(b"\0"):
                found.append(int(process.name))
        except OSError:
            continue
    return found


def _name(process: Path) -> str:
    return (process / "comm").read_text(errors="replace").strip()


def _forget_reused_pid(pid_file: Path) -> None:
    """Remove a postmaster.pid whose number now belongs to another program.

    PostgreSQL would take that program for a living postmaster and refuse to start, which is how a container
    that restarts with the same low process numbers locks itself out.
    """
    try:
        pid = int(pid_file.read_text().splitlines()[0])
    except (FileNotFoundError, ValueError, IndexError):
        pid_file.unlink(missing_ok=True)
        return
    if Path("/proc", str(pid)).exists():
        pid_file.unlink(missing_ok=True)
