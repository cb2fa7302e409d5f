"""Points, weights, grades and schemes."""

import copy
from decimal import Decimal as D

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from performance import scoring
from performance.scoring import DEFAULT_RULES

FIVE = dict.fromkeys(scoring.DIMENSIONS, D(80))


@pytest.mark.parametrize(
    ("x", "points"),
    [("0.3", 0), ("0.4", 0), ("0.6", 30), ("0.8", 60), ("1.0", 80), ("1.2", 100), ("9", 100)],
)
def test_points_of_a_rising_indicator(x, points):
    assert scoring.points(x, low="0.4", passing="0.8", top="1.2") == points


@pytest.mark.parametrize(("x", "points"), [(11, 0), (10, 0), ("6.5", 30), (3, 60), ("1.5", 80), (0, 100)])
def test_points_of_a_falling_indicator(x, points):
    assert scoring.points(x, low=10, passing=3, top=0) == points


@given(st.decimals(-100, 100, places=4), st.decimals(-100, 100, places=4))
def test_points_never_fall_as_the_value_improves(one, other):
    worse, better = sorted((one, other))
    limits = {"low": -20, "passing": 20, "top": 60}
    assert 0 <= scoring.points(worse, **limits) <= scoring.points(better, **limits) <= 100


def test_total_weighs_the_dimensions_by_line():
    points = FIVE | {"safety": D(100)}
    assert [scoring.total(points, line=line) for line in ("retail", "corporate", "sme", "private")] == [
        D(83),
        D(86),
        D(87),
        D(83),
    ]


def test_total_spreads_the_weight_of_a_missing_dimension():
    points = {"contribution": D(90), "satisfaction": D(60), "safety": None}
    assert scoring.total(points, line="retail") == (D(90) * 35 + D(60) * 25) / 60


def test_total_of_nothing_is_none():
    assert scoring.total({}, line="sme") is None


def test_total_refuses_an_unknown_line_and_dimension():
    with pytest.raises(ValueError, match="No such line: 'pirates'"):
        scoring.total(FIVE, line="pirates")
    with pytest.raises(ValueError, match="No such dimension: luck"):
        scoring.total({"luck": D(1)}, line="sme")


@pytest.mark.parametrize(
    ("before", "deductions", "score"),
    [
        ("77.925", 0, "77.93"),
        ("77.9249", 0, "77.92"),
        ("78.9226", 1, "77.92"),
        ("90", 35, "70.00"),
        ("5", 9, "0.00"),
    ],
)
def test_final_score_rounds_half_up_once_and_caps_deductions(before, deductions, score):
    assert scoring.final_score(D(before), deductions, rules=DEFAULT_RULES) == D(score)


@pytest.mark.parametrize(
    ("score", "safety", "grade"),
    [
        ("90", 90, "A"),
        ("89.99", 90, "B"),
        ("95", "59.99", "C"),
        ("65", 20, "D"),
        ("95", None, "A"),
        ("59.99", 90, "E"),
    ],
)
def test_grade_is_capped_by_weak_safety(score, safety, grade):
    safety = None if safety is None else D(safety)
    assert scoring.grade_of(D(score), safety=safety, rules=DEFAULT_RULES) == grade


def test_veto_gives_the_last_grade():
    assert scoring.grade_of(D(99), safety=D(99), vetoed=True, rules=DEFAULT_RULES) == "E"


def test_indicator_without_cases_or_with_a_plan_of_zero_is_not_applicable():
    managers = pl.DataFrame({"manager_id": [1, 2, 3], "peer_group": ["a"] * 3, "rated": [True] * 3})
    cases = pl.DataFrame(
        {"manager_id": [1, 2], "numerator": [D(5), D(5)], "denominator": [D(-1), D(4)]},
        schema_overrides={"numerator": pl.Decimal(38, 10), "denominator": pl.Decimal(38, 10)},
    )
    rows = scoring.measure(scoring.BY_CODE["E3"], cases, managers, DEFAULT_RULES)
    assert [(row.value, row.points) for row in rows] == [(None, None), (D("1.25"), D(100)), (None, None)]


def test_unrated_manager_keeps_points_without_score():
    managers = pl.DataFrame({"manager_id": [1], "line": ["sme"], "rated": [False]})
    rows = [scoring.Result(1, "E3", "contribution", D(1), D(1), D(1), D(80), D(20))]
    [card] = scoring.make_cards(managers, rows, DEFAULT_RULES)
    assert (card.points["contribution"], card.total, card.grade) == (D(80), None, None)


def test_peer_groups_widen_until_they_are_large_enough():
    managers = pl.DataFrame(
        {
            "manager_id": range(1, 9),
            "line": ["sme"] * 8,
            "branch_class": ["urban"] * 6 + ["county"] * 2,
            "portfolio": [60, 50, 40, 30, 20, 10, 1, 2],
        }
    )
    groups = dict(scoring.peer_groups(managers, least=2).iter_rows())
    assert groups == {
        1: "sme/urban/2",
        2: "sme/urban/2",
        3: "sme/urban/1",
        4: "sme/urban/1",
        5: "sme/urban/0",
        6: "sme/urban/0",
        7: "sme/county",
        8: "sme/county",
    }
    assert set(scoring.peer_groups(managers, least=10)["peer_group"]) == {"sme"}


def test_deals_are_compared_with_the_median_of_peers():
    deals = pl.DataFrame({"manager_id": [1, 1, 2, 3], "days": [10, 20, 40, 99]})
    managers = pl.DataFrame({"manager_id": [1, 2, 3], "peer_group": ["a", "a", "b"]})
    cases = scoring.efficiency.cycle_cases(deals, managers).sort("manager_id")
    assert cases.rows() == [(1, D(15), D(20)), (2, D(40), D(20)), (3, D(99), D(99))]


def broken(change):
    content = copy.deepcopy(scoring.default_content())
    change(content)
    return content


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c["dimension_weights"]["sme"].update(safety="36"), "for sme must sum to 100"),
        (lambda c: c["dimension_weights"].pop("sme"), "exactly retail, corporate, sme, private"),
        (lambda c: c["indicators"]["E1"].update(weight="49"), "of contribution must sum to 100, not 99"),
        (lambda c: c["indicators"]["S3"].update(low="2"), "Thresholds of S3 must rise or fall"),
        (lambda c: c["indicators"].update(X9=c["indicators"]["E1"]), "No such indicator: X9"),
        (lambda c: c["indicators"]["E1"].pop("top"), "cannot be read at 'top'"),
        (lambda c: c["grades"].reverse(), "Grades must be listed from the best down"),
    ],
)
def test_a_broken_scheme_is_refused_with_what_to_correct(change, message):
    with pytest.raises(scoring.SchemeError, match=message):
        scoring.rules_of(broken(change))
