"""Starts throwaway servers for a bare `pytest`, before pytest-django reads the settings.

Loaded by `-p crm.embedded.pytest_plugin` (pyproject.toml). A DATABASE_URL or REDIS_URL that is set is left
alone. The servers die with pytest, however it ends.

Where pytest-xdist runs several workers, they share the servers of the pytest that started them: each has a
PostgreSQL database of its own (pytest-django) and, from here, a numbered database of the broker, so that no
worker takes another one's messages.
"""

import contextlib
import os
import sys
from urllib.parse import urlsplit

import pytest

from crm.embedded import folders, servers
from crm.embedded.errors import CannotStart
from crm.embedded.supervisor import Supervisor

MOST_WORKERS = 6  # the throwaway PostgreSQL takes 60 connections

_servers = contextlib.ExitStack()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config):
    """Start what is missing. A wrapper runs ahead of pytest-django's own `tryfirst` hook."""
    if any(servers.wanted()) and not {"-h", "--help", "--version", "-V"} & set(sys.argv):
        try:
            _start()
        except CannotStart as error:
            _servers.close()
            raise pytest.UsageError(str(error)) from None
    if worker := os.environ.get("PYTEST_XDIST_WORKER"):
        number = 1 + int(worker.removeprefix("gw"))
        os.environ["REDIS_URL"] = _with_database(os.environ["REDIS_URL"], number)
    os.environ.setdefault("GUANHU_PLAIN_STATIC", "1")
    return (yield)


def _with_database(url: str, number: int) -> str:
    """Return the Redis URL `url` with the number of its database changed."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"unix://{parts.path}?db={number}"
    return parts._replace(path=f"/{number}").geturl()


@pytest.hookimpl(optionalhook=True, tryfirst=True)  # before xdist's own
def pytest_xdist_auto_num_workers(config) -> int:
    """Answer `-n auto`: two workers a processor, as much of the suite waits; none for named files."""
    if any("::" in name or name.endswith(".py") for name in config.args):
        return 0
    return min(2 * len(os.sched_getaffinity(0)), MOST_WORKERS)


def _start() -> None:
    supervisor = Supervisor(lambda text: print(text, file=sys.stderr))
    layout = _servers.enter_context(folders.throwaway())
    _servers.callback(supervisor.stop)
    os.environ.update(servers.start(layout, supervisor, throwaway=True))


@pytest.hookimpl(trylast=True)
def pytest_unconfigure():
    _servers.close()
