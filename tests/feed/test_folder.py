"""Folders: names, headers, days, digests; two loads at once; loads that die."""

import os
import signal
import subprocess
import sys
import time
from datetime import date

import psycopg
import pytest
from django.db import connection

from crm.feed.errors import FeedError, LoadRunning
from crm.feed.journal import INTERRUPTED, open_journal
from crm.feed.models import FeedLoad
from tests.feed.conftest import EXAMPLE, ROOT, counts

_SECRETS = {"SECRET_KEY": "x" * 50, "ALLOWED_HOSTS": "crm.example"}
DAYS = "date,is_working,note\n2026-10-01,0,国庆节\n"


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"custmers": DAYS}, "custmers.csv is no file of the feed"),
        ({"calendar": "date,is_working,remark\n"}, "unknown column 'remark'"),
        ({"calendar": "date,note\n"}, "lacks the column 'is_working'"),
        ({"calendar": "date,date,is_working\n"}, "has the column 'date' twice"),
        ({"calendar": b"\xff\xfe\n"}, "has no readable header in UTF-8"),
        ({"calendar": b""}, "lacks the column 'date'"),
        ({}, "holds no file of the feed"),
    ],
)
def test_a_folder_that_cannot_be_read_is_refused_by_name(bank, load, day, files, sentence):
    with pytest.raises(FeedError, match=sentence):
        load(day(date(2026, 6, 30), files))
    assert FeedLoad.objects.count() == 0


def test_a_file_may_come_once(bank, load, day):
    folder = day(date(2026, 6, 30), {"calendar": DAYS})
    (folder / "calendar.parquet").write_bytes(b"")
    with pytest.raises(FeedError, match="holds calendar twice"):
        load(folder)


def test_strangers_beside_dated_folders_are_refused(bank, load, day, tmp_path):
    folder = day(date(2026, 6, 30), {"calendar": DAYS})
    (folder.parent / "2026-6-29").mkdir()
    with pytest.raises(FeedError, match="2026-6-29 is none"):
        load(folder.parent)
    with pytest.raises(FeedError, match="There is no folder"):
        load(tmp_path / "nowhere")


def test_days_follow_on_each_other(bank, load, day):
    load(day(date(2026, 6, 28), {"calendar": DAYS}))
    with pytest.raises(FeedError, match="The days after 2026-06-28 up to 2026-06-29 are missing"):
        load(day(date(2026, 6, 30), {"calendar": DAYS}))
    with pytest.raises(FeedError, match="everything up to 2026-06-28 is loaded"):
        load(day(date(2026, 6, 30), {"calendar": DAYS}, since=date(2026, 6, 1)))
    load(day(date(2026, 6, 30), {"calendar": DAYS}, since=date(2026, 6, 28)))
    with pytest.raises(FeedError, match="2026-06-30 is already loaded with other content"):
        load(day(date(2026, 6, 30), {"calendar": DAYS + "2026-10-02,0,\n"}))
    assert list(FeedLoad.objects.order_by("id").values_list("business_date", "state")) == [
        (date(2026, 6, 28), "loaded"),
        (date(2026, 6, 30), "loaded"),
    ]


@pytest.mark.parametrize(
    "settings", ['{"since": "yesterday"}', '{"sinse": "2026-06-01"}', "[]", "{", '{"since": "2026-06-30"}']
)
def test_a_broken_feed_json_is_refused(bank, load, day, settings):
    folder = day(date(2026, 6, 30), {"calendar": DAYS})
    (folder / "feed.json").write_text(settings)
    with pytest.raises(FeedError, match=r"feed\.json"):
        load(folder)


def test_folders_of_one_parent_load_by_date_until_one_is_refused(bank, load, day):
    day(date(2026, 6, 29), {"calendar": DAYS})
    bad = day(date(2026, 6, 30), {"calendar": "date,is_working,note\nx,1,\n"})
    with pytest.raises(FeedError, match="2026-06-30 is refused"):
        load(bad.parent)
    assert counts() == {"managers_calendarday": 1}


def test_parquet_is_as_good_as_csv(bank, load, day, tmp_path):
    import polars

    folder = day(date(2026, 6, 30), {})
    columns = {"date": [date(2026, 10, 1), None], "is_working": [False, True], "note": ["国庆节", None]}
    frame = polars.DataFrame(columns)
    frame.head(1).write_parquet(folder / "calendar.parquet")
    load(folder)
    assert counts() == {"managers_calendarday": 1}
    folder = day(date(2026, 7, 1), {})
    frame.write_parquet(folder / "calendar.parquet")
    with pytest.raises(FeedError) as caught:
        load(folder)
    assert [(bad.row, bad.column, bad.reason) for bad in caught.value.report.first] == [
        (3, "date", "is compulsory and is empty")
    ]


def test_two_loads_at_once_the_second_is_refused(bank, load, day):
    with open_journal(), pytest.raises(LoadRunning, match="Another load is running"):
        load(day(date(2026, 6, 30), {"calendar": DAYS}))


def test_a_load_that_dies_leaves_nothing_and_is_told_of(bank, load, tmp_path):
    """kill -9 while the transaction is open: a lock of ours stops it in the middle."""
    with psycopg.connect(**_parameters()) as holder:
        holder.execute("LOCK TABLE performance_plan IN EXCLUSIVE MODE")  # the last file of the folder
        process = subprocess.Popen(
            [sys.executable, "manage.py", "load_feed", str(EXAMPLE)], cwd=ROOT, env=_environment()
        )
        _wait(lambda: _waits_for_lock(holder))
        assert FeedLoad.objects.get().state == "loading"
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
        holder.rollback()
    assert counts() == {}
    outcomes = load(EXAMPLE)
    assert outcomes[0].loaded
    first, second = FeedLoad.objects.order_by("id")
    assert (first.state, first.error, second.state) == ("refused", INTERRUPTED, "loaded")


def test_the_database_gone_is_one_sentence(tmp_path, day):
    folder = day(date(2026, 6, 30), {"calendar": DAYS})
    environment = os.environ | _SECRETS | {"DATABASE_URL": f"postgresql://app@/app?host={tmp_path}"}
    done = subprocess.run(
        [sys.executable, "manage.py", "load_feed", str(folder)],
        cwd=ROOT, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert "The database is away" in done.stderr
    assert "Traceback" not in done.stderr


def _parameters() -> dict:
    given = connection.get_connection_params()
    return {name: given[name] for name in ("host", "port", "user", "dbname") if given.get(name)}


def _environment() -> dict:
    name = connection.settings_dict["NAME"]
    head, _, query = os.environ["DATABASE_URL"].partition("?")
    url = head.rsplit("/", 1)[0] + f"/{name}" + (f"?{query}" if query else "")
    return os.environ | _SECRETS | {"DATABASE_URL": url}


def _waits_for_lock(holder) -> bool:
    query = "SELECT count(*) FROM pg_locks WHERE relation = 'performance_plan'::regclass AND NOT granted"
    return holder.execute(query).fetchone()[0] > 0


def _wait(condition, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)
