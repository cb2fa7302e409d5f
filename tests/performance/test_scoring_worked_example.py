"""The worked manager of domain.md §1 (SME, 2026Q2), every figure as published there."""

from decimal import Decimal as D

import polars as pl
import pytest

from performance import scoring
from performance.scoring import BY_CODE, DEFAULT_RULES, Case, contribution

DAYS = 91


def customer(*, deposit, loan, fee, cost, pd_bp=0, lgd=0, days=DAYS):
    """Day sums of one customer as the ledger keeps them: money in fen, spreads of 1.4% and 1.8%."""
    deposit, loan = deposit * 100, loan * 100
    return {
        "nii": D(deposit * 1400 + loan * 1800) * days,
        "el": D(loan * pd_bp * lgd) * days,
        "loan": D(loan * days),
        "fee": D(fee * 100),
        "cost": D(cost * 100),
    }


FIRST = customer(deposit=12_000_000, loan=8_000_000, fee=9_000, cost=12_000, pd_bp=120, lgd=40)
SECOND = customer(deposit=6_000_000, loan=5_000_000, fee=6_000, cost=8_000, pd_bp=150, lgd=40)
THIRD = customer(deposit=10_000_000, loan=0, fee=2_000, cost=3_360, days=42)


def places(value, n=4):
    return value.quantize(D(1).scaleb(-n))


def score(code, numerator, denominator, *peers):
    case = Case(D(numerator), D(denominator), *peers)
    indicator, limits = BY_CODE[code], DEFAULT_RULES.indicators[code]
    value = indicator.value(case, DEFAULT_RULES)
    return value, indicator.score(value, case, limits, DEFAULT_RULES)


def test_eva_of_the_three_customers():
    assert [places(contribution.eva(c, DEFAULT_RULES) / 100, 6) for c in (FIRST, SECOND, THIRD)] == [
        D("33695"),
        D("15846.875"),
        D("11230"),
    ]


def test_eva_of_attributed_sums_is_the_sum_of_attributed_eva():
    shares = ((FIRST, D(1)), (SECOND, D("0.7")), (THIRD, D(1)))
    sums = {key: sum(share * customer[key] for customer, share in shares) for key in FIRST}
    assert places(contribution.eva(sums, DEFAULT_RULES) / 100, 6) == D("56017.8125")


def e1():
    own = D("56017.8125") / D(55_200)
    others = [own - 1] * 8 + [own + 1] * 3
    return score("E1", "56017.8125", 55_200, D(0), D(0), (own, *others))


def test_eva_against_plan_with_eight_of_twelve_peers_below():
    value, points = e1()
    assert (places(value, 6), places(points)) == (D("1.014815"), D("78.2871"))


def test_eva_against_plan_without_enough_peers_is_the_plan_alone():
    own = D("56017.8125") / D(55_200)
    _, points = score("E1", "56017.8125", 55_200, D(0), D(0), (own,) * 9)
    assert places(points) == D("81.4815")


@pytest.mark.parametrize(
    ("code", "case", "value", "points"),
    [
        ("E2", (115, 100), "1.1500", "95.0000"),
        ("E3", (15_200, 16_000), "0.9500", "75.0000"),
        ("E4", (6, 8), "0.7500", "52.5000"),
        ("S1", ("135", 30, D("43"), D(10)), "4.4200", "84.0000"),
        ("S2", (900, 30, D(2000), D(100)), "26.0000", "66.0000"),
        ("S3", (1, 250, D(2), D(1000)), "2.6667", "64.4444"),
        ("S4", (7, 7), "100.0000", "100.0000"),
        ("A1", (0, 1000), "0.0000", "100.0000"),
        ("A2", (8, 1000), "0.8000", "70.0000"),
        ("A3", (991, 1000), "99.1000", "88.0000"),
        ("A4", (95, 100), "95.0000", "60.0000"),
        ("I1", (94, 100), "94.0000", "76.0000"),
        ("I2", (88, 100), "88.0000", "69.2308"),
        ("I3", (10, 3), "3.3333", "73.3333"),
        ("I4", (96, 100), "96.0000", "82.8571"),
        ("F1", (88, 100), "88.0000", "68.0000"),
        ("F2", (92, 100), "92.0000", "68.8889"),
        ("F3", (85, 100), "0.8500", "75.0000"),
        ("F4", (95, 100), "95.0000", "80.0000"),
    ],
)
def test_indicator(code, case, value, points):
    got_value, got_points = score(code, *case)
    assert (places(got_value), places(got_points)) == (D(value), D(points))


CASES = {
    "E2": (D(115), D(100)),
    "E3": (D(15_200), D(16_000)),
    "E4": (D(6), D(8)),
    "S4": (D(7), D(7)),
    "A1": (D(0), D(1000)),
    "A2": (D(8), D(1000)),
    "A3": (D(991), D(1000)),
    "A4": (D(95), D(100)),
    "I1": (D(94), D(100)),
    "I2": (D(88), D(100)),
    "I3": (D(10), D(3)),
    "I4": (D(96), D(100)),
    "F1": (D(88), D(100)),
    "F2": (D(92), D(100)),
    "F3": (D(85), D(100)),
    "F4": (D(95), D(100)),
}


def results():
    """The manager's results through the frames, S1–S3 and E1 with the peers that the example states."""
    managers = pl.DataFrame({"manager_id": [1], "peer_group": ["sme"], "rated": [True]})
    rows = []
    for indicator in scoring.REGISTRY:
        numerator, denominator = CASES.get(indicator.code, (D(0), D(0)))
        frame = pl.DataFrame(
            {"manager_id": [1], "numerator": [numerator], "denominator": [denominator]},
            schema_overrides={"numerator": pl.Decimal(38, 10), "denominator": pl.Decimal(38, 10)},
        )
        rows += scoring.measure(indicator, frame, managers, DEFAULT_RULES)
    stated = {
        "E1": e1(),
        "S1": score("S1", "135", 30, D("43"), D(10)),
        "S2": score("S2", 900, 30, D(2000), D(100)),
        "S3": score("S3", 1, 250, D(2), D(1000)),
    }
    return [
        row
        if row.code not in stated
        else scoring.Result(1, row.code, row.dimension, None, None, *stated[row.code], row.weight)
        for row in rows
    ]


def test_dimensions_spread_the_weight_of_what_has_no_cases():
    assert {name: places(points) for name, points in scoring.dimension_points(results()).items()} == {
        "contribution": D("78.3935"),
        "satisfaction": D("76.2593"),
        "safety": D("83.7647"),
        "information": D("74.8073"),
        "efficiency": D("71.6722"),
    }


def test_total_deduction_and_grade():
    before = scoring.total(scoring.dimension_points(results()), line="sme")
    assert places(before) == D("78.9226")
    managers = pl.DataFrame({"manager_id": [1], "line": ["sme"], "rated": [True]})
    [card] = scoring.make_cards(managers, results(), DEFAULT_RULES, {1: D(1)})
    assert (card.total, card.grade) == (D("77.92"), "C")
