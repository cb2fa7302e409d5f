"""What every P shares: the state columns, averages from integrals, months. Frames in, frames out."""

from datetime import date, timedelta

import polars as pl

COMPUTED, INSUFFICIENT, STALE = 0, 1, 2
MONTHS = 13
SMALLINT = 32767


def answer(
    frame,
    prefix: str,
    as_of: date,
    *,
    ok: pl.Expr,
    have: pl.Expr | None = None,
    need: int | None,
    values: dict[str, pl.Expr],
) -> pl.DataFrame:
    """Return the columns of one P: customer_id, state, have, need, on, and `values` (null unless `ok`).

    `have` of `need` say how much data there is and is needed; both are null where the P was computed.
    """
    missing = pl.lit(None, dtype=pl.Int16)
    counted = missing if have is None else have.clip(0, SMALLINT).cast(pl.Int16)
    return frame.select(
        "customer_id",
        pl.when(ok).then(COMPUTED).otherwise(INSUFFICIENT).cast(pl.Int16).alias(f"{prefix}_state"),
        pl.when(ok).then(missing).otherwise(counted).alias(f"{prefix}_have"),
        pl.when(ok).then(missing).otherwise(pl.lit(need, dtype=pl.Int16)).alias(f"{prefix}_need"),
        pl.lit(as_of).alias(f"{prefix}_on"),
        *(pl.when(ok).then(value).alias(f"{prefix}_{name}") for name, value in values.items()),
    )


def average(upper: str, lower: str, days: int) -> pl.Expr:
    """The average level over `days` from two integrals, as float fen."""
    return (pl.col(upper) - pl.col(lower)) / days


def fen(value: pl.Expr) -> pl.Expr:
    """Float fen as integer fen, half away from zero."""
    return (value.abs() + 0.5).floor().cast(pl.Int64) * value.sign().cast(pl.Int64)


def days_known(as_of: date) -> pl.Expr:
    """Days of ledger up to `as_of`, the first included; 0 without a ledger."""
    return ((pl.lit(as_of) - pl.col("first_balance_on")).dt.total_days() + 1).fill_null(0)


def month_starts(as_of: date) -> list[date]:
    """The first days of the 13 months up to `as_of`'s, oldest first."""
    number = as_of.year * 12 + as_of.month - 1
    return [date((number - back) // 12, (number - back) % 12 + 1, 1) for back in range(MONTHS - 1, -1, -1)]


def month_is_over(as_of: date) -> bool:
    return (as_of + timedelta(1)).day == 1


def with_months(frame: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Add month_0 … month_12: month-average assets in fen, oldest first, null where the ledger began later.

    The last is the running month up to `as_of`. A customer who came within it is averaged over his own days.
    """
    starts = month_starts(as_of)
    columns = []
    for position, start in enumerate(starts):
        low = pl.col(f"month_c_{position}")
        if position < MONTHS - 1:
            high, days = pl.col(f"month_c_{position + 1}"), (starts[position + 1] - start).days
            known = pl.col("first_balance_on") <= start
        else:
            high, known = pl.col("aum_c"), pl.col("first_balance_on") <= as_of
            since = pl.max_horizontal(pl.col("first_balance_on"), pl.lit(start))
            days = (pl.lit(as_of) - since).dt.total_days() + 1
        columns.append(pl.when(known).then(fen((high - low) / days)).alias(f"month_{position}"))
    return frame.with_columns(columns)


def full_months(as_of: date) -> list[str]:
    """The month columns that are over at `as_of`, oldest first: 12, or 13 at a month's end."""
    return [f"month_{n}" for n in range(MONTHS if month_is_over(as_of) else MONTHS - 1)]
