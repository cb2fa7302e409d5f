"""G12: an import is whole or not at all; every bad row is named; memory stays flat however large it is."""

import csv
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection

from tests.bank import AS_OF, ROOT, environment
from tests.feed.conftest import EXAMPLE, counts
from tests.soak import sizes

MEGABYTES = 256
LOAD = """
import re, sys, threading, django
from pathlib import Path
peak, over = 0, threading.Event()
def watch():
    # memory of its own: the mapped code of the libraries is no part of it, and the kernel keeps no peak of it
    global peak
    while not over.wait(0.005):
        told = Path("/proc/self/status").read_text()
        peak = max(peak, int(re.search(r"RssAnon:\\s+(\\d+)", told)[1]))
watcher = threading.Thread(target=watch)
watcher.start()
django.setup()
from crm.feed.errors import BadRows
from crm.feed.loading import load_feed
try:
    load_feed(Path(sys.argv[1]), reports=Path(sys.argv[2]))
except BadRows as error:
    print(error.report.total, peak // 1024)
finally:
    over.set()
"""


@pytest.fixture
def bank(transactional_db):
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA IF EXISTS feed_staging CASCADE")


def loading(folder, reports) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", LOAD, str(folder), str(reports)],
        cwd=ROOT,
        env={**environment(), "DJANGO_SETTINGS_MODULE": "crm.settings"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("bad", sizes(2_000, 100_000))
def test_each_bad_row_is_named_and_memory_stays_flat(bank, tmp_path, bad):
    folder = Path(shutil.copytree(EXAMPLE, tmp_path / "feed" / EXAMPLE.name))
    with (folder / "transactions.csv").open("a", encoding="utf-8") as stream:
        for number in range(bad):
            stream.write(f"X{number:09d},6200000000000013,2026-06-05,transfer_out,app,,12.3{number % 10}0\n")
    good = len((EXAMPLE / "transactions.csv").read_text(encoding="utf-8").splitlines())
    before = counts()
    said, errors = loading(folder, tmp_path / "reports").communicate(timeout=1800)
    total, megabytes = map(int, said.split())
    (report,) = (tmp_path / "reports").iterdir()
    with report.open(encoding="utf-8", newline="") as stream:
        named = list(csv.DictReader(stream))
    assert (total, len(named)) == (bad, bad), errors
    assert {int(row["row"]) for row in named} == set(range(good + 1, good + bad + 1))
    assert {(row["file"], row["column"]) for row in named} == {("transactions", "amount")}
    assert all(row["reason"] for row in named)
    assert megabytes <= MEGABYTES
    assert counts() == before


@pytest.mark.parametrize("kills", sizes(1, 50))
def test_a_load_killed_at_any_point_entered_nothing_or_all(bank, tmp_path, kills):
    folder, pace = EXAMPLE, 2.5
    if kills > 10:
        feed, pace = tmp_path / "feed", 6
        call_command("make_demo_bank", str(feed), customers=300, as_of=AS_OF.isoformat(), verbosity=0)
        folder = min(path for path in feed.iterdir() if path.is_dir())
    dice, before = random.Random(12), counts()
    began = time.monotonic()
    for number in range(kills):
        process = loading(folder, tmp_path / "reports")
        try:
            process.communicate(timeout=pace * (0.2 + 0.7 * dice.random()))
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.communicate()
        if counts() == before:
            continue
        # it was quicker than the kill: then it is there whole, and the rest of the kills hit a loaded bank
        assert process.returncode == 0 or _loaded(), f"half a load after kill {number}"
        break
    process = loading(folder, tmp_path / "reports")
    _, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors
    assert _loaded()
    assert time.monotonic() - began < 3600


def _loaded() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM crm_feedload WHERE state = 'loaded'")
        return cursor.fetchone()[0] == 1
