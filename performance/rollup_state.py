"""The state of a night from the state of the one before and the sums of what came since: integers, in frames.

What the columns mean: performance/rollups.py. Computing from scratch starts from `nothing`. Imported inside
tasks only (Polars).
"""

from datetime import date

import numpy as np
import polars as pl

from performance import packing
from performance.layouts import CELLS, LEDGER, MONTHS, ROLLUP
from performance.rollup_sql import (
    COUNTED,
    LAGS,
    MONTH_BITS,
    QUARTERLY,
    WEEK_BITS,
    Slices,
    kept_as,
)

MONDAY = date(1900, 1, 1)
YEARLY = ("fee", *(f"{name}_n" for name in (*COUNTED, "other")))  # whose quarter is kept too


def nothing(members: pl.DataFrame) -> pl.DataFrame:
    """The state of customers before all time: zero, no day, no sale."""
    empty = {
        name: pl.lit(None if kind == "day" else 0, dtype=packing.dtype_of(ROLLUP, name))
        for name, kind in LEDGER.items()
    }
    none = pl.Series("sales", np.zeros((len(members), CELLS), dtype=np.int64))
    return members.with_columns(**empty).with_columns(none)


def advance(
    state: pl.DataFrame,
    slices: Slices,
    balances: pl.DataFrame,
    transactions: pl.DataFrame,
    sales: pl.DataFrame,
) -> pl.DataFrame:
    """Continue `state` (customer_id, LEDGER, sales; by customer) by sums of rollup_sql; the same columns."""
    added = (
        state.select("customer_id")
        .join(balances, on="customer_id", how="left", maintain_order="left")
        .join(transactions, on="customer_id", how="left", maintain_order="left", suffix="_t")
    )
    numbers = pl.selectors.integer()
    added = added.select(numbers.fill_null(0).cast(pl.Int64), ~numbers).rename(lambda name: f"+{name}")
    cells, previous = _sales(state, sales)
    values = {
        **_measures(slices),
        **_months(slices),
        **_years(slices),
        **_bitmaps(slices),
        **_days(),
        "sales_prev": pl.col("sales_prev") + pl.Series(previous),
    }
    moved = state.hstack(added.get_columns()).select(
        "customer_id",
        *(value.cast(packing.dtype_of(ROLLUP, name)).alias(name) for name, value in values.items()),
    )
    return moved.with_columns(cells).select("customer_id", *LEDGER, "sales")


def _grown(name: str, added: str | None = None) -> pl.Expr:
    return pl.col(name) + pl.col(f"+{added or name}")


def _measures(slices: Slices) -> dict[str, pl.Expr]:
    """Levels and integrals: over the days since the night before the old level runs on."""
    values = {}
    for measure, lags in LAGS.items():
        for lag in lags:
            name = kept_as(measure, lag)
            values[name] = _grown(name)
            values[f"{name}_c"] = _grown(f"{name}_c") + slices.days * pl.col(name)
        if measure in QUARTERLY:
            quarter = f"q_{measure}_c"
            values[quarter] = _until(slices, measure, quarter) if slices.new_quarter else pl.col(quarter)
    return values


def _until(slices: Slices, measure: str, added: str, end: date | None = None) -> pl.Expr:
    """The integral at the day `end` (the quarter's start) between the night before and this one."""
    days = ((end or slices.quarter_end) - slices.before).days if slices.before else 0
    return _grown(f"{measure}_c", added) + days * pl.col(measure)


def _months(slices: Slices) -> dict[str, pl.Expr]:
    ends = [
        _until(slices, "aum", f"month_{position}", end) for position, end in enumerate(slices.new_month_ends)
    ]
    kept = [pl.col(f"month_c_{number}") for number in range(len(ends), MONTHS)]
    return {f"month_c_{number}": value for number, value in enumerate([*kept, *ends])}


def _years(slices: Slices) -> dict[str, pl.Expr]:
    values = {}
    for name in YEARLY:
        values[name] = _grown(name)
        values[f"q_{name}"] = pl.col(f"+q_{name}") if slices.new_quarter else _grown(f"q_{name}")
    return values


def _bitmaps(slices: Slices) -> dict[str, pl.Expr]:
    weeks = _week(slices.as_of) - (_week(slices.before) if slices.before else 0)
    return {
        "weeks": _shifted("weeks", weeks, WEEK_BITS),
        "active_months": _shifted("active_months", slices.months, MONTH_BITS),
        "salary_months": _shifted("salary_months", slices.months, MONTH_BITS),
    }


def _week(day: date) -> int:
    return (day - MONDAY).days // 7


def _shifted(name: str, places: int, bits: int) -> pl.Expr:
    """The bitmap so many places older, with the new bits."""
    if places >= bits:
        return pl.col(f"+{name}")
    kept = pl.col(name).cast(pl.Int64) & ((1 << bits - places) - 1)
    return (kept * (1 << places)) | pl.col(f"+{name}")


def _days() -> dict[str, pl.Expr]:
    return {
        "first_balance_on": pl.min_horizontal("first_balance_on", "+first_on"),
        "first_transaction_on": pl.min_horizontal("first_transaction_on", "+first_on_t"),
        **{
            name: pl.max_horizontal(name, f"+{name}")
            for name in ("last_own_on", "last_digital_on", "last_salary_on")
        },
    }


def _sales(state: pl.DataFrame, sales: pl.DataFrame) -> tuple[pl.Series, np.ndarray]:
    """The 24 cells of everybody, and what is added to the sales of the year before."""
    customers = state["customer_id"].to_numpy()
    cells = state["sales"].to_numpy().reshape(-1, CELLS).copy()
    previous = np.zeros(len(customers), dtype=np.int64)
    known = sales.join(state.select("customer_id"), on="customer_id", how="semi")
    rows = np.searchsorted(customers, known["customer_id"].to_numpy())
    np.add.at(cells, (rows, known["cell"].to_numpy()), known["amount"].to_numpy())
    np.add.at(previous, rows, known["previous"].to_numpy())
    return pl.Series("sales", cells), previous
