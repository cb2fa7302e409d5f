"""The standing (customers.Standing): what lists show and sort by, from a shard's frame after the seven P.

Imported inside tasks only (Polars).
"""

import polars as pl

from performance.seven_p.common import MONTHS, fen


def standing(frame: pl.DataFrame, tier: pl.Expr) -> pl.DataFrame:
    """One row per customer of the scored `frame`, columns as in `customers_standing` but the night.

    `tier` is the class to show. `months` are month-average assets in fen, oldest first, null before the
    ledger; the last is the running month up to the night's date.
    """
    return frame.select(
        "customer_id",
        pl.col("aum").alias("aum_fen"),
        pl.col("deposit").alias("deposit_fen"),
        pl.col("loan").alias("loan_fen"),
        pl.col("profitability_eva_fen").alias("eva_fen"),
        "next_maturity_fen",
        "next_maturity_on",
        pl.col("persistency_change_bp").alias("aum_change_bp"),
        fen(pl.col("persistency_churn") * 10000).cast(pl.Int32).alias("churn_bp"),
        pl.col("overdue_days").cast(pl.Int32),
        pl.col("profiling_completeness_pct").alias("completeness_pct"),
        pl.col("persistency_loyalty").cast(pl.Decimal(7, 4)).alias("loyalty"),
        tier.alias("tier"),
        pl.concat_arr(f"month_{n}" for n in range(MONTHS)).arr.to_list().alias("months"),
    )
