"""The score step: the seven P of one shard, written into tables of the night's own by COPY.

Imported inside tasks only (Polars). One P that fails does not stop the others: its columns are carried over
from the night before, marked stale, and the step says so.
"""

import logging
import time

import polars as pl

from performance import fits, gather, rules, tables
from performance.database import execute, read, write
from performance.seven_p import SEVEN_P
from performance.seven_p.common import COMPUTED, INSUFFICIENT, STALE
from performance.seven_p.profiling import tier_of

log = logging.getLogger(__name__)
TYPES = {
    "int2": pl.Int16,
    "int4": pl.Int32,
    "int8": pl.Int64,
    "float8": pl.Float64,
    "bool": pl.Boolean,
    "date": pl.Date,
    "varchar": pl.String,
}


def score_shard(arrow, night, shard: int) -> tuple[int, str, str, dict]:
    """Compute and write one shard; return rows, digest, digest of the keys and what happened to each P."""
    fitted = fits.load_fits(night)
    schema = analysis_schema(arrow)
    frame = gather.frame(arrow, night, shard, fitted)
    detail = {}
    for name, compute in SEVEN_P:
        started = time.perf_counter()
        columns = {column: kind for column, kind in schema.items() if column.startswith(f"{name}_")}
        settings = settings_of(name, fitted)
        try:
            answer = compute(frame, night.business_date, settings)
            part = answer.select("customer_id", *(pl.col(c).cast(kind) for c, kind in columns.items()))
            detail[name] = _counts(part[f"{name}_state"])
        except Exception as error:
            log.exception("night %s, shard %s: %s failed; the night before stands in", night, shard, name)
            part = _carried_over(arrow, night, shard, frame, name, columns)
            detail[name] = _counts(part[f"{name}_state"]) | {
                "error": f"{type(error).__name__}: {error}"[:500]
            }
        detail[name]["seconds"] = round(time.perf_counter() - started, 4)
        frame = frame.join(part, on="customer_id", how="left", maintain_order="left")
    _write_analysis(arrow, night, shard, frame, schema)
    write(arrow, tables.of_night(tables.STANDING, night), standing(frame, night))
    rows, digest, keys = read_digest(arrow, tables.of_shard(tables.ANALYSIS, night, shard), schema)
    return rows, digest, keys, detail


def settings_of(name: str, fitted: dict) -> dict:
    """The rules of one P, with what was fitted for it."""
    every = rules.seven_p()
    extra = {
        "profitability": {"cuts": fitted["cuts"]},
        "prospecting": {"tiers": every["profiling"]["tiers"]},
        "product": {"rules": fitted["rules"], "products": fitted["products"]},
        "promotion": {"rates": fitted["response"]["rates"], "channels": fitted["response"]["channels"]},
    }
    return every.get(name, {}) | extra.get(name, {})


def analysis_schema(arrow) -> dict[str, pl.DataType]:
    """The columns of the analysis table but for the night's number, in order, as Polars types."""
    columns = read(
        arrow,
        "SELECT a.attname::text AS name, t.typname::text AS kind FROM pg_attribute AS a "
        f"JOIN pg_type AS t ON t.oid = a.atttypid WHERE a.attrelid = '{tables.ANALYSIS}'::regclass "
        "AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> 'night_id' ORDER BY a.attnum",
    )
    return {name: TYPES[kind] for name, kind in columns.iter_rows()}


def _counts(states: pl.Series) -> dict:
    return {
        "computed": int((states == COMPUTED).sum()),
        "insufficient": int((states == INSUFFICIENT).sum()),
        "stale": int((states == STALE).sum()),
    }


def _carried_over(arrow, night, shard: int, frame, name: str, columns: dict) -> pl.DataFrame:
    """The P's columns of the night before, marked stale; who has none there gets nulls, stale and undated."""
    part = frame.select("customer_id")
    if night.previous_id:
        old = tables.of_shard(tables.ANALYSIS, night.previous, shard, published=True)
        earlier = read(arrow, f"SELECT customer_id, {', '.join(columns)} FROM {old}")
        part = part.join(earlier, on="customer_id", how="left", maintain_order="left")
    else:
        part = part.with_columns(pl.lit(None, dtype=kind).alias(c) for c, kind in columns.items())
    # where the night before had too little data it stays too little: have and need are still true
    keep = pl.col(f"{name}_state").eq_missing(INSUFFICIENT)
    state = pl.when(keep).then(INSUFFICIENT).otherwise(STALE).cast(pl.Int16).alias(f"{name}_state")
    return part.with_columns(state).select(
        "customer_id", *(pl.col(column).cast(kind) for column, kind in columns.items())
    )


def _write_analysis(arrow, night, shard: int, frame: pl.DataFrame, schema: dict) -> None:
    for statement in tables.make_shard_sql(tables.ANALYSIS, night, shard):
        execute(arrow, statement)
    rows = frame.select(
        pl.lit(night.pk, dtype=pl.Int64).alias("night_id"),
        *(pl.col(name).cast(kind) for name, kind in schema.items()),
    )
    write(arrow, tables.of_shard(tables.ANALYSIS, night, shard), rows)
    for statement in tables.close_shard_sql(tables.ANALYSIS, night, shard):
        execute(arrow, statement)


def read_digest(arrow, name: str, schema: dict) -> tuple[int, str, str]:
    return read(arrow, tables.digest_sql(name, list(schema))).row(0)


def standing(frame: pl.DataFrame, night) -> pl.DataFrame:
    """The narrow row that lists show and sort by (customers.Standing), from the scored frame."""
    whole = tier_of(pl.col("aum"), rules.seven_p()["profiling"])  # until a full month says otherwise
    return frame.select(
        pl.lit(night.pk, dtype=pl.Int64).alias("night_id"),
        "customer_id",
        pl.col("aum").alias("aum_fen"),
        pl.col("deposit").alias("deposit_fen"),
        pl.col("loan").alias("loan_fen"),
        pl.col("profitability_eva_fen").alias("eva_fen"),
        pl.col("next_maturity_fen").cast(pl.Int64),
        "next_maturity_on",
        pl.col("persistency_change_bp").alias("aum_change_bp"),
        (pl.col("persistency_churn") * 10000).round().cast(pl.Int32).alias("churn_bp"),
        pl.col("overdue_days").cast(pl.Int32),
        pl.col("profiling_completeness_pct").alias("completeness_pct"),
        pl.col("persistency_loyalty").round(4).cast(pl.Decimal(7, 4)).alias("loyalty"),
        pl.col("profiling_tier").fill_null(whole).alias("tier"),
        pl.concat_list(f"month_{n}" for n in range(13)).alias("months"),
    )
