"""Profiling 客户概况分析: who is this customer?

Question
    Which standing has the customer, where is he in life with us, and what do we not know of him?

Formula
    Tier: month-average assets against `tiers`; up the month after, down after `months_below` full months
    below (private: `months_below_private`), then to the best class of those months. Completeness: Σ weight of
    filled fields ÷ Σ weight of required ones, in %, rounded half up. Lifecycle: lost, new, declining, growing
    or mature by tenure and the last 30 days' average against the 90 before; prospect without any account.

Not enough data
    Less than one full month of ledger: have 0 of 1 month.

Source
    domain.md §2 (tiers and hysteresis after the banks' published thresholds [12]); lifecycle cuts are ours ◇.
"""

from datetime import date

import numpy as np
import polars as pl

from performance.seven_p.common import answer, average, full_months

TIERS = ("basic", "gold", "platinum", "diamond", "private")


def compute(frame: pl.DataFrame, as_of: date, settings: dict) -> pl.DataFrame:
    """Return profiling_*: tier, lifecycle, month_fen, completeness_pct, missing (bits), missing_count.

    Needs: month_0…12 (fen), since, products (count), aum, aum_c, aum30_c, aum120_c, last_own_on,
    required_weight, filled_weight, missing.
    """
    months = full_months(as_of)
    known = pl.sum_horizontal(pl.col(name).is_not_null() for name in months)
    tier = pl.Series("tier", _tiers(frame.select(months), settings), dtype=pl.Int64)
    frame = frame.with_columns(tier)
    return answer(
        frame,
        "profiling",
        as_of,
        ok=known >= 1,
        have=known,
        need=1,
        values={
            "tier": pl.col("tier").replace_strict(dict(enumerate(TIERS)), return_dtype=pl.String),
            "lifecycle": _lifecycle(as_of, settings),
            "month_fen": pl.coalesce(*(pl.col(name) for name in reversed(months))),
            "completeness_pct": _percent(pl.col("filled_weight"), pl.col("required_weight")),
            "missing": pl.col("missing"),
            "missing_count": pl.col("missing").bitwise_count_ones().cast(pl.Int16),
        },
    )


def tier_of(amount: pl.Expr, settings: dict) -> pl.Expr:
    """The class that an amount in fen falls into, without memory."""
    name = pl.when(amount.is_not_null()).then(pl.lit(TIERS[0]))
    for tier in TIERS[1:]:
        name = pl.when(amount >= settings["tiers"][tier]).then(pl.lit(tier)).otherwise(name)
    return name


def _tiers(months: pl.DataFrame, settings: dict) -> np.ndarray:
    """Walk the months, oldest first, and return each customer's tier 0..4 at the end (-1: none known)."""
    amounts = months.select(pl.all().clip(0).fill_null(-1)).to_numpy()
    cuts = np.array([settings["tiers"][tier] for tier in TIERS[1:]])
    classes = np.searchsorted(cuts, amounts, side="right")
    tier = np.full(len(amounts), -1)
    below = np.zeros(len(amounts), dtype=int)
    best = np.full(len(amounts), -1)  # best class of the months below
    for column in range(amounts.shape[1]):
        known = amounts[:, column] >= 0
        now = classes[:, column]
        up = known & (now >= tier)
        down = known & ~up
        below = np.where(up, 0, below + down)
        best = np.where(up, -1, np.where(down, np.maximum(best, now), best))
        patience = np.where(
            tier == len(TIERS) - 1, settings["months_below_private"], settings["months_below"]
        )
        falls = down & (below >= patience)
        tier = np.where(up, now, np.where(falls, best, tier))
        below, best = np.where(falls, 0, below), np.where(falls, -1, best)
    return tier


def _lifecycle(as_of: date, settings: dict) -> pl.Expr:
    last, before = average("aum_c", "aum30_c", 30), average("aum30_c", "aum120_c", 90)
    idle = (pl.lit(as_of) - pl.col("last_own_on")).dt.total_days().fill_null(settings["lost_days"])
    tenure = (pl.lit(as_of) - pl.col("since")).dt.total_days()
    lost = (pl.col("aum") == 0) & (pl.col("loan") == 0) & (idle >= settings["lost_days"])
    return (
        pl.when(pl.col("products") == 0)
        .then(
            pl.when(pl.col("first_balance_on").is_null()).then(pl.lit("prospect")).otherwise(pl.lit("lost"))
        )
        .when(lost)
        .then(pl.lit("lost"))
        .when(tenure < settings["new_months"] * 365 / 12)
        .then(pl.lit("new"))
        .when((before > 0) & (last < settings["declining"] * before))
        .then(pl.lit("declining"))
        .when((before > 0) & (last > settings["growing"] * before))
        .then(pl.lit("growing"))
        .otherwise(pl.lit("mature"))
    )


def _percent(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    """Integer percent, half up; null where nothing is required."""
    return pl.when(whole > 0).then((200 * part + whole) // (2 * whole)).cast(pl.Int16)
