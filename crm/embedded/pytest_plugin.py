"""Starts throwaway servers for a bare `pytest`, before pytest-django reads the settings.

Loaded by `-p crm.embedded.pytest_plugin` (pyproject.toml). A DATABASE_URL or REDIS_URL that is set is left
alone. The servers die with pytest, however it ends.
"""

import contextlib
import os
import sys

import pytest

from crm.embedded import folders, servers
from crm.embedded.errors import CannotStart
from crm.embedded.supervisor import Supervisor

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
    os.environ.setdefault("GUANHU_PLAIN_STATIC", "1")
    return (yield)


def _start() -> None:
    supervisor = Supervisor(lambda text: print(text, file=sys.stderr))
    layout = _servers.enter_context(folders.throwaway())
    _servers.callback(supervisor.stop)
    os.environ.update(servers.start(layout, supervisor, throwaway=True))


@pytest.hookimpl(trylast=True)
def pytest_unconfigure():
    _servers.close()
