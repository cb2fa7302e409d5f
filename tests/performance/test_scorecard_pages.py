"""Scorecards: the team's list, one card, the rows behind an indicator, the reader's own, the panel."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from managers.choices import Line
from performance.choices import Dimension
from performance.scoring import BY_CODE
from performance.selectors.cards import bands
from performance.selectors.sheet import sheet
from performance.words import LETTERS, WORDS
from tests.factories import make_manager
from tests.performance.world import make_card, make_night, make_period, publish

LIST = reverse("performance:scorecards")
MINE = reverse("performance:my_scorecard")
PANEL = reverse("performance:score_panel")


def card_url(card, name="scorecard", *more):
    return reverse(f"performance:{name}", args=[card.public_id, *more])


@pytest.fixture
def night(db):
    night = make_night()
    publish(night)
    return night


@pytest.fixture
def card(manager, night):
    return make_card(manager, night)


def test_every_dimension_and_indicator_has_words():
    assert set(LETTERS) == set(Dimension.values)
    assert set(WORDS) == set(BY_CODE)


def test_card_shows_score_grade_distance_and_five_dimensions(as_user, manager, card):
    response = as_user(manager.user).get(card_url(card))
    assert response.status_code == 200
    text = response.content.decode()
    for words in ("77.92", "2.08", "78.39", "76.26", "83.76", "74.81", "61.67"):
        assert words in text


def test_weighted_points_add_up(card):
    opened = sheet(card)
    expected = sum(row.points * row.weight for row in opened.dimensions) / 100
    assert opened.sum == expected
    assert opened.next_grade == ("B", Decimal("2.08"))


def test_weight_of_an_unmeasured_dimension_is_spread(manager, night):
    points = {
        "contribution": "80",
        "satisfaction": None,
        "safety": "80",
        "information": "80",
        "efficiency": "80",
    }
    opened = sheet(make_card(manager, night, total="80", grade="B", points=points))
    assert opened.sum == 80
    assert opened.dimensions[1].weighted is None


def test_indicator_opens_to_formula_with_numbers_and_curve(as_user, manager, card):
    text = as_user(manager.user).get(card_url(card) + "?open=safety&code=A4").content.decode()
    assert "100 × 88 ÷ 100 = 88.00%" in text
    assert "m-curve" in text


def test_indicator_has_a_page_of_its_own(as_user, manager, card):
    response = as_user(manager.user).get(card_url(card, "indicator", "S1"))
    assert response.status_code == 200
    assert "S1" in response.content.decode()


def test_unknown_indicator_does_not_exist(as_user, manager, card):
    assert as_user(manager.user).get(card_url(card, "indicator", "X9")).status_code == 404


def test_fragment_is_the_dimensions_alone(as_user, manager, card):
    response = as_user(manager.user).get(card_url(card) + "?open=safety", headers={"HX-Request": "true"})
    assert response.content.decode().strip().startswith('<section class="section" id="dimensions"')
    assert "HX-Request" in response["Vary"]


@pytest.mark.parametrize("name", ["scorecard", "indicator"])
def test_card_of_another_manager_does_not_exist(as_user, colleague, outsider, back_office, card, name):
    more = ["E1"] if name == "indicator" else []
    for user in (colleague.user, outsider.user, back_office):
        assert as_user(user).get(card_url(card, name, *more)).status_code == 404


def test_supervisor_sees_his_branch_and_no_other(as_user, supervisor, outsider, card, night):
    foreign = make_card(outsider, night)
    assert as_user(supervisor).get(card_url(card)).status_code == 200
    assert as_user(supervisor).get(card_url(foreign)).status_code == 404
    text = as_user(supervisor).get(LIST).content.decode()
    assert str(card.public_id) in text
    assert str(foreign.public_id) not in text


def test_readers_see_every_card(as_user, admin_user, auditor, outsider, card, night):
    foreign = make_card(outsider, night)
    for user in (admin_user, auditor):
        assert as_user(user).get(card_url(foreign)).status_code == 200
        assert str(foreign.public_id) in as_user(user).get(LIST).content.decode()


def test_list_sends_a_manager_to_his_own_card_and_refuses_the_back_office(as_user, manager, back_office):
    response = as_user(manager.user).get(LIST)
    assert (response.status_code, response["Location"]) == (303, MINE)
    assert as_user(back_office).get(LIST).status_code == 403


def test_list_of_a_foreign_branch_does_not_exist(as_user, supervisor, other_branch):
    assert as_user(supervisor).get(f"{LIST}?branch={other_branch.public_id}").status_code == 404
    assert as_user(supervisor).get(f"{LIST}?branch=x").status_code == 404


def test_list_is_sorted_by_pinyin_and_not_ranked_under_five(as_user, supervisor, branch, night):
    for number, name, total in (("1", "周迟", "90"), ("2", "白屿", "60"), ("3", "方予", "75")):
        make_card(make_manager(number, branch=branch, name=name), night, total=total)
    response = as_user(supervisor).get(LIST + "?sort=-score")
    names = [row["card"].manager.user.name for row in response.context["rows"]]
    assert names == ["白屿", "方予", "周迟"]
    assert response.context["may_rank"] is False


def test_list_may_be_sorted_by_score_among_five(as_user, supervisor, branch, night):
    for number in range(5):
        make_card(make_manager(f"{number}", branch=branch), night, total=f"{60 + number}")
    response = as_user(supervisor).get(LIST + "?sort=-score")
    assert [row["card"].total for row in response.context["rows"]] == [64, 63, 62, 61, 60]


def test_list_pages_by_key(as_user, supervisor, branch, night, monkeypatch):
    monkeypatch.setattr("performance.views.scorecards.PAGE", 2)
    for number in range(3):
        make_card(make_manager(f"{number}", branch=branch, name=f"员{number}"), night)
    client = as_user(supervisor)
    first = client.get(LIST)
    second = client.get(LIST + first.context["next_url"])
    assert [len(first.context["rows"]), len(second.context["rows"])] == [2, 1]
    assert second.context["next_url"] == ""


def test_my_score_is_the_latest_card(as_user, manager, card):
    assert as_user(manager.user).get(MINE).context["card"] == card


def test_my_score_before_the_first_night_says_so(as_user, manager):
    assert as_user(manager.user).get(MINE).status_code == 200
    assert as_user(manager.user).get(PANEL).status_code == 200


@pytest.mark.parametrize("url", [MINE, PANEL])
def test_my_score_is_for_managers(as_user, supervisor, admin_user, back_office, url):
    for user in (supervisor, admin_user, back_office):
        assert as_user(user).get(url).status_code == 403


def test_panel_shows_score_and_change(as_user, manager, card):
    make_card(manager, make_night(date(2026, 3, 31)), total="76.58", period=make_period("2026Q1"))
    text = as_user(manager.user).get(PANEL).content.decode()
    assert "77.92" in text
    assert "1.34" in text


def test_change_is_against_the_quarter_before(as_user, manager, card):
    earlier = make_card(manager, make_night(date(2026, 3, 31)), total="76.58", period=make_period("2026Q1"))
    make_card(manager, make_night(date(2026, 6, 29)), total="70")
    assert sheet(card).compared == earlier
    assert sheet(card).change == Decimal("1.34")


def test_change_is_against_the_night_before_in_the_first_quarter(manager, card):
    earlier = make_card(manager, make_night(date(2026, 6, 29)), total="70")
    assert sheet(card).compared == earlier


def test_peers_are_hidden_under_five(manager, branch, card, night):
    assert bands(night, card.line) == {}


def test_peer_band_is_the_middle_half_of_the_line(manager, branch, night):
    for number in range(5):
        other = make_manager(f"{number}", branch=branch, line=Line.SME)
        make_card(other, night, total=f"{60 + 10 * number}")
    band = bands(night, Line.SME)["total"]
    assert (band.q1, band.median, band.q3, band.count) == (70, 80, 90, 5)


def test_unrated_manager_reads_why(as_user, manager, night):
    card = make_card(manager, night, total=None)
    assert as_user(manager.user).get(card_url(card)).status_code == 200


@pytest.mark.parametrize("url", [LIST, MINE, PANEL])
def test_scores_take_only_reads(as_user, manager, url):
    assert as_user(manager.user).post(url).status_code == 405


@pytest.mark.parametrize("size", [1, 3])
def test_list_asks_the_same_number_of_queries(
    as_user, supervisor, branch, night, size, django_assert_num_queries
):
    for number in range(size):
        make_card(make_manager(f"{number}", branch=branch), night)
    client = as_user(supervisor)
    client.get(LIST)
    with django_assert_num_queries(LIST_QUERIES):
        client.get(LIST)


LIST_QUERIES = 11
