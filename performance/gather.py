"""Gather: what the seven P need of a night's rollups, in Polars frames.

Imported inside tasks only (Polars).
"""

import polars as pl

from performance import packing, records, tables
from performance.database import fetch
from performance.layouts import ROLLUP
from performance.rollups import read_state
from performance.seven_p.common import with_months


def baskets(arrow, night) -> pl.DataFrame:
    """What is held together: held (list of distinct product ids), is_person, customers of just these."""
    person = f"get_byte(state, {ROLLUP.offsets['is_person']}) = 1"
    counted = fetch(
        arrow,
        f"SELECT held, {person} AS is_person, count(*) AS customers "
        f"FROM {tables.of_night(tables.ROLLUP, night)} GROUP BY 1, 2",
    )
    rest = pl.from_arrow(counted.drop_columns("held"))
    return rest.with_columns(packing.lists_from_arrow(counted["held"]).alias("held")).sort(
        "held", "is_person"
    )


def frame(arrow, night, shard: int, fields: list[dict], where: str = "") -> pl.DataFrame:
    """Everything the seven P need of one shard, one row per customer, by customer_id.

    `sales` are null without a sale; `fields` are the fit's, none where no profile is asked for.
    """
    state = read_state(arrow, tables.of_shard(tables.ROLLUP, night, shard), where=where)
    sold = pl.Series(state["sales"].to_numpy().any(axis=1))
    return with_months(state, night.business_date).with_columns(
        pl.when(sold).then("sales").alias("sales"),
        pl.col("held").list.len().cast(pl.Int64).alias("products"),
        *completeness(fields),
    )


def completeness(fields: list[dict]) -> list[pl.Expr]:
    """required_weight, filled_weight and the bits of what is missing, from the bits of what is filled."""
    required, filled, missing = (pl.lit(0, dtype=pl.Int64) for _ in range(3))
    for position, field in enumerate(fields[: records.FIELDS]):
        wanted = pl.when("is_person").then(field["for_persons"]).otherwise(field["for_organisations"])
        has = (pl.col("filled") & (1 << position)) != 0
        weight = pl.lit(field["weight"], dtype=pl.Int64)
        required += weight * wanted.cast(pl.Int64)
        filled += weight * (wanted & has).cast(pl.Int64)
        missing += pl.lit(1 << position, dtype=pl.Int64) * (wanted & ~has).cast(pl.Int64)
    return [required.alias("required_weight"), filled.alias("filled_weight"), missing.alias("missing")]
