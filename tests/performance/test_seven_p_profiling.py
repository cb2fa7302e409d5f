"""Profiling on the worked customer and at its edges."""

from datetime import date

import polars as pl
import pytest

from performance.seven_p import profiling
from performance.seven_p.common import full_months, month_starts, with_months
from tests.performance.worked import AS_OF, WAN, frame, settings, without


def answer(*changes, as_of=AS_OF):
    return profiling.compute(frame(*changes), as_of, settings("profiling")).to_dicts()


def months(*amounts):
    """The last full months in 万, oldest first."""
    known = [None] * (13 - len(amounts)) + [None if amount is None else amount * WAN for amount in amounts]
    return {f"month_{position}": amount for position, amount in enumerate(known)}


def test_profiling_worked_customer():
    assert answer() == [
        {
            "customer_id": 7,
            "profiling_state": 0,
            "profiling_have": None,
            "profiling_need": None,
            "profiling_on": AS_OF,
            "profiling_tier": "platinum",
            "profiling_lifecycle": "mature",
            "profiling_month_fen": 82 * WAN,
            "profiling_completeness_pct": 92,
            "profiling_missing": 0b1001,
            "profiling_missing_count": 2,
        }
    ]


def test_profiling_without_a_full_month_is_insufficient():
    (row,) = answer(months())

    assert (row["profiling_state"], row["profiling_have"], row["profiling_need"]) == (1, 0, 1)
    assert set(without(row, "customer_id", "profiling_on").values()) == {None, 0, 1}


@pytest.mark.parametrize(
    ("amounts", "tier"),
    [
        ((4,), "basic"),
        ((5,), "gold"),
        ((49,), "gold"),
        ((50,), "platinum"),
        ((200,), "diamond"),
        ((600,), "private"),
        ((4, 60), "platinum"),  # up with the next month
        ((60, 40, 40), "platinum"),  # two months below are forgiven
        ((60, 40, 40, 40), "gold"),  # the third is not
        ((60, 40, 4, 4), "gold"),  # down to the best of the months below
        ((60, 40, 55, 40, 40), "platinum"),  # a month at the class starts the count anew
        ((60, 4, 4, 4, 4, 4, 4), "basic"),
        ((700, 300, 300, 300, 300, 300), "private"),  # private has six months
        ((700, 300, 300, 300, 300, 300, 300), "diamond"),
        ((-3, -1), "basic"),  # an overdrawn account is a known amount
    ],
)
def test_profiling_tier_remembers_months_below(amounts, tier):
    (row,) = answer(months(*amounts))

    assert row["profiling_tier"] == tier


def test_profiling_running_month_does_not_count():
    (row,) = answer(months(4, 4, 900), as_of=date(2026, 6, 29))

    assert (row["profiling_tier"], row["profiling_month_fen"]) == ("basic", 4 * WAN)


@pytest.mark.parametrize(
    ("change", "lifecycle"),
    [
        ({"products": 0, "first_balance_on": None}, "prospect"),
        ({"products": 0}, "lost"),
        ({"aum": 0, "loan": 0, "last_own_on": date(2026, 1, 1)}, "lost"),
        ({"aum": 0, "loan": 0}, "mature"),
        ({"since": date(2025, 8, 1)}, "new"),
        ({"aum_c": 30 * 71 * WAN + 8100 * WAN}, "declining"),
        ({"aum_c": 30 * 100 * WAN + 8100 * WAN}, "growing"),
    ],
)
def test_profiling_lifecycle(change, lifecycle):
    (row,) = answer(change)

    assert row["profiling_lifecycle"] == lifecycle


def test_profiling_nothing_required_has_no_completeness():
    (row,) = answer({"required_weight": 0, "filled_weight": 0, "missing": 0})

    assert (row["profiling_completeness_pct"], row["profiling_missing_count"]) == (None, 0)


def test_completeness_is_rounded_half_up():
    rows = answer(*({"required_weight": 200, "filled_weight": weight} for weight in (184, 185, 199)))

    assert [row["profiling_completeness_pct"] for row in rows] == [92, 93, 100]


def test_month_starts_span_13_months():
    starts = month_starts(date(2026, 2, 10))

    assert (starts[0], starts[11], starts[12], len(starts)) == (
        date(2025, 2, 1),
        date(2026, 1, 1),
        date(2026, 2, 1),
        13,
    )
    assert len(full_months(date(2026, 2, 10))) == 12
    assert len(full_months(date(2026, 2, 28))) == 13


def test_months_are_averages_of_days_and_null_before_the_ledger():
    as_of = date(2026, 3, 10)
    starts = month_starts(as_of)
    # 310 fen every day since 2026-02-01: 28 days of February, 10 of March
    integrals = [max((start - date(2026, 2, 1)).days, 0) * 310 for start in starts]
    ends = {f"month_c_{position}": integral for position, integral in enumerate(integrals)}
    row = ends | {"aum_c": 38 * 310, "first_balance_on": date(2026, 2, 1)}
    later = dict.fromkeys(ends, 0) | {"aum_c": 2 * 310, "first_balance_on": date(2026, 3, 9)}
    rows = with_months(pl.DataFrame([row, later]), as_of)

    columns = [f"month_{n}" for n in range(13)]
    assert rows.select(columns).rows() == [
        (*[None] * 11, 310, 310),
        (*[None] * 12, 310),  # who came within the month is averaged over his own days
    ]
