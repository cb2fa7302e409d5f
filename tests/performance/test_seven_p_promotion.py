"""Promotion on the worked customer and at its edges."""

import polars as pl
import pytest

from customers.choices import Channel
from performance.seven_p import promotion
from tests.performance.worked import AS_OF, frame, settings, without

RATES = [(True, None, 0.08), (True, Channel.APP, 0.09), (True, Channel.SMS, 0.02)]


BITS = 7


def packed(change: dict) -> dict:
    """Counts by channel as one integer."""
    return change | {
        name: sum(count << BITS * place for place, count in enumerate(change[name]))
        for name in ("invited", "responded")
    }


def answer(*changes, rates=RATES, channels=(Channel.SMS, Channel.APP)):
    table = pl.DataFrame(rates, schema={"is_person": bool, "channel": pl.Int64, "rate": float}, orient="row")
    rows = frame(*(packed({"invited": [2, 4], "responded": [0, 2]} | change) for change in changes or ({},)))
    given = settings("promotion", rates=table, channels=[int(channel) for channel in channels], bits=BITS)
    return promotion.compute(rows, AS_OF, given).to_dicts()


def test_promotion_worked_customer():
    (row,) = answer()

    assert row["promotion_response"] == pytest.approx(0.1290, abs=5e-5)
    assert without(row, "promotion_response") == {
        "customer_id": 7,
        "promotion_state": 0,
        "promotion_have": None,
        "promotion_need": None,
        "promotion_on": AS_OF,
        "promotion_invited": 6,
        "promotion_responded": 2,
        "promotion_channel": Channel.APP,
        "promotion_contacts": 1,
        "promotion_rest": False,
    }


def test_promotion_never_invited_takes_the_rate_of_his_kind():
    (row,) = answer({"invited": [0, 0], "responded": [0, 0]})

    assert row["promotion_response"] == 0.08
    assert (row["promotion_channel"], row["promotion_invited"]) == (Channel.APP, 0)


def test_promotion_own_answers_can_outweigh_the_kind():
    (row,) = answer({"invited": [8, 0], "responded": [8, 0]})

    assert row["promotion_channel"] == Channel.SMS


@pytest.mark.parametrize(
    ("change", "rest"),
    [({"contacts_30": 3}, False), ({"contacts_30": 4}, True), ({"consent": False}, True)],
)
def test_promotion_rest(change, rest):
    (row,) = answer(change)

    assert row["promotion_rest"] is rest


def test_promotion_without_any_invitation_of_the_kind_is_insufficient():
    rows = answer({"is_person": False, "invited": [0, 0], "responded": [0, 0]}, {})

    assert [row["promotion_state"] for row in rows] == [1, 0]
    assert (rows[0]["promotion_have"], rows[0]["promotion_need"]) == (0, 1)
    assert rows[0]["promotion_response"] is None


def test_promotion_without_any_campaign_in_the_bank():
    (row,) = answer({"invited": [], "responded": []}, rates=[], channels=())

    assert (row["promotion_state"], row["promotion_have"]) == (1, 0)
