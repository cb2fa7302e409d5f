"""What can go wrong in a night, with real workers: killed, absent, under wrong rules; a P that fails."""

import os
import signal
import threading
from datetime import date

import pytest
from django.core.management import CommandError
from django.db import connection, transaction
from django.test import override_settings
from django.utils import timezone

from crm.celery import app
from customers.models import Publication, Standing
from performance import nights
from performance.choices import NightState, PState, Stage, StepState
from performance.management.commands import run_night
from performance.models import CustomerAnalysis, Night
from performance.progress import night_progress
from performance.rules import DEFAULT
from tests.bank import worker
from tests.performance.night_bank import CUSTOMERS, committed_bank, follow, leftovers, published, wait_for

MONDAY, TUESDAY = date(2026, 6, 29), date(2026, 6, 30)


@pytest.fixture(scope="module", autouse=True)
def bank(django_db_setup, django_db_blocker):
    """One committed bank for the module; the tests build on one another's nights, in order.

    The one marked `django_db` comes first, in a transaction of its own; the mark makes the test database.
    """
    with django_db_blocker.unblock(), committed_bank(), override_settings(NIGHT_SHARD_CUSTOMERS=25):
        yield


@pytest.mark.django_db
def test_night_is_planned_once():
    first, again = nights.plan_night(MONDAY), nights.plan_night(MONDAY)

    assert first.night.shards == 8
    assert len(first.steps) == 8
    assert (again.night, again.steps, again.again) == (first.night, [], False)
    assert nights.advance(first.night.pk) == []


def test_night_waits_when_no_worker_answers(monkeypatch):
    monkeypatch.setattr(run_night, "SILENCE_SECONDS", 1)

    with pytest.raises(
        CommandError, match=r"No worker took the night of 2026-06-29 for 3 s\. It stays queued"
    ):
        follow(MONDAY, patience=3)
    assert Night.objects.get().state == NightState.RUNNING
    assert not Publication.objects.exists()


def test_two_workers_take_two_steps_of_one_night_at_the_same_moment():
    one, other = Night.objects.get().steps.order_by("pk")[:2]
    taken = []

    def take():
        with transaction.atomic():
            taken.append(nights.take_step(other.pk))
            transaction.set_rollback(True)
        connection.close()

    with transaction.atomic():
        assert nights.take_step(one.pk) == one
        second = threading.Thread(target=take)
        second.start()
        second.join(20)
        transaction.set_rollback(True)
    assert taken == [other]


def test_night_whose_messages_are_lost_goes_on_with_the_next_worker(tmp_path):
    app.control.purge()
    with worker(tmp_path / "worker.log"):
        follow(MONDAY)

    assert (published().business_date, published().customers) == (MONDAY, CUSTOMERS)
    assert {step.attempts for step in published().steps.all()} == {1}


def test_night_survives_the_kill_of_its_worker_twice(tmp_path):
    """Killed among the rollups and again among the scores, started anew: the same digest, by itself.

    Readers see the whole night before all the while.
    """
    before = published()
    told = []
    watcher = threading.Thread(target=follow_in_thread, args=(told,))
    watcher.start()
    for stage in (Stage.ROLLUP, Stage.SCORE):
        with worker(tmp_path / f"killed-{stage}.log") as process:
            wait_for(lambda: begun(before, stage) and stopped_amid_a_step(process, before, stage))  # noqa: B023
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(20)
        assert before.steps.filter(stage=stage).exclude(state=StepState.DONE).exists()
        assert published().digest == before.digest
        assert Standing.objects.published().count() == CUSTOMERS
    with worker(tmp_path / "next.log"):
        watcher.join(120)

    assert "identical with the run before" in told[0]
    night = published()
    assert (night.digest, night.state) == (before.digest, NightState.PUBLISHED)
    assert max(step.attempts for step in night.steps.all()) > 1
    assert leftovers() == []


def begun(night, stage) -> bool:
    """Some shards of the stage are done in the run that goes on now."""
    running = Night.objects.filter(pk=night.pk, state=NightState.RUNNING, run__gt=night.run).exists()
    return running and night.steps.filter(stage=stage, state=StepState.DONE).count() >= 2


def stopped_amid_a_step(process, night, stage) -> bool:
    """Halt the worker; where that caught no step of the stage at work, let it go on and return False."""
    os.killpg(process.pid, signal.SIGSTOP)
    wait_for(no_statement_runs)  # one that was sent already may end its step yet
    caught = night.steps.filter(stage=stage, state=StepState.RUNNING).exists()
    if not caught:
        os.killpg(process.pid, signal.SIGCONT)
    return caught


def no_statement_runs() -> bool:
    """True when every other session rests, or waits for its client or for another session."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' "
            "AND coalesce(wait_event_type, '') NOT IN ('Client', 'Lock') AND pid <> pg_backend_pid()"
        )
        return cursor.fetchone() == (0,)


def follow_in_thread(told: list) -> None:
    try:
        told.append(follow(MONDAY))
    except CommandError as error:
        told.append(str(error))
    finally:
        connection.close()


def test_night_with_a_failing_p_keeps_the_others(tmp_path, monkeypatch):
    """Rules without one P's setting: that P carries Monday's figures over, the other six are Tuesday's."""
    broken = tmp_path / "rules.toml"
    broken.write_text(DEFAULT.read_text(encoding="utf-8").replace("max_contacts", "max_contact"), "utf-8")
    monday = published()
    monkeypatch.setenv("GUANHU_SEVEN_P", str(broken))
    with worker(tmp_path / "worker.log"):
        said = follow(TUESDAY)

    night = published()
    assert (night.business_date, night.previous_id) == (TUESDAY, monday.pk)
    assert "promotion failed in 8 shards and keeps the night before: KeyError: 'max_contacts'" in said
    for row in CustomerAnalysis.objects.of(night.pk):
        assert (row.promotion_state, row.promotion_on) == (PState.STALE, MONDAY)
        assert (row.profiling_state, row.profiling_on) == (PState.COMPUTED, TUESDAY)
        assert row.product_on == row.persistency_on == TUESDAY
    old = {row.pk: row.promotion_response for row in CustomerAnalysis.objects.of(monday.pk)}
    assert {row.pk: row.promotion_response for row in CustomerAnalysis.objects.of(night.pk)} == old
    matrix = {row["p"]: row for row in night_progress(night, timezone.now()).matrix}
    assert set(matrix["promotion"]["cells"]) == {"stale"}
    assert set(matrix["profiling"]["cells"]) == {"done"}


def test_night_fails_in_one_sentence_and_goes_on_after_the_cause_is_mended(tmp_path, monkeypatch):
    """A worker with another version of the rules must not compute; then whole rules replace the stale P."""
    other = tmp_path / "rules.toml"
    other.write_text(DEFAULT.read_text(encoding="utf-8").replace('"2026.1"', '"2027.1"'), "utf-8")
    before = published()
    monkeypatch.setenv("GUANHU_SEVEN_P", str(other))
    failed = r"failed at rollup, shard \d: NightError: This worker has version 2027\.1"
    with worker(tmp_path / "worker.log"), pytest.raises(CommandError, match=failed):
        follow(TUESDAY)
    assert published().digest == before.digest
    assert Standing.objects.published().count() == CUSTOMERS

    monkeypatch.delenv("GUANHU_SEVEN_P")
    with worker(tmp_path / "next.log"):
        follow(TUESDAY)

    night = published()
    assert (night.pk, night.state) == (before.pk, NightState.PUBLISHED)
    assert night.digest != before.digest
    states = {(row.promotion_state, row.promotion_on) for row in CustomerAnalysis.objects.of(night.pk)}
    assert states == {(PState.COMPUTED, TUESDAY)}
    assert Standing.objects.published().count() == CUSTOMERS
    assert leftovers() == []
