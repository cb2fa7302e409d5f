"""Health, readiness and metrics: what they say, to whom, and when something is away."""

import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from datetime import date

import psycopg
import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from crm.feed.models import FeedLoad, FeedState
from crm.ops import alive, checks
from crm.wall import roles
from customers.models import Publication
from performance.choices import NightState, Stage, StepState
from performance.models import Night, Step
from tests.bank import ROOT, environment
from tests.crm.launching import eventually

METRICS = "/internal/metrics"


def figures(content) -> dict:
    """{(name, labels…): value} of Prometheus' text."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(content.decode())
        for sample in family.samples
    }


@pytest.fixture
def living():
    """A worker and beat gave a sign of life."""
    names = (f"{alive.WORKER}test", f"{alive.BEAT}test")
    for name in names:
        alive.sign(name)
    yield
    alive._valkey().delete(*names)


@pytest.fixture
def night(db, living):
    """A night that runs, after one that is published; one step done in 90 seconds, one waits for 60."""
    now = timezone.now()
    seen = Night.objects.create(
        business_date=date(2026, 6, 29),
        version="test",
        upto_load=0,
        state=NightState.PUBLISHED,
        digest="0" * 64,
        published_at=now,
    )
    Publication.objects.create(business_date=seen.business_date, night_id=seen.pk, published_at=now)
    running = Night.objects.create(
        business_date=date(2026, 6, 30),
        version="test",
        upto_load=0,
        state=NightState.RUNNING,
        started_at=now - timezone.timedelta(seconds=90),
    )
    Step.objects.create(
        night=running,
        stage=Stage.ROLLUP,
        state=StepState.DONE,
        attempts=2,
        started_at=running.started_at,
        finished_at=now,
    )
    Step.objects.create(
        night=running, stage=Stage.ROLLUP, shard=1, queued_at=now - timezone.timedelta(seconds=60)
    )
    return seen


def test_ready_says_each_check_to_the_monitoring(client, night):
    found = client.get("/readyz")
    assert found.status_code == 200
    assert found.json()["status"] == "ok"
    names = {"database", "migrations", "broker", "worker", "beat", "night", "history"}
    assert set(found.json()["checks"]) == names
    assert found.json()["checks"]["worker"]["alive"] >= 1
    assert found.json()["checks"]["night"] == {"state": "ok", "level": "ok", "age_hours": 0.0}


def test_ready_tells_a_stranger_one_word(client, night):
    assert client.get("/readyz", REMOTE_ADDR="10.0.0.7").json() == {"status": "ok"}


def test_silence_of_a_worker_degrades(client, night):
    alive._valkey().delete(f"{alive.WORKER}test")
    found = client.get("/readyz").json()
    assert (found["status"], found["checks"]["worker"]) == ("degraded", {"state": "degraded", "alive": 0})
    assert found["checks"]["beat"]["state"] == "ok"


def test_an_old_night_or_none_degrades_and_pages_still_answer(client, db):
    found = client.get("/readyz")
    assert (found.status_code, found.json()["status"]) == (200, "degraded")
    assert found.json()["checks"]["night"]["level"] == "critical"


@pytest.mark.parametrize(("away", "status", "word"), [("broker", 200, "degraded"), ("database", 503, "down")])
def test_what_is_away_decides_only_where_pages_need_it(client, night, monkeypatch, away, status, word):
    def fails():
        raise OperationalError("no route to 10.1.1.1")

    monkeypatch.setitem(checks._registered(), away, fails)
    found = client.get("/readyz")
    assert (found.status_code, found.json()["status"]) == (status, word)
    assert b"10.1.1.1" not in found.content


def test_missing_migrations_are_not_ready(client, night, monkeypatch):
    monkeypatch.setattr(checks, "_applied", False)
    monkeypatch.setattr(checks.MigrationExecutor, "migration_plan", lambda *_: [("crm.0099", False)])
    found = client.get("/readyz")
    assert (found.status_code, found.json()["checks"]["migrations"]) == (503, {"state": "down", "missing": 1})


@pytest.fixture
def a_workers_session():
    settings = connection.settings_dict
    with psycopg.connect(host=settings["HOST"], dbname=settings["NAME"], user=roles.WORKER):
        yield


def test_metrics_tell_nights_feed_queue_connections_and_requests(client, night, a_workers_session):
    FeedLoad.objects.create(
        business_date=date(2026, 6, 30),
        since=date(2026, 6, 29),
        digest="1" * 64,
        state=FeedState.LOADED,
        rows=4711,
        finished_at=timezone.now(),
    )
    client.get("/login/")
    found = figures(client.get(METRICS).content)
    assert found["guanhu_nights", "running"] == 1
    assert found["guanhu_nights", "published"] == 1
    assert found["guanhu_night_stage_seconds", "rollup"] == pytest.approx(90, abs=1)
    assert found["guanhu_night_step_attempts_max",] == 2
    assert found["guanhu_steps_waiting",] == 1
    assert 60 <= found["guanhu_step_waiting_seconds_max",] < 120
    assert 0 <= found["guanhu_night_age_seconds",] < 60
    assert found["guanhu_feed_loads", "loaded"] == 1
    assert found["guanhu_feed_rows",] == 4711
    assert found["guanhu_queue_depth",] >= 0
    # a page's role sees how many sessions there are and what they do, of other logins too
    sessions = {key[1:]: value for key, value in found.items() if key[0] == "guanhu_database_connections"}
    assert sessions["guanhu_worker", "idle"] >= 1
    assert found["guanhu_database_transaction_seconds_max",] >= 0
    assert found["guanhu_processes_alive", "worker"] >= 1
    assert any(key[0] == "guanhu_request_seconds_count" and key[3] == "200" for key in found)
    assert {value for key, value in found.items() if key[0] == "guanhu_source_up"} == {1}


def test_a_source_that_fails_leaves_the_others(client, night, settings):
    settings.METRIC_SOURCES = ["crm.ops.metrics.no_such", *settings.METRIC_SOURCES]
    found = figures(client.get(METRICS).content)
    assert found["guanhu_source_up", "crm.ops.metrics.no_such"] == 0
    assert found["guanhu_nights", "running"] == 1


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({}, 200),
        ({"REMOTE_ADDR": "::1"}, 200),
        ({"REMOTE_ADDR": "10.0.0.7"}, 404),
        ({"REMOTE_ADDR": ""}, 200),
        ({"HTTP_X_FORWARDED_FOR": "127.0.0.1"}, 404),
    ],
)
def test_metrics_without_a_token_are_for_this_machine(client, db, asked, status):
    assert client.get(METRICS, **asked).status_code == status


@pytest.mark.parametrize(("given", "status"), [("Bearer t0ken", 200), ("Bearer other", 404), ("", 404)])
def test_metrics_with_a_token_want_it_from_everyone(client, db, settings, given, status):
    settings.METRICS_TOKEN = "t0ken"
    headers = {"Authorization": given} if given else {}
    assert client.get(METRICS, headers=headers).status_code == status
    assert client.get(METRICS, headers=headers, REMOTE_ADDR="10.0.0.7").status_code == status


def test_metrics_are_read_only(client, db):
    assert client.post(METRICS).status_code == 405


@contextmanager
def gunicorn(log):
    """A real gunicorn with two processes on the test's database; yields its address."""
    command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", "--workers", "2"]
    with log.open("w") as out:
        process = subprocess.Popen(
            [*command, "--bind", "127.0.0.1:0"], cwd=ROOT, env=environment(), stdout=out, stderr=out
        )
    try:
        eventually(lambda: "Listening at: http://" in log.read_text(), 60)
        yield log.read_text().partition("Listening at: ")[2].split()[0]
    finally:
        process.terminate()
        process.wait(30)


def ask(url):
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read()


def test_any_process_of_gunicorn_answers_for_all(tmp_path, transactional_db):
    with gunicorn(tmp_path / "web.log") as address:
        for _ in range(12):
            ask(f"{address}/login/")
        found = [figures(ask(f"{address}{METRICS}")) for _ in range(4)]
    for one in found:
        counted = {key[1:]: value for key, value in one.items() if key[0] == "guanhu_request_seconds_count"}
        assert sum(value for labels, value in counted.items() if "login" in str(labels)) == 12
