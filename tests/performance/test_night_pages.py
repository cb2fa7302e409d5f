"""Nights: the list, one night live, the start of one."""

from datetime import date

import pytest
from django.urls import reverse

from performance.choices import NightState, StepState
from performance.models import Night
from performance.tasks import start_night
from tests.performance.world import DAY, make_load, make_night, make_steps, publish

LIST = reverse("performance:nights")
START = reverse("performance:night_start")


def night_url(name="night", day=DAY):
    return reverse(f"performance:{name}", args=[day])


@pytest.fixture
def running(db):
    night = make_night(state=NightState.RUNNING)
    make_steps(night, done=4)
    return night


def test_list_shows_nights_and_offers_a_start_to_administrators(as_user, admin_user, auditor):
    make_load()
    make_night()
    assert "start-night" in as_user(admin_user).get(LIST).content.decode()
    text = as_user(auditor).get(LIST).content.decode()
    assert "2026-06-30" in text
    assert "start-night" not in text


def test_list_without_a_night_is_not_a_dead_end(as_user, admin_user):
    assert reverse("feed") in as_user(admin_user).get(LIST).content.decode()


@pytest.mark.parametrize("name", ["night", "night_progress"])
def test_live_night_shows_percent_steps_and_matrix(as_user, auditor, running, name):
    response = as_user(auditor).get(night_url(name))
    assert response.status_code == 200
    page = response.context["page"]
    assert 0 < page.progress.percent < 100
    assert [row.state for row in page.progress.stages[:3]] == [
        StepState.DONE,
        StepState.DONE,
        StepState.RUNNING,
    ]
    assert page.matrix[0].cells.count("done") == 4
    text = response.content.decode()
    assert 'role="progressbar"' in text
    assert 'hx-trigger="every 2s"' in text


def test_finished_night_stops_asking(as_user, auditor):
    night = make_night()
    publish(night)
    make_steps(night, rest=True)
    response = as_user(auditor).get(night_url("night_progress"))
    assert "every 2s" not in response.content.decode()
    assert response.context["progress"]["percent"] == 100


def test_failed_night_says_what_failed(as_user, admin_user):
    make_night(state=NightState.FAILED, error="score, shard 3: no space left")
    text = as_user(admin_user).get(night_url()).content.decode()
    assert "no space left" in text
    assert "every 2s" not in text


def test_analysis_that_failed_is_marked_in_its_shard(as_user, auditor, running):
    step = running.steps.filter(stage="score", shard=2).get()
    step.detail |= {"promotion": {"error": "division by zero"}}
    step.save()
    page = as_user(auditor).get(night_url()).context["page"]
    assert page.matrix[6].cells[2] == "kept"


def test_unknown_night_does_not_exist(as_user, admin_user):
    assert as_user(admin_user).get(night_url(day=date(2020, 1, 1))).status_code == 404


def test_nights_are_for_readers_alone(as_user, manager, supervisor, back_office, running):
    for user in (manager.user, supervisor, back_office):
        for url in (LIST, night_url(), night_url("night_progress")):
            assert as_user(user).get(url).status_code == 403


def test_administrator_asks_for_a_night_and_a_worker_plans_it(
    as_user, admin_user, django_capture_on_commit_callbacks
):
    make_load()
    client = as_user(admin_user)
    with django_capture_on_commit_callbacks() as sent:  # not sent: a later test's worker would compute it
        response = client.post(START, {"date": "2026-06-30"})
    assert (response.status_code, response["Location"], len(sent)) == (303, night_url(), 1)
    assert Night.objects.get().state == NightState.WAITING
    assert client.get(night_url()).status_code == 200
    start_night("2026-06-30")
    night = Night.objects.get()
    assert (night.state, night.run) == (NightState.RUNNING, 1)
    assert night.steps.filter(queued_at__isnull=False).count() == night.shards


@pytest.mark.parametrize("day", ["2026-07-01", "30/06/2026", ""])
def test_start_of_a_day_that_is_not_loaded_queues_nothing(as_user, admin_user, day):
    make_load()
    client = as_user(admin_user)
    assert client.post(START, {"date": day}).status_code == 303
    assert 'role="alert"' in client.get(LIST).content.decode()
    assert not Night.objects.exists()


def test_nobody_else_starts_a_night(as_user, auditor, supervisor, manager):
    make_load()
    for user in (auditor, supervisor, manager.user):
        assert as_user(user).post(START, {"date": "2026-06-30"}).status_code == 403
    assert not Night.objects.exists()


def test_start_is_a_post(as_user, admin_user):
    assert as_user(admin_user).get(START).status_code == 405


@pytest.mark.parametrize("size", [1, 3])
def test_list_asks_the_same_number_of_queries(as_user, auditor, size, django_assert_num_queries):
    make_load()
    for number in range(size):
        make_night(date(2026, 6, 20 + number))
    client = as_user(auditor)
    client.get(LIST)
    with django_assert_num_queries(5):
        client.get(LIST)
