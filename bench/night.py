"""An incremental night through Celery, against PostgreSQL's own aggregate of the same ledger.

`make bench ONLY=night`; BENCH_CUSTOMERS (default 200,000) makes it smaller. The bank is constructed by SQL
(bench/ledger.py). Two nights run first, so that the third finds what a bank finds every night: a night before
it, warm workers, and days of ledger behind.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

from django.core.management import call_command
from django.db import connection

from bench import ledger
from managers.models import Branch
from performance.models import Night

LAST = date(2026, 6, 30)
FIRST = date(2025, 4, 1)
CUSTOMERS = int(os.environ.get("BENCH_CUSTOMERS", "200000"))
TIMES = 3

# What an analyst would write, in one pass over each ledger: exact sums per customer, in parallel.
AGGREGATE = """
SELECT count(*), sum(hashed) FROM (
    SELECT t.customer_id, isum(amount_fen) + count(*) + isum(amount_fen) FILTER (WHERE kind = 53)
        + count(*) FILTER (WHERE kind <= 49) + count(*) FILTER (WHERE kind <= 49 AND channel IN (5, 6))
        + isum(amount_fen) FILTER (WHERE kind = 5 AND family > 1)
        + bit_or(1::bigint << ((%(last)s::date - booked_on) / 7 %% 53)) + (max(booked_on) - min(booked_on)) AS hashed
    FROM customers_transaction AS t WHERE booked_on <= %(last)s GROUP BY t.customer_id
) AS rows
"""
TUNING = {
    "enable_partitionwise_aggregate": "on",
    "max_parallel_workers_per_gather": "2",
    "parallel_setup_cost": "10",
    "work_mem": "'256MB'",
    "jit": "off",
}


def run() -> list[dict]:
    """Return what the third night takes until it is published, and what follows it."""
    branch, _ = Branch.objects.get_or_create(code="HQ", defaults={"name": "总行", "kind": "head_office"})
    started = time.perf_counter()
    ledger.fill(CUSTOMERS, FIRST, LAST, branch=branch)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    print(f"night: {CUSTOMERS:,} customers made in {time.perf_counter() - started:.0f} s", file=sys.stderr)
    aggregate = min(_aggregate() for _ in range(TIMES))
    nights = []
    with _worker():
        for back in (2, 1, 0):
            nights.append(_night(LAST - timedelta(back)))
    aggregate = min(aggregate, _aggregate())
    night = nights[-1]
    sizes = {
        "aggregate_seconds": round(aggregate, 2),
        "customers": CUSTOMERS,
        "transactions": _count("customers_transaction"),
        "balances": _count("customers_dailybalance"),
    }
    return [
        {
            "name": "night",
            "value": round(night["published"] / aggregate, 3),
            "limit": 1.0,
            "ratio_of": "seconds of an incremental night from its start until readers see it, to "
            "PostgreSQL's parallel aggregate of the ledger",
            "night_seconds": night["published"],
            "first_night_seconds": nights[0]["published"],
            "stages": night["stages"],
            **sizes,
        },
        {
            "name": "night_scorecards",
            "value": round((night["seconds"] - night["published"]) / night["published"], 3),
            "limit": 0.5,
            "ratio_of": "seconds of scorecards and tasks, after the publication, to that night",
            "scorecards_seconds": round(night["seconds"] - night["published"], 2),
            **sizes,
        },
    ]


def _aggregate() -> float:
    with connection.cursor() as cursor:
        for name, value in TUNING.items():
            cursor.execute(f"SET {name} = {value}")
        started = time.perf_counter()
        cursor.execute(AGGREGATE, {"last": LAST})
        cursor.fetchall()
        seconds = time.perf_counter() - started
        for name in TUNING:
            cursor.execute(f"RESET {name}")
    return seconds


def _night(as_of: date) -> dict:
    """Run one night through the worker; the time is from its plan to the end of its last step."""
    call_command("run_night", date=as_of.isoformat(), follow=True, stdout=sys.stderr)
    night = Night.objects.get(business_date=as_of)
    stages = {}
    for step in night.steps.order_by("id"):
        begun, ended = stages.get(step.stage, (step.started_at, step.finished_at))
        stages[step.stage] = (min(begun, step.started_at), max(ended, step.finished_at))
    return {
        "seconds": round((night.finished_at - night.started_at).total_seconds(), 2),
        "published": round((night.published_at - night.started_at).total_seconds(), 2),
        "stages": {name: round((b - a).total_seconds(), 2) for name, (a, b) in stages.items()},
    }


def _count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return cursor.fetchone()[0]


@contextmanager
def _worker():
    """A real Celery worker with two processes on this database."""
    log = Path(tempfile.mkstemp(prefix="bench-night-")[1])
    command = [sys.executable, "-m", "celery", "-A", "crm.celery", "worker", "-c", "2", "--pool", "prefork"]
    with log.open("w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)
            print(f"night: the worker's log is {log}", file=sys.stderr)
