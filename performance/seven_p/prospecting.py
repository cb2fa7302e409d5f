"""Prospecting 客户未来分析: what comes next?

Question
    Where do the customer's assets stand in three months, what is he worth over three years, and how far is
    the next tier?

Formula
    Least squares over the last six full months' average assets (x = 0…5), at x = 5 + 3, with the 80% band
    t₄·s·√(1 + 1/n + (x − x̄)²/Sxx), t₄ = 1.533; below 0 cut to 0. CLV = Σ_{t=1..3} EVA·rᵗ/1.1ᵗ with r = 1 − p
    of leaving (taken as yearly ◇). Gap: next tier's threshold − the month's average assets; null at the top.

Not enough data
    Fewer than six full months: have n of 6. CLV is null where Persistency or Profitability has too little.

Source
    domain.md §2 (CLV form [26]).
"""

from datetime import date
from itertools import pairwise

import polars as pl

from performance.seven_p.common import answer, fen, full_months
from performance.seven_p.profiling import TIERS


def compute(frame: pl.DataFrame, as_of: date, settings: dict) -> pl.DataFrame:
    """Return prospecting_*: aum_fen, low_fen, high_fen in 3 months, slope_fen a month, clv_fen, gap_fen.

    Needs: month_0…12 (fen), profiling_tier, profiling_month_fen, profitability_eva_fen, persistency_churn.
    settings["tiers"]: thresholds in fen.
    """
    n = settings["need_months"]
    months = full_months(as_of)[-n:]
    known = pl.sum_horizontal(pl.col(name).is_not_null() for name in full_months(as_of))
    middle = (n - 1) / 2
    spread = sum((x - middle) ** 2 for x in range(n))
    frame = frame.with_columns(
        pl.mean_horizontal(*months, ignore_nulls=False).alias("mean"),
        pl.sum_horizontal(
            *((x - middle) / spread * pl.col(name) for x, name in enumerate(months)), ignore_nulls=False
        ).alias("slope"),
    )
    squares = pl.sum_horizontal(
        *(
            (pl.col(name) - pl.col("mean") - pl.col("slope") * (x - middle)) ** 2
            for x, name in enumerate(months)
        ),
        ignore_nulls=False,
    )
    x = n - 1 + settings["ahead"]
    ahead = pl.col("mean") + pl.col("slope") * (x - middle)
    width = settings["t"] * (squares / (n - 2)).sqrt() * (1 + 1 / n + (x - middle) ** 2 / spread) ** 0.5
    return answer(
        frame,
        "prospecting",
        as_of,
        ok=known >= n,
        have=known,
        need=n,
        values={
            "aum_fen": fen(ahead.clip(0)),
            "low_fen": fen((ahead - width).clip(0)),
            "high_fen": fen((ahead + width).clip(0)),
            "slope_fen": fen(pl.col("slope")),
            "clv_fen": _lifetime_value(settings),
            "gap_fen": _gap(settings["tiers"]),
        },
    )


def _lifetime_value(settings: dict) -> pl.Expr:
    step = (1 - pl.col("persistency_churn")) / settings["discount"]
    factor = sum(step.pow(year) for year in range(1, settings["years"] + 1))
    return fen(pl.col("profitability_eva_fen") * factor)


def _gap(tiers: dict[str, int]) -> pl.Expr:
    gap = pl.lit(None, dtype=pl.Int64)
    for tier, above in pairwise(TIERS):
        missing = (tiers[above] - pl.col("profiling_month_fen")).clip(0)
        gap = pl.when(pl.col("profiling_tier") == tier).then(missing).otherwise(gap)
    return gap
