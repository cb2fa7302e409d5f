"""The bank's own processes as services: web, worker, beat."""

import http.client
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from crm.bank.options import Options
from crm.embedded.layout import REPOSITORY, Layout
from crm.embedded.service import Service, with_death_signal

_BIN = Path(sys.executable).parent


def web(layout: Layout, environment: Mapping[str, str], options: Options) -> Service:
    """gunicorn on the chosen address; ready when /healthz answers."""
    return Service(
        name="web",
        command=with_death_signal(
            [
                *(sys.executable, "-m", "gunicorn", "--config", str(REPOSITORY / "gunicorn.conf.py")),
                *("--bind", f"{options.host}:{options.port}", "crm.wsgi:application"),
            ]
        ),
        log=layout.logs / "web.log",
        state=layout.state,
        environment=environment,
        folder=REPOSITORY,
        death_signal="QUIT",  # at once: nobody is left to answer
        grace=10,
        ready=lambda: _healthy(options),
    )


def worker(layout: Layout, environment: Mapping[str, str]) -> Service:
    """The Celery worker. Killed with the launcher: tasks are acknowledged late and run again."""
    return _celery(
        layout,
        environment,
        "worker",
        *("--concurrency", str(os.cpu_count() or 1), "--without-gossip", "--without-mingle"),
        grace=15,
    )


def beat(layout: Layout, environment: Mapping[str, str]) -> Service:
    """The clock that starts the night at 01:00 and the reconciler."""
    return _celery(
        layout,
        environment,
        "beat",
        *("--schedule", str(layout.state / "beat-schedule"), "--pidfile", ""),
        grace=5,
    )


def _celery(
    layout: Layout, environment: Mapping[str, str], kind: str, *arguments: str, grace: float
) -> Service:
    return Service(
        name=kind,
        command=with_death_signal(
            [sys.executable, "-m", "celery", "-A", "crm.celery", kind, "--loglevel", "INFO", *arguments]
        ),
        log=layout.logs / f"{kind}.log",
        state=layout.state,
        environment=environment,
        folder=REPOSITORY,
        death_signal="KILL",
        stop_signal=signal.SIGTERM,
        grace=grace,
    )


def _healthy(options: Options) -> bool:
    host = "127.0.0.1" if options.host == "0.0.0.0" else options.host  # noqa: S104
    connection = http.client.HTTPConnection(host, options.port, timeout=5)
    try:
        connection.request("GET", "/healthz", headers={"Host": "localhost"})
        return connection.getresponse().status < 500
    except OSError:
        return False
    finally:
        connection.close()
