"""The score step: the seven P of one shard, written into tables of the night's own by COPY.

Imported inside tasks only (Polars). One P that fails does not stop the others: its columns are carried over
from the night before, marked stale, and the step says so.
"""

import logging
import time
from functools import cache
from hashlib import blake2b

import polars as pl
import pyarrow as pa

from crm.ops.redaction import sentence
from performance import fits, gather, records, rules, tables
from performance.database import execute, read, write
from performance.seven_p import SEVEN_P
from performance.seven_p.common import COMPUTED, INSUFFICIENT, STALE
from performance.seven_p.profiling import tier_of
from performance.standing import standing

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
    schema = analysis_schema()
    frame = gather.frame(arrow, night, shard, fitted["fields"])
    detail = {}
    for name, compute in SEVEN_P:
        started = time.perf_counter()
        columns = {column: kind for column, kind in schema.items() if column.startswith(f"{name}_")}
        settings = settings_of(name, fitted)
        try:
            answer = compute(frame, night.business_date, settings)
            if not answer["customer_id"].equals(frame["customer_id"]):
                raise ValueError("its rows are not the frame's, in the frame's order")
            part = answer.select("customer_id", *(pl.col(c).cast(kind) for c, kind in columns.items()))
            detail[name] = _counts(part[f"{name}_state"])
        except Exception as error:
            log.exception("night %s, shard %s: %s failed; the night before stands in", night, shard, name)
            part = _carried_over(arrow, night, shard, frame, name, columns)
            detail[name] = _counts(part[f"{name}_state"]) | {"error": sentence(error)[:500]}
        detail[name]["seconds"] = round(time.perf_counter() - started, 4)
        frame = frame.with_columns(part.drop("customer_id"))  # the same rows in the same order
    analysis = frame.select(pl.col(name).cast(kind) for name, kind in schema.items())
    _write_analysis(arrow, night, shard, analysis)
    # the class of the present assets, until a full month says otherwise
    tier = pl.col("profiling_tier").fill_null(tier_of(pl.col("aum"), rules.seven_p()["profiling"]))
    write(arrow, tables.of_night(tables.STANDING, night), standing(frame, tier))
    changed = _changed(frame, tier)
    if len(changed):
        write(arrow, records.changed_name(night), changed)
    rows, keys = read(arrow, tables.keys_sql(tables.of_shard(tables.ANALYSIS, night, shard))).row(0)
    return rows, frame_digest(analysis), keys, detail


def settings_of(name: str, fitted: dict) -> dict:
    """The rules of one P, with what was fitted for it."""
    every = rules.seven_p()
    extra = {
        "profitability": {"cuts": fitted["cuts"]},
        "prospecting": {"tiers": every["profiling"]["tiers"]},
        "product": {"rules": fitted["rules"], "products": fitted["products"]},
        "promotion": {
            "rates": fitted["response"]["rates"],
            "channels": records.CHANNELS,
            "bits": records.COUNT_BITS,
        },
    }
    return every.get(name, {}) | extra.get(name, {})


@cache
def analysis_schema() -> dict[str, pl.DataType]:
    """The columns of the analysis table but for the night's number, in order, as Polars types."""
    return {name: TYPES[kind] for name, kind in tables.types_of(tables.ANALYSIS).items()}


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
        old = tables.published_source(tables.ANALYSIS, night, shard)
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


def _write_analysis(arrow, night, shard: int, analysis: pl.DataFrame) -> None:
    """Write the shard by COPY. A column of one value becomes a default of the table and is not sent."""
    name = tables.of_shard(tables.ANALYSIS, night, shard)
    for statement in tables.make_shard_sql(tables.ANALYSIS, night, shard):
        execute(arrow, statement)
    constant = {"night_id": str(night.pk)} | _constants(analysis)
    defaults = (f"ALTER COLUMN {column} SET DEFAULT {value}" for column, value in constant.items())
    execute(arrow, f"ALTER TABLE {name} {', '.join(defaults)}")
    write(arrow, name, analysis.drop(constant.keys() & set(analysis.columns)))
    for statement in tables.close_shard_sql(tables.ANALYSIS, night, shard):
        execute(arrow, statement)


def _constants(frame: pl.DataFrame) -> dict[str, str]:
    """The columns that hold one and the same value in every row, as SQL literals; the key is never one."""
    ends = frame.select(
        pl.all().min().name.suffix("<"), pl.all().max().name.suffix(">"), pl.all().null_count()
    )
    low_high = ends.row(0, named=True)
    found = {}
    for column in frame.columns:
        low, high, nulls = low_high[f"{column}<"], low_high[f"{column}>"], low_high[column]
        if column == "customer_id" or (low is not None and (nulls or low != high)):
            continue
        found[column] = "NULL" if low is None else f"'{low}'"
    return found


def frame_digest(frame: pl.DataFrame) -> str:
    """A digest of every value, column by column: rows must lie in a fixed order (here by customer)."""
    digest = blake2b(digest_size=16)
    table = frame.to_arrow()
    for name, column in zip(table.column_names, table.columns, strict=True):
        digest.update(f"{name} {column.type} {len(column)}\n".encode())
        values = column.combine_chunks()
        digest.update(values.is_null().to_numpy(zero_copy_only=False).tobytes())
        if pa.types.is_large_string(values.type) or pa.types.is_string_view(values.type):
            digest.update("\0".join(values.fill_null("").to_pylist()).encode())
        else:
            plain = values.cast(pa.int32()) if pa.types.is_date32(values.type) else values
            zero = False if pa.types.is_boolean(plain.type) else 0
            digest.update(plain.fill_null(zero).to_numpy(zero_copy_only=False).tobytes())
    return digest.hexdigest()


def _changed(frame: pl.DataFrame, tier: pl.Expr) -> pl.DataFrame:
    """The customers whose record says another tier or lifecycle than this night."""
    # who opened his first account is a customer at once, though it takes a full month to be computed
    begun = (pl.col("lifecycle") == "prospect") & (pl.col("products") > 0)
    until_then = pl.when(begun).then(pl.lit("new")).otherwise(pl.col("lifecycle"))
    lifecycle = pl.col("profiling_lifecycle").fill_null(until_then)
    found = frame.select("customer_id", was="tier", had="lifecycle", tier=tier, lifecycle=lifecycle)
    moved = (pl.col("tier") != pl.col("was")) | (pl.col("lifecycle") != pl.col("had"))
    return found.filter(moved).select("customer_id", "tier", "lifecycle")
