"""Keeps the bank's processes running: starts, watches, restarts with patience, stops in reverse order."""

import contextlib
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping

from crm.embedded.service import Service, clean_environment, with_death_signal

_TICK = 0.1
_LONGEST_PAUSE = 30
_STEADY = 60


class Stopped(Exception):
    """The person or the system asked the launcher to stop; `number` is the signal."""

    def __init__(self, number: int):
        super().__init__(f"stopped by signal {number}")
        self.number = number


class Supervisor:
    """The services of one bank. Use it in the main thread; it leaves no process behind."""

    def __init__(self, say: Callable[[str], None]):
        self.say = say
        self.services: list[Service] = []
        self.asked: int | None = None
        self._pauses: dict[str, float] = {}
        self._due: dict[str, float] = {}

    @contextlib.contextmanager
    def catching(self, *, interrupt: bool) -> Iterator[None]:
        """Turn SIGTERM and SIGHUP, and with `interrupt` Ctrl-C too, into a request to stop."""

        def ask(number, frame):
            self.asked = self.asked or number

        handlers = {signal.SIGTERM: ask, signal.SIGINT: ask if interrupt else signal.SIG_IGN}
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup wants us to stay
            handlers[signal.SIGHUP] = ask
        before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def check(self) -> None:
        """Raise Stopped when someone asked to stop."""
        if self.asked:
            raise Stopped(self.asked)

    def start(self, service: Service, *, seconds: float = 60) -> None:
        """Start `service`, wait until it serves, and watch it from now on."""
        self.services.append(service)
        service.start()
        service.wait_ready(seconds, watch=self.check)

    def watch(self) -> None:
        """Restart what has ended: at once the first time, then after 1, 2, 4 … 30 seconds."""
        for service in self.services:
            if service.running:
                if time.monotonic() - service.started > _STEADY:
                    self._pauses.pop(service.name, None)
                continue
            due = self._due.get(service.name)
            if due is None:
                self._plan_restart(service)
            elif time.monotonic() >= due:
                del self._due[service.name]
                service.start()

    def _plan_restart(self, service: Service) -> None:
        pause = self._pauses.get(service.name, 0)
        self._pauses[service.name] = min(max(pause * 2, 1), _LONGEST_PAUSE)
        self._due[service.name] = time.monotonic() + pause
        when = f"in {pause:.0f} s" if pause else "now"
        self.say(f"{service.name} ended unexpectedly ({service.last_words()}); starting it again {when}.")

    def run(
        self,
        argv: list[str],
        environment: Mapping[str, str],
        *,
        own_terminal: bool = False,
        capture: bool = False,
    ) -> tuple[int, str]:
        """Run a command to its end while watching the services.

        Returns its exit code (128 + signal) and, with `capture`, what it printed. With `own_terminal` the
        command gets Ctrl-C itself; without, a request to stop ends it first.
        """
        with tempfile.TemporaryFile("w+") as printed:
            process = subprocess.Popen(
                with_death_signal(argv)("TERM"),
                stdout=printed if capture else None,
                env=clean_environment(environment),
                start_new_session=not own_terminal,
            )
            try:
                while process.poll() is None:
                    self.watch()
                    self.check()
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.wait(_TICK)
            except BaseException:
                _end(process)
                raise
            printed.seek(0)
            code = process.returncode
            return (code if code >= 0 else 128 - code), printed.read()

    def serve(self) -> None:
        """Watch until someone asks to stop."""
        while not self.asked:
            self.watch()
            time.sleep(_TICK)

    def stop(self) -> None:
        """Stop everything, the servers last. Further requests to stop do not cut this short."""
        for servers in (False, True):
            stopping = [service for service in self.services if service.is_server == servers]
            for service in stopping:
                service.ask_to_stop()
            for service in stopping:
                service.await_stop()
        self.services.clear()


def _end(process: subprocess.Popen) -> None:
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(10)
    process.kill()
    process.wait()
