"""Gather: what the seven P need, read from a night's rollups and records into Polars frames by ADBC.

Imported inside tasks only (Polars).
"""

from datetime import date

import polars as pl

from performance import records, tables
from performance.database import read
from performance.seven_p.common import with_months

ROLLED = """
    customer_id, aum, aum_c, aum30_c, aum120_c, deposit, loan, loan_c, loan365_c, nii_c, nii365_c, loan_nii_c,
    loan_nii365_c, el_c, el365_c, fee, counter_n, digital_n, other_n, sales, sales_prev, active_months,
    salary_months, first_balance_on, first_transaction_on, last_own_on, last_digital_on, last_salary_on,
    month_c
"""


def rolled(arrow, night, shard: int) -> pl.DataFrame:
    """The rollups of a shard by customer_id, with the month averages."""
    frame = read(arrow, f"SELECT {ROLLED} FROM {tables.of_shard(tables.ROLLUP, night, shard)}")
    return with_months(frame.sort("customer_id"), night.business_date)


def baskets(arrow, night) -> pl.DataFrame:
    """What is held together: held (list of distinct product ids), is_person, customers of just these."""
    counted = read(
        arrow,
        f"SELECT held, is_person, count(*) AS customers FROM {records.name_of(night)} GROUP BY 1, 2",
    )
    return (
        counted.with_columns(pl.col("held").list.unique().list.sort())
        .group_by("held", "is_person")
        .agg(pl.col("customers").sum())
        .sort("held", "is_person")
    )


def frame(arrow, night, shard: int, fields: list[dict]) -> pl.DataFrame:
    """Everything the seven P need of one shard, one row per customer, by customer_id."""
    whole = rolled(arrow, night, shard).lazy()
    known = read(arrow, records.shard_query(night, shard)).lazy().drop("shard")
    return (
        whole.join(known, on="customer_id", how="left", maintain_order="left")
        .with_columns(*unrecorded(night.business_date))
        .with_columns(pl.col("held").list.unique().list.sort())
        .with_columns(pl.col("held").list.len().cast(pl.Int64).alias("products"), *completeness(fields))
        .collect()
    )


def unrecorded(as_of: date) -> list[pl.Expr]:
    """Plain values for a customer whom a feed brought while the night ran, after its records were read."""
    counts = (
        "filled",
        "complaints_90",
        "contacts_30",
        "overdue_days",
        "accounts",
        "loans",
        "maturing_fen",
        "invited",
        "responded",
    )
    none = pl.lit([], dtype=pl.List(pl.Int64))
    return [
        pl.col(*counts).fill_null(0),
        pl.col("held").fill_null(none),
        pl.col("is_person").fill_null(True),
        pl.col("consent").fill_null(False),
        pl.col("since").fill_null(pl.lit(as_of)),
        pl.col("tier").fill_null("basic"),
        pl.col("lifecycle").fill_null("new"),
    ]


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
