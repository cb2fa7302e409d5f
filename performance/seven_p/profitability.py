"""Profitability 客户利润分析: what do they earn us?

Question
    What did the customer create in twelve months, after all costs and the price of capital?

Formula
    pre = NII + fees − operating cost − expected loss, with NII and EL the sums over days of rate × balance ÷
    360; EVA = pre·(1 − tax) − average loans·RW·10.5%·10%·days/360. Operating cost: transactions by channel,
    accounts and loans at yearly unit prices. Loan RAROC = (loan NII − loan cost − EL)(1 − tax) ÷ (average
    loans·RW·10.5%·days/360), null without loans. Percentile: share of the same tier that creates less.

Not enough data
    Fewer than 90 days of ledger: have d of 90 days. Under a year every amount is annualised (× 365/days) and
    `days` says so.

Source
    domain.md §1 (EVA after [10]), §2. Unit costs, tax, RW, capital and hurdle ◇.
"""

from datetime import date

import numpy as np
import polars as pl

from performance.seven_p.common import answer, days_known, fen

NII_UNIT = 360 * 100_000  # fen × 1/100,000 a year × days → fen
EL_UNIT = 360 * 1_000_000
YEAR = 365


def compute(frame: pl.DataFrame, as_of: date, settings: dict) -> pl.DataFrame:
    """Return profitability_*: nii, fee, cost, el, eva (fen), raroc_bp, days, percentile within the tier.

    Needs: the integrals of nii, loan_nii, loan and el at t and t − 365, fee, counter_n, digital_n, other_n,
    accounts, loans (counts), profiling_tier. settings["cuts"]: tier → ascending EVA in fen, or absent.
    """
    known = days_known(as_of)
    frame = (
        frame.select(
            "customer_id", "first_balance_on", "profiling_tier", known.clip(1, YEAR).alias("days"), *_parts()
        )
        .with_columns(_costs(settings["cost"]))
        .with_columns(_results(settings))
    )
    stretch = YEAR / pl.col("days")
    frame = frame.with_columns(fen(pl.col(name) * stretch) for name in ("nii", "fee", "cost", "el", "eva"))
    frame = frame.with_columns(_percentile(frame, settings.get("cuts") or {}))
    return answer(
        frame,
        "profitability",
        as_of,
        ok=known >= settings["need_days"],
        have=known,
        need=settings["need_days"],
        values={
            **{f"{name}_fen": pl.col(name) for name in ("nii", "fee", "cost", "el", "eva")},
            "raroc_bp": fen(pl.col("raroc") * 10000).clip(-1_000_000, 1_000_000).cast(pl.Int32),
            "days": pl.col("days").cast(pl.Int16),
            "percentile": pl.col("percentile"),
        },
    )


def _year(name: str) -> pl.Expr:
    return pl.col(f"{name}_c") - pl.col(f"{name}365_c")


def _parts() -> list[pl.Expr]:
    return [
        (_year("nii") / NII_UNIT).alias("nii"),
        (_year("loan_nii") / NII_UNIT).alias("loan_nii"),
        (_year("el") / EL_UNIT).alias("el"),
        (_year("loan") / 360).alias("lent"),  # average loans × days/360
        *(pl.col(name) for name in ("fee", "counter_n", "digital_n", "other_n", "accounts", "loans")),
    ]


def _costs(price: dict) -> list[pl.Expr]:
    handled = sum(pl.col(f"{name}_n") * price[name] for name in ("counter", "digital", "other"))
    years = pl.col("days") / YEAR
    lending = pl.col("loans") * price["loan_year"] * years
    return [
        lending.alias("lending"),
        (handled + pl.col("accounts") * price["account_year"] * years + lending).alias("cost"),
    ]


def _results(settings: dict) -> list[pl.Expr]:
    pre = pl.col("nii") + pl.col("fee") - pl.col("cost") - pl.col("el")
    capital = pl.col("lent") * settings["risk_weight"] * settings["capital"]
    keep = 1 - settings["tax"]
    loan_profit = (pl.col("loan_nii") - pl.col("lending") - pl.col("el")) * keep
    return [
        (pre * keep - capital * settings["hurdle"]).alias("eva"),
        pl.when(capital > 0).then(loan_profit / capital).alias("raroc"),
    ]


def _percentile(frame: pl.DataFrame, cuts: dict[str, list[int]]) -> pl.Series:
    """The share in % of the tier's customers that create less, from the tier's sorted EVA; null untiered."""
    eva, tier = frame["eva"].to_numpy(), frame["profiling_tier"].fill_null("").to_numpy()
    percent = np.full(len(eva), -1, dtype=np.int16)
    for name, ordered in cuts.items():
        if ordered:
            where = tier == name
            percent[where] = np.searchsorted(ordered, eva[where], side="left") * 100 // len(ordered)
    return pl.Series("percentile", percent).replace(-1, None)
