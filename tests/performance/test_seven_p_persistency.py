"""Persistency on the worked customer and at its edges."""

from math import exp

import pytest

from performance.choices import Driver
from performance.seven_p import persistency
from tests.performance.worked import AS_OF, WAN, frame, settings


def answer(*changes):
    return persistency.compute(frame(*changes), AS_OF, settings("persistency")).to_dicts()


def test_persistency_worked_customer():
    (row,) = answer()

    assert row["persistency_loyalty"] == pytest.approx(83.5833, abs=5e-5)
    assert row["persistency_churn"] == pytest.approx(0.142479, abs=5e-7)
    assert {name: row[f"persistency_{name}"] for name in ("state", "have", "need", "on", "band")} == {
        "state": 0,
        "have": None,
        "need": None,
        "on": AS_OF,
        "band": 0,
    }
    assert row["persistency_change_bp"] == -889
    assert row["persistency_maturing_fen"] == 30 * WAN
    assert (row["persistency_driver"], row["persistency_driver2"]) == (Driver.DROP, Driver.MATURING)


def test_persistency_short_ledger_is_insufficient():
    (row,) = answer({"first_balance_on": AS_OF.replace(month=5, day=1)})

    assert (row["persistency_state"], row["persistency_have"], row["persistency_need"]) == (1, 61, 120)
    assert row["persistency_loyalty"] is row["persistency_churn"] is row["persistency_driver"] is None


def test_persistency_no_ledger_has_nothing():
    (row,) = answer({"first_balance_on": None})

    assert (row["persistency_state"], row["persistency_have"]) == (1, 0)


def test_persistency_120_days_are_enough():
    rows = answer(*({"first_balance_on": AS_OF.replace(month=3, day=day)} for day in (3, 4)))

    assert [row["persistency_state"] for row in rows] == [0, 1]


def test_persistency_every_driver_counts():
    quiet = {
        "aum_c": 30 * 90 * WAN + 90 * 90 * WAN,
        "maturing_fen": 0,
    }
    rows = answer(
        quiet,
        quiet | {"last_digital_on": AS_OF.replace(month=4, day=30)},  # 61 days
        quiet | {"last_digital_on": None},  # never used: nothing stopped
        quiet | {"last_salary_on": AS_OF.replace(month=5, day=1)},  # 60 days late
        quiet | {"last_salary_on": AS_OF.replace(month=5, day=1), "salary_months": 0b110},  # never regular
        quiet | {"complaints_90": 2},
        quiet | {"aum": 0, "maturing_fen": 5},
    )

    assert [row["persistency_churn"] for row in rows] == pytest.approx(
        [1 / (1 + exp(2.2 - extra)) for extra in (0, 0.8, 0, 0.9, 0, 0.7, 0)]
    )
    assert [row["persistency_driver"] for row in rows] == [
        None,
        Driver.NO_LOGIN,
        None,
        Driver.SALARY_STOPPED,
        None,
        Driver.COMPLAINT,
        None,
    ]
    assert rows[3]["persistency_loyalty"] == pytest.approx(rows[0]["persistency_loyalty"] - 15)


def test_persistency_assets_of_nothing_cannot_fall():
    (row,) = answer({"aum": 0, "aum_c": 0, "aum30_c": 0, "maturing_fen": 0})

    assert row["persistency_change_bp"] == 0
    assert row["persistency_driver"] is None


@pytest.mark.parametrize(
    ("fall", "band"),
    [(0.0, 0), (0.17, 0), (0.19, 1), (0.63, 1), (0.65, 2), (1.0, 2)],
)
def test_persistency_band(fall, band):
    (row,) = answer({"aum_c": round(30 * 90 * WAN * (1 - fall)) + 90 * 90 * WAN, "maturing_fen": 0})

    assert row["persistency_band"] == band
