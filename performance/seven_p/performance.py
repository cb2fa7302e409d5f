"""Performance 客户性能分析: what, where and how do they buy?

Question
    How much did the customer buy in twelve months, of what, through which channel, and how concentrated?

Formula
    Sales are the customer's own payments into time deposits, wealth products, funds, insurance, bonds and
    metal, by family × channel group. HHI = Σ share² over the cells; digital = app and web ÷ total;
    yoy = total ÷ total of the year before − 1.

Not enough data
    No sale in twelve months: have 0 of 1. yoy needs 24 months of ledger and a sale in the year before.

Source
    domain.md §2 (sales by kind, channel, place [11]).
"""

from datetime import date

import numpy as np
import polars as pl

from performance.seven_p.common import answer, fen

CELLS, GROUPS = 24, 4
FIRST_FAMILY = 2
DIGITAL = (0, 1)  # app, web


def compute(frame: pl.DataFrame, as_of: date, settings: dict) -> pl.DataFrame:
    """Return performance_*: sales_fen, hhi 0–1, digital_bp, family, channel (group 0–3), yoy_bp.

    Needs: sales (list of 24 fen, null without a sale), sales_prev, first_transaction_on.
    """
    buyers = frame.filter(pl.col("sales").is_not_null())
    cells = buyers["sales"].explode(empty_as_null=False).to_numpy().reshape(-1, CELLS // GROUPS, GROUPS)
    total = cells.sum(axis=(1, 2))
    share = cells / np.where(total > 0, total, 1)[:, None, None]
    bought = buyers.select("customer_id").with_columns(
        pl.Series("total", total, dtype=pl.Int64),
        pl.Series("hhi", (share**2).sum(axis=(1, 2)), dtype=pl.Float64),
        pl.Series("digital", share[:, :, DIGITAL].sum(axis=(1, 2)), dtype=pl.Float64),
        pl.Series("family", cells.sum(axis=2).argmax(axis=1) + FIRST_FAMILY, dtype=pl.Int16),
        pl.Series("channel", cells.sum(axis=1).argmax(axis=1), dtype=pl.Int16),
    )
    frame = frame.select("customer_id", "sales_prev", "first_transaction_on").join(
        bought, on="customer_id", how="left", maintain_order="left"
    )
    old = (pl.lit(as_of) - pl.col("first_transaction_on")).dt.total_days() >= settings["yoy_days"]
    growth = pl.when(old & (pl.col("sales_prev") > 0)).then(pl.col("total") / pl.col("sales_prev") - 1)
    return answer(
        frame,
        "performance",
        as_of,
        ok=pl.col("total").is_not_null(),
        have=pl.lit(0),
        need=settings["need_sales"],
        values={
            "sales_fen": pl.col("total"),
            "hhi": pl.col("hhi"),
            "digital_bp": fen(pl.col("digital") * 10000).cast(pl.Int16),
            "family": pl.col("family"),
            "channel": pl.col("channel"),
            "yoy_bp": fen(growth * 10000).clip(-10000, 2_000_000_000).cast(pl.Int32),
        },
    )
