"""A working bank for tests that need one: demo feed, a real load, a real night."""

import os
import signal
import subprocess
import sys
from collections import deque
from contextlib import contextmanager
from datetime import date
from io import StringIO
from pathlib import Path

from django.core.management import call_command
from django.db import connection

from performance import nights
from performance.choices import NightState
from performance.models import Night
from performance.steps import run_step

ROOT = Path(__file__).resolve().parent.parent
AS_OF = date(2026, 6, 30)


def environment() -> dict[str, str]:
    """This process's environment, pointed at the test's own database."""
    settings = connection.settings_dict
    url = f"postgresql://{settings['USER']}@/{settings['NAME']}?host={settings['HOST']}"
    return {**os.environ, "DATABASE_URL": url, "GUANHU_PLAIN_STATIC": "1"}


@contextmanager
def worker(log: Path, concurrency: int = 2):
    """Run a real Celery worker on the test's database and broker; yield its Popen."""
    command = [sys.executable, "-m", "celery", "-A", "crm.celery", "worker", "-c", str(concurrency)]
    with log.open("w") as out:
        process = subprocess.Popen(
            [*command, "--loglevel", "INFO"],
            cwd=ROOT,
            env=environment(),
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait(20)


def make_bank(folder: Path, *, customers: int = 120, as_of: date = AS_OF) -> str:
    """Write a demo feed into `folder`, load it and run its night in this process; return what was printed."""
    said = StringIO()
    feed = folder / "feed"
    call_command("make_demo_bank", str(feed), customers=customers, as_of=as_of.isoformat(), stdout=said)
    call_command("load_feed", str(feed), stdout=said)
    call_command("demo_logins", stdout=said)
    run_night(as_of)
    return said.getvalue()


def run_night(as_of: date) -> None:
    """Compute and publish a night without a worker, one step after another."""
    due = deque(nights.plan_night(as_of).steps)
    while due:
        due.extend(run_step(due.popleft()))
    night = Night.objects.get(business_date=as_of)
    assert night.state == NightState.PUBLISHED, list(night.steps.values_list("stage", "state", "error"))
