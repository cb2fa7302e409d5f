"""One long-running process of the bank: started so that it dies with its launcher, stopped gently."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from crm.embedded.errors import CannotStart
from crm.embedded.leftovers import MARK

_LOG_BYTES = 20_000_000
# variables of libpq and of the launcher that must not steer the bank's processes
_FOREIGN = ("PGHOST", "PGPORT", "PGDATABASE", "PGUSER", "PGPASSWORD", "PGSERVICE", "PGOPTIONS", "PGDATA")


def clean_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return this process's environment without libpq's variables, with `extra` on top."""
    kept = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    return {**kept, "PYTHONUNBUFFERED": "1", **(extra or {})}


@dataclass
class Service:
    """How to run one process. `command(death_signal)` gives the argv whose process gets that signal when the
    launcher dies; `ready()` tells whether it serves; `before()` runs ahead of each start."""

    name: str
    command: Callable[[str], list[str]]
    log: Path
    state: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    death_signal: str = "TERM"
    stop_signal: signal.Signals = signal.SIGTERM
    grace: float = 10
    is_server: bool = False  # others need it: stopped after them
    ready: Callable[[], bool] = lambda: True
    before: Callable[[], None] = lambda: None
    process: subprocess.Popen | None = None
    started: float = 0

    def start(self) -> None:
        """Start the process, from the main thread: the death signal follows the thread that forked."""
        self.before()
        _turn_over(self.log)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.command(self.death_signal),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env=clean_environment({**self.environment, MARK: str(self.state)}),
                start_new_session=True,  # Ctrl-C in the terminal is for the launcher alone
            )
        self.started = time.monotonic()

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def wait_ready(self, seconds: float, watch: Callable[[], None] = lambda: None) -> None:
        """Wait until `ready()`; `watch()` is called meanwhile and may raise.

        Raises CannotStart with the end of the log when the process ends or is not ready in `seconds`.
        """
        deadline = time.monotonic() + seconds
        while not self.ready():
            watch()
            if not self.running:
                raise CannotStart(f"{self.name} did not start: {self.last_words()} (log: {self.log})")
            if time.monotonic() > deadline:
                raise CannotStart(f"{self.name} does not answer after {seconds:.0f} seconds: see {self.log}.")
            time.sleep(0.03)

    def ask_to_stop(self) -> None:
        """Send the stop signal; `await_stop` sees to the rest."""
        if self.running:
            self.process.send_signal(self.stop_signal)

    def await_stop(self) -> None:
        """Wait for the asked process to end; after its grace kill it and its children (its session)."""
        if self.process is None:
            return
        if self.running:
            try:
                self.process.wait(self.grace)
            except subprocess.TimeoutExpired:
                self._signal_session(signal.SIGKILL)
                self.process.wait()
        self.process = None

    def _signal_session(self, number: signal.Signals) -> None:
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            return

    def last_words(self) -> str:
        """Return the last line of the log that says something."""
        try:
            with open(self.log, "rb") as log:
                log.seek(max(0, self.log.stat().st_size - 4000))
                lines = [line.strip() for line in log.read().decode(errors="replace").splitlines()]
        except OSError:
            return "it left no log"
        return next((line for line in reversed(lines) if line), "it said nothing")


def with_death_signal(argv: list[str]) -> Callable[[str], list[str]]:
    """Return a command factory for a process that needs no other identity."""
    return lambda death_signal: ["setpriv", f"--pdeathsig={death_signal}", "--", *argv]


def _turn_over(log: Path) -> None:
    if log.exists() and log.stat().st_size > _LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))
