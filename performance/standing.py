"""The standing (customers.Standing): what lists show and sort by, from a shard's frame after the seven P.

Imported inside tasks only (Polars).
"""

import polars as pl
import pyarrow as pa

from performance import packing
from performance.packed import Layout
from performance.seven_p.common import MONTHS, fen

MONTHLY = Layout({f"month_{number}": "int8" for number in range(MONTHS)})


def standing(frame: pl.DataFrame, tier: pl.Expr) -> pa.Table:
    """One row per customer of the scored `frame`, columns as in `customers_standing` but the night.

    `tier` is the class to show. `months` are month-average assets in fen, oldest first, null before the
    ledger, packed as customers.Standing reads them; the last is the running month up to the night's date.
    """
    rows = frame.select(
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
    )
    return rows.to_arrow().append_column("months", packing.to_arrow(packing.pack(MONTHLY, frame)))
