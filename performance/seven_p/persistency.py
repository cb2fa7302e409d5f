"""Persistency 客户忠诚度分析: will they stay?

Question
    How firmly is the customer bound to us, how likely does he leave, and what drives that?

Formula
    loyalty = 25·min(tenure/60, 1) + 25·active months/12 + 20·min(products/5, 1) + 15·salary
    + 15·min(A30/A90, 1), where A30 is the average of the last 30 days and A90 that of the 90 days before.
    p = 1/(1 + e^−z), z = −2.2 + 2.5·max(0, 1 − A30/A90) + 0.8·no digital use for 60 days + 0.9·salary stopped
    + 0.7·complaint in 90 days + 0.5·share of assets that matures within 30 days. Below 15% low, below 35%
    medium, else high. Drivers: the two largest addends of z above its base.
    Only who has used the digital channels can stop using them; salary has stopped when it came in three of
    the twelve months and is 45 days late; assets that were 0 cannot fall.

Not enough data
    Fewer than 120 days of ledger: have d of 120 days.

Source
    domain.md §2; weights are starting values ◇, refitted from 500 leavers on (issue 4).
"""

from datetime import date

import numpy as np
import polars as pl

from performance.seven_p.common import answer, average, days_known, fen

DRIVERS = ("drop", "no_login", "salary_stopped", "complaint", "maturing")  # numbered from 1 as choices.Driver


def compute(frame: pl.DataFrame, as_of: date, settings: dict) -> pl.DataFrame:
    """Return persistency_*: loyalty 0–100, churn 0–1, band 0–2, change_bp, maturing_fen, driver, driver2.

    Needs: aum, aum_c, aum30_c, aum120_c, since, active_months, salary_months (bits), last_salary_on,
    last_digital_on, products (count), maturing_fen, complaints_90, first_balance_on.
    """
    frame = frame.with_columns(_ratio().alias("ratio"), _salary(as_of, settings).alias("salary"))
    addends = _addends(as_of, settings)
    churn = 1 / (1 + (-(settings["churn"]["base"] + pl.sum_horizontal(*DRIVERS))).exp())
    frame = frame.with_columns(addends).with_columns(churn.alias("churn"))
    frame = frame.with_columns(_top_two(frame))
    known = days_known(as_of)
    band = (pl.col("churn") >= settings["medium"]).cast(pl.Int16) + (
        pl.col("churn") >= settings["high"]
    ).cast(pl.Int16)
    return answer(
        frame,
        "persistency",
        as_of,
        ok=known >= settings["need_days"],
        have=known,
        need=settings["need_days"],
        values={
            "loyalty": _loyalty(as_of, settings),
            "churn": pl.col("churn"),
            "band": band,
            "change_bp": fen((pl.col("ratio") - 1) * 10000).clip(-10000, 1_000_000).cast(pl.Int32),
            "maturing_fen": pl.col("maturing_fen"),
            "driver": pl.col("driver"),
            "driver2": pl.col("driver2"),
        },
    )


def _ratio() -> pl.Expr:
    """A30 ÷ A90; 1 where there were no assets to fall from."""
    last, before = average("aum_c", "aum30_c", 30), average("aum30_c", "aum120_c", 90)
    return pl.when(before > 0).then(last / before).otherwise(1.0)


def _salary(as_of: date, settings: dict) -> pl.Expr:
    """True: paid; False: stopped; null: never a salary account."""
    regular = pl.col("salary_months").bitwise_count_ones() >= 3
    late = (pl.lit(as_of) - pl.col("last_salary_on")).dt.total_days() > settings["salary_gap_days"]
    return pl.when(~late).then(True).when(late & regular).then(False)


def tenure_months(as_of: date) -> pl.Expr:
    """Whole months since the customer came."""
    since = pl.col("since")
    months = (as_of.year - since.dt.year()) * 12 + as_of.month - since.dt.month().cast(pl.Int32)
    return (months - (since.dt.day() > as_of.day).cast(pl.Int32)).clip(0)


def _loyalty(as_of: date, settings: dict) -> pl.Expr:
    weight = settings["loyalty"]
    return (
        weight["tenure"] * (tenure_months(as_of) / settings["tenure_months"]).clip(0, 1)
        + weight["active"] * pl.col("active_months").bitwise_count_ones() / 12
        + weight["products"] * (pl.col("products") / settings["products"]).clip(0, 1)
        + weight["salary"] * pl.col("salary").fill_null(False).cast(pl.Float64)
        + weight["trend"] * pl.col("ratio").clip(0, 1)
    )


def _addends(as_of: date, settings: dict) -> list[pl.Expr]:
    weight = settings["churn"]
    silent = (pl.lit(as_of) - pl.col("last_digital_on")).dt.total_days() > settings["no_login_days"]
    share = pl.when(pl.col("aum") > 0).then(pl.col("maturing_fen") / pl.col("aum")).otherwise(0.0)
    flags = {
        "drop": (1 - pl.col("ratio")).clip(0),
        "no_login": silent.fill_null(False).cast(pl.Float64),
        "salary_stopped": (pl.col("salary") == False).fill_null(False).cast(pl.Float64),  # noqa: E712
        "complaint": (pl.col("complaints_90") > 0).cast(pl.Float64),
        "maturing": share.clip(0, 1),
    }
    return [(weight[name] * flags[name]).alias(name) for name in DRIVERS]


def _top_two(frame: pl.DataFrame) -> list[pl.Series]:
    """The numbers of the two largest addends; null where there is none above 0. The first wins a draw."""
    addends = frame.select(DRIVERS).to_numpy().copy()
    rows = np.arange(len(addends))
    found = []
    for name in ("driver", "driver2"):
        largest = addends.argmax(axis=1)
        number = np.where(addends[rows, largest] > 0, largest + 1, 0)
        found.append(pl.Series(name, number, dtype=pl.Int16).replace(0, None))
        addends[rows, largest] = 0
    return found
