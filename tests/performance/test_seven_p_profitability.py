"""Profitability on the worked customer and at its edges."""

from datetime import date

import pytest

from performance.seven_p import profitability
from tests.performance.worked import AS_OF, frame, settings


def answer(*changes, cuts=None):
    rows = [{"profiling_tier": "platinum"} | change for change in changes or ({},)]
    data = frame(*rows)
    return profitability.compute(data, AS_OF, settings("profitability", cuts=cuts)).to_dicts()


def test_profitability_worked_customer():
    assert answer() == [
        {
            "customer_id": 7,
            "profitability_state": 0,
            "profitability_have": None,
            "profitability_need": None,
            "profitability_on": AS_OF,
            "profitability_nii_fen": 780_000,
            "profitability_fee_fen": 200_000,
            "profitability_cost_fen": 190_000,
            "profitability_el_fen": 50_000,
            "profitability_eva_fen": 476_250,
            "profitability_raroc_bp": 667,
            "profitability_days": 365,
            "profitability_percentile": None,
        }
    ]


def test_profitability_half_a_year_is_annualised():
    half = {"first_balance_on": date(2026, 1, 1), "fee": 100_000, "counter_n": 0, "digital_n": 0}
    for name in ("nii_c", "loan_nii_c", "loan_c", "el_c"):
        half[name] = frame()[name][0] // 2
    (row,) = answer(half)

    assert row["profitability_days"] == 181
    assert row["profitability_fee_fen"] == round(100_000 * 365 / 181)
    assert row["profitability_cost_fen"] == 3 * 3600 + 60_000  # a whole year's price of accounts and loan


@pytest.mark.parametrize(("first", "state", "have"), [(date(2026, 4, 2), 0, None), (date(2026, 4, 3), 1, 89)])
def test_profitability_needs_90_days(first, state, have):
    (row,) = answer({"first_balance_on": first})

    assert (row["profitability_state"], row["profitability_have"]) == (state, have)
    assert (row["profitability_eva_fen"] is None) == bool(state)


def test_profitability_without_loans_has_no_raroc():
    (row,) = answer({"loan_c": 0, "loan_nii_c": 0, "el_c": 0, "loans": 0})

    assert row["profitability_raroc_bp"] is None


def test_profitability_percentile_counts_who_creates_less():
    cuts = {"platinum": [100_000, 400_000, 476_250, 900_000], "gold": [1]}
    rows = answer({}, {"profiling_tier": "gold"}, {"profiling_tier": "diamond"}, cuts=cuts)

    assert [row["profitability_percentile"] for row in rows] == [50, 100, None]


def test_profitability_loss_is_negative():
    (row,) = answer({"nii_c": 0, "fee": 0})

    assert row["profitability_eva_fen"] == round((-190_000 - 50_000) * 0.75 - 78_750)
