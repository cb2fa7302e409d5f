"""The page of loads."""

import pytest
from django.urls import reverse

from crm.feed.models import FeedFile, FeedState
from tests.performance.world import DAY, make_load

FEED = reverse("feed")


def test_page_without_a_load_says_how_to_begin(as_user, admin_user):
    response = as_user(admin_user).get(FEED)
    assert response.status_code == 200
    assert "load_feed" in response.content.decode()


def test_refused_load_shows_the_first_fifty_bad_rows(as_user, auditor, tmp_path):
    report = tmp_path / "bad.csv"
    rows = [f"customers,{number},mobile,138****{number:04},11 digits" for number in range(2, 82)]
    report.write_text("\n".join(["file,row,column,value,reason", *rows]), encoding="utf-8")
    load = make_load(state=FeedState.REFUSED, bad_rows=80, report=str(report), error="80 rows are wrong")
    FeedFile.objects.create(
        load=load, record="customers", digest="a" * 64, rows=200, bad_rows=80, seconds=0.4
    )
    response = as_user(auditor).get(FEED)
    assert len(response.context["bad_rows"]) == 50
    text = response.content.decode()
    assert "138****0002" in text
    assert "80 rows are wrong" in text


def test_report_that_is_gone_is_said(as_user, auditor):
    make_load(state=FeedState.REFUSED, bad_rows=3, report="/nowhere/report.csv", error="3 rows are wrong")
    assert as_user(auditor).get(FEED).status_code == 200


def test_running_load_asks_again_and_a_finished_one_does_not(as_user, admin_user):
    make_load()
    assert "every 2s" not in as_user(admin_user).get(FEED).content.decode()
    make_load(DAY.replace(day=29), state=FeedState.LOADING, progress=40)
    text = as_user(admin_user).get(FEED).content.decode()
    assert "every 2s" in text
    assert 'aria-valuenow="40"' in text


def test_load_can_be_chosen(as_user, admin_user):
    older = make_load(DAY.replace(day=29))
    make_load()
    assert as_user(admin_user).get(f"{FEED}?load={older.pk}").context["opened"] == older
    assert as_user(admin_user).get(f"{FEED}?load=0").status_code == 404
    assert as_user(admin_user).get(f"{FEED}?load=x").status_code == 404


def test_fragment_is_the_loads_alone(as_user, admin_user):
    response = as_user(admin_user).get(FEED, headers={"HX-Request": "true"})
    assert response.content.decode().strip().startswith('<div id="loads"')


def test_loads_are_for_readers_alone(as_user, manager, supervisor, back_office):
    for user in (manager.user, supervisor, back_office):
        assert as_user(user).get(FEED).status_code == 403


def test_page_takes_only_reads(as_user, admin_user):
    assert as_user(admin_user).post(FEED).status_code == 405


@pytest.mark.parametrize("size", [1, 3])
def test_page_asks_the_same_number_of_queries(as_user, auditor, size, django_assert_num_queries):
    for number in range(size):
        FeedFile.objects.create(
            load=make_load(DAY.replace(day=20 + number)), record="customers", digest="a" * 64
        )
    client = as_user(auditor)
    client.get(FEED)
    with django_assert_num_queries(5):
        client.get(FEED)
