"""Prospecting on the worked customer and at its edges."""

import pytest

from performance.seven_p import prospecting
from tests.performance.worked import AS_OF, WAN, frame, settings

TIERS = {"gold": 5 * WAN, "platinum": 50 * WAN, "diamond": 200 * WAN, "private": 600 * WAN}
KNOWN = {
    "profiling_tier": "platinum",
    "profiling_month_fen": 82 * WAN,
    "profitability_eva_fen": 476_250,
    "persistency_churn": 0.14247885,
}


def answer(*changes):
    rows = frame(*(KNOWN | change for change in changes or ({},)))
    return prospecting.compute(rows, AS_OF, settings("prospecting", tiers=TIERS)).to_dicts()


def test_prospecting_worked_customer():
    (row,) = answer()

    wan = {name: row[f"prospecting_{name}_fen"] / WAN for name in ("aum", "low", "high", "slope")}
    assert wan == pytest.approx({"aum": 81.41, "low": 72.92, "high": 89.90, "slope": -1.2286}, abs=0.005)
    assert row["prospecting_clv_fen"] == 886_322
    assert row["prospecting_gap_fen"] == 118 * WAN
    assert (row["prospecting_state"], row["prospecting_have"], row["prospecting_on"]) == (0, None, AS_OF)


def test_prospecting_five_months_are_insufficient():
    (row,) = answer({"month_7": None})

    assert (row["prospecting_state"], row["prospecting_have"], row["prospecting_need"]) == (1, 5, 6)
    assert row["prospecting_aum_fen"] is row["prospecting_gap_fen"] is None


def test_prospecting_a_straight_line_has_no_band():
    line = {f"month_{7 + x}": (100 + 10 * x) * WAN for x in range(6)}
    (row,) = answer(line)

    assert row["prospecting_aum_fen"] == pytest.approx(180 * WAN, abs=1)
    assert row["prospecting_high_fen"] - row["prospecting_low_fen"] <= 2


def test_prospecting_never_foretells_less_than_nothing():
    line = {f"month_{7 + x}": (50 - 10 * x) * WAN for x in range(6)}
    (row,) = answer(line)

    assert (row["prospecting_aum_fen"], row["prospecting_low_fen"]) == (0, 0)


def test_prospecting_unknown_worth_stays_unknown():
    rows = answer({"profitability_eva_fen": None}, {"persistency_churn": None}, {"profiling_tier": None}, {})

    assert [row["prospecting_clv_fen"] is None for row in rows] == [True, True, False, False]
    assert rows[2]["prospecting_gap_fen"] is None


def test_prospecting_top_tier_has_no_gap():
    rows = answer({"profiling_tier": "private"}, {"profiling_tier": "gold"})

    assert [row["prospecting_gap_fen"] for row in rows] == [None, 0]
