"""`python -m crm.bank`: servers, tables, demo data, then web, worker and beat until Ctrl-C."""

import contextlib
import ctypes
import os
import signal
import sys
import time

import psycopg

from crm.bank import demo, options, processes, static
from crm.embedded import folders, leftovers, servers
from crm.embedded.errors import CannotStart
from crm.embedded.layout import REPOSITORY, Layout
from crm.embedded.supervisor import Stopped, Supervisor
from crm.wall import roles

_BEGUN = time.monotonic()
_PR_SET_PDEATHSIG = 1


def say(text: str) -> None:
    """Print a line of progress with the seconds since the start."""
    print(f"[{time.monotonic() - _BEGUN:5.1f} s] {text}", flush=True)


def main() -> int:
    """Open the bank and keep it open; return 0 after Ctrl-C, 2 after one sentence about what is wrong."""
    # a killed `make` takes the bank with it
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    supervisor = Supervisor(say)
    layout = Layout.from_environment()
    try:
        if sys.argv[1:] == ["--discard"]:
            discard(layout)
            return 0
        with supervisor.catching(interrupt=True):
            Bank(options.from_environment(), layout, supervisor).open()
    except CannotStart as error:
        print(f"guanhu: {error}", file=sys.stderr)
        return 2
    except (OSError, psycopg.Error) as error:
        print(f"guanhu: {error}".rstrip() + f" (see {layout.logs}, then `make run` goes on)", file=sys.stderr)
        return 2
    except Stopped:
        say("Stopped. `make run` goes on from here.")
    return 0


def discard(layout: Layout) -> None:
    """Remove the bank's data, unless it runs."""
    folders.prepare(layout)
    lock = folders.lock(layout)
    leftovers.end_leftovers(layout)
    folders.remove(layout)
    folders.unlock(lock)
    say(f"The data in {layout.state} is gone.")


class Bank:
    """One run of the bank, from lock to last process."""

    def __init__(self, chosen: options.Options, layout: Layout, supervisor: Supervisor):
        self.chosen = chosen
        self.layout = layout
        self.supervisor = supervisor
        self.environment: dict[str, str] = {}
        self.worker_started = False

    def open(self) -> None:
        """Start everything, say where it is, and watch it until someone asks to stop."""
        folders.prepare(self.layout)
        lock = folders.lock(self.layout)
        try:
            leftovers.end_leftovers(self.layout)
            options.require_free_port(self.chosen)
            options.require_servers_of_your_own(self.chosen)
            self._start_servers()
            plan = self._prepare_data()
            self._start_processes()
            folders.note_in_lock(lock, f"process {os.getpid()} at {self.chosen.address}")
            self._greet(plan)
            self.supervisor.serve()
            say("Stopping")
        finally:
            self.supervisor.stop()
            folders.unlock(lock)

    def _start_servers(self) -> None:
        own = [
            name for name, wanted in zip(("PostgreSQL", "Valkey"), servers.wanted(), strict=True) if wanted
        ]
        if own:
            say(f"Starting {' and '.join(own)} in {self._short(self.layout.state)}")
        started = servers.start(self.layout, self.supervisor, throwaway=False)
        self.environment = {"DJANGO_SETTINGS_MODULE": "crm.settings", **started}

    def _prepare_data(self) -> demo.Plan | None:
        say("Bringing the tables up to date")
        self.manage("migrate", "--verbosity", "0")
        if not static.current():
            say("Collecting the static files")
            self.manage("collectstatic", "--no-input", "--clear", "--verbosity", "0")
            static.stamp()
        url = self.environment.get("DATABASE_URL")
        if url is None:
            say("DATABASE_URL names a bank of your own: no demo data; people enter through your TLS proxy")
            return None
        plan = demo.decide(url, self.chosen)
        if plan and not plan.complete:
            demo.install(url, plan, self.layout.state, self.manage, self._start_worker, say)
        return plan

    def _start_worker(self) -> None:
        if not self.worker_started:
            self.supervisor.start(processes.worker(self.layout, self._login(roles.WORKER)))
            self.worker_started = True

    def _start_processes(self) -> None:
        say("Starting web, worker and beat")
        self._start_worker()
        self.supervisor.start(processes.beat(self.layout, self._login(roles.WORKER)))
        self.supervisor.start(processes.web(self.layout, self._login(roles.WEB), self.chosen))

    def _greet(self, plan: demo.Plan | None) -> None:
        print(f"\nThe bank is open: {self.chosen.address}\n")
        if plan and plan.logins:
            print(plan.logins.rstrip() + "\n")
        print(f"Ctrl-C closes it. Data and logs: {self._short(self.layout.state)}\n", flush=True)

    def _login(self, role: str | None) -> dict[str, str]:
        """The environment of a process that logs in as `role` (crm/wall), or as the owner.

        Beside a DATABASE_URL of your own, WEB_DATABASE_URL and WORKER_DATABASE_URL say how.
        """
        if role is None:
            return self.environment
        embedded_url = self.environment.get("DATABASE_URL")
        own_url = os.environ.get("WEB_DATABASE_URL" if role == roles.WEB else "WORKER_DATABASE_URL")
        url = roles.login_url(embedded_url, role) if embedded_url else own_url
        return {**self.environment, "DATABASE_URL": url} if url else self.environment

    def manage(self, command: str, *arguments: str, capture: bool = False) -> str:
        """Run a management command beside the servers; return what it printed where `capture` is asked."""
        argv = [sys.executable, str(REPOSITORY / "manage.py"), command, *arguments]
        login = self._login(roles.login_of_command(command))
        code, printed = self.supervisor.run(argv, login, capture=capture)
        if code:
            raise CannotStart(
                f"`manage.py {command}` failed (its words stand above): mend that, then `make run` goes on."
            )
        return printed

    @staticmethod
    def _short(path) -> str:
        with contextlib.suppress(ValueError):
            return str(path.relative_to(REPOSITORY))
        return str(path)


if __name__ == "__main__":
    sys.exit(main())
