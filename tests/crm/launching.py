"""Launchers under test: real processes in folders of their own."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import redis

from crm import embedded
from crm.embedded.layout import REPOSITORY, Layout

NAMED_UID, NAMELESS_UID = 5, 54321  # Debian's `games`, and a number that /etc/passwd does not know


def as_user(uid: int) -> tuple[str, ...]:
    """Return a command prefix that becomes `uid`; one capability lets it reach a Python under /root."""
    capability = ("--inh-caps=+dac_override", "--ambient-caps=+dac_override")
    return ("setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", *capability, "--")


def may_execute(uid: int, program: str) -> bool:
    """Return whether `uid`, with no capability, may run `program`."""
    command = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--", program, "--version"]
    return subprocess.run(command, capture_output=True).returncode == 0


_PREFIXES = ("GUANHU_", "DATABASE_URL", "REDIS_URL", "PYTEST_", "CUSTOMERS", "PORT", "HOST", "AS_OF", "SEED")


def bare_environment(**extra: str) -> dict[str, str]:
    """Return an environment as a person's shell has it: no servers named."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_PREFIXES)}
    return {**kept, **extra}


def launch(state: Path, *command: str, prefix: tuple[str, ...] = (), **extra: str) -> subprocess.Popen:
    """Start `python -m crm.embedded run -- command` on `state`."""
    return subprocess.Popen(
        [*prefix, sys.executable, "-m", "crm.embedded", "run", "--", *command],
        env=bare_environment(GUANHU_STATE=str(state), **extra),
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextlib.contextmanager
def running(state: Path, *, seconds: int = 600, **options):
    """Yield a launcher whose command runs, so both servers serve; stop it gently at the end.

    It ends by itself after `seconds`, also where the test was killed.
    """
    sign = state.parent / "command-runs"
    process = launch(state, "sh", "-c", f'touch "$1" && exec sleep {seconds}', "sh", str(sign), **options)
    try:
        eventually(sign.exists, 60, process)
        sign.unlink()
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=60)


def connect(state: Path) -> psycopg.Connection:
    return psycopg.connect(embedded.database_url(Layout(state)), autocommit=True, connect_timeout=5)


def valkey_process(state: Path) -> int | None:
    """Return the process number of the Valkey that answers, or None."""
    try:
        with valkey(state) as client:
            return client.info("server")["process_id"]
    except redis.RedisError:
        return None


def valkey(state: Path) -> redis.Redis:
    return redis.from_url(embedded.redis_url(Layout(state)))


def eventually(true, seconds: float, process: subprocess.Popen | None = None) -> None:
    """Wait until `true()`; fail after `seconds`, or when `process` ends before."""
    deadline = time.monotonic() + seconds
    while not true():
        if process and process.poll() is not None:
            raise AssertionError(f"the launcher ended: {process.communicate()}")
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.05)


def processes_of(state: Path) -> set[int]:
    """Return every process that names `state` in its command or works in it."""
    found = set()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            named = os.fsencode(state) in (entry / "cmdline").read_bytes()
            if named or str((entry / "cwd").readlink()).startswith(str(state)):
                found.add(int(entry.name))
    return found


def postmaster(state: Path) -> int:
    return int((Layout(state).postgres_data / "postmaster.pid").read_text().splitlines()[0])


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
