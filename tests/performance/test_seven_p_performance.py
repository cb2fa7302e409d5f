"""Performance on the worked customer and at its edges."""

from datetime import date

import pytest

from customers.choices import Family
from performance.choices import ChannelGroup
from performance.seven_p import performance
from tests.performance.worked import AS_OF, WAN, frame, settings, without


def answer(*changes):
    return performance.compute(frame(*changes), AS_OF, settings("performance")).to_dicts()


def test_performance_worked_customer():
    (row,) = answer()

    assert row["performance_hhi"] == pytest.approx(0.3528, abs=1e-12)
    assert without(row, "performance_hhi") == {
        "customer_id": 7,
        "performance_state": 0,
        "performance_have": None,
        "performance_need": None,
        "performance_on": AS_OF,
        "performance_sales_fen": 50 * WAN,
        "performance_digital_bp": 5800,
        "performance_family": Family.WEALTH,
        "performance_channel": ChannelGroup.APP,
        "performance_yoy_bp": 2500,
    }


def test_performance_without_a_sale_is_insufficient():
    rows = answer({"sales": None}, {})

    assert [row["performance_state"] for row in rows] == [1, 0]
    assert (rows[0]["performance_have"], rows[0]["performance_need"]) == (0, 1)
    assert rows[0]["performance_sales_fen"] is rows[0]["performance_hhi"] is None


def test_performance_nobody_bought():
    assert [row["performance_state"] for row in answer({"sales": None}, {"sales": None})] == [1, 1]


@pytest.mark.parametrize(
    ("change", "yoy"),
    [
        ({"first_transaction_on": date(2024, 6, 30)}, 2500),
        ({"first_transaction_on": date(2024, 7, 1)}, None),  # not yet 24 months
        ({"sales_prev": 0}, None),
        ({"sales_prev": 100 * WAN}, -5000),
    ],
)
def test_performance_yoy(change, yoy):
    (row,) = answer(change)

    assert row["performance_yoy_bp"] == yoy
