"""The score step: the seven P of one shard, written into tables of the night's own by COPY.

Imported inside tasks only (Polars). One P that fails does not stop the others: its columns are carried over
from the night before, marked stale, and the step says so.
"""

import logging
import time
from functools import cache
from hashlib import sha256

import polars as pl
import pyarrow as pa

from crm.ops.redaction import sentence
from performance import fits, gather, packing, records, rules, tables
from performance.database import execute, fetch, send, write
from performance.layouts import ANALYSIS
from performance.seven_p import SEVEN_P
from performance.seven_p.common import COMPUTED, INSUFFICIENT, STALE
from performance.seven_p.profiling import tier_of
from performance.standing import standing

log = logging.getLogger(__name__)


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
    digest = _write_analysis(arrow, night, shard, frame)
    # the class of the present assets, until a full month says otherwise
    tier = pl.col("profiling_tier").fill_null(tier_of(pl.col("aum"), rules.seven_p()["profiling"]))
    send(arrow, tables.of_night(tables.STANDING, night), standing(frame, tier))
    changed = _changed(frame, tier)
    if len(changed):
        write(arrow, tables.of_night(tables.CHANGED, night), changed)
    return len(frame), digest, sha256(frame["customer_id"].to_numpy()).hexdigest(), detail


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
    """The packed columns of the analysis, in order, as Polars types; words are strings until packed."""
    types = {name: packing.dtype_of(ANALYSIS, name) for name in ANALYSIS.columns}
    return {name: pl.String if isinstance(kind, pl.Enum) else kind for name, kind in types.items()}


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
        found = fetch(arrow, f"SELECT customer_id, analysis FROM {old}")
        earlier = packing.unpack(ANALYSIS, found["analysis"], columns)
        earlier = earlier.with_columns(pl.from_arrow(found["customer_id"]).alias("customer_id"))
        part = part.join(earlier, on="customer_id", how="left", maintain_order="left")
    else:
        part = part.with_columns(pl.lit(None, dtype=kind).alias(c) for c, kind in columns.items())
    # where the night before had too little data it stays too little: have and need are still true
    keep = pl.col(f"{name}_state").eq_missing(INSUFFICIENT)
    state = pl.when(keep).then(INSUFFICIENT).otherwise(STALE).cast(pl.Int16).alias(f"{name}_state")
    return part.with_columns(state).select(
        "customer_id", *(pl.col(column).cast(kind) for column, kind in columns.items())
    )


def _write_analysis(arrow, night, shard: int, frame: pl.DataFrame) -> str:
    """Write the shard's seven P by COPY; return their digest."""
    packed = packing.pack(ANALYSIS, frame)
    rows = {
        "night_id": pa.repeat(pa.scalar(night.pk, pa.int64()), len(frame)),
        "customer_id": frame["customer_id"].to_numpy(),
        "analysis": packing.to_arrow(packed),
    }
    for statement in tables.make_shard_sql(tables.ANALYSIS, night, shard):
        execute(arrow, statement)
    send(arrow, tables.of_shard(tables.ANALYSIS, night, shard), pa.table(rows))
    for statement in tables.close_shard_sql(tables.ANALYSIS, night, shard):
        execute(arrow, statement)
    return sha256(packed).hexdigest()


def _changed(frame: pl.DataFrame, tier: pl.Expr) -> pl.DataFrame:
    """The customers whose record says another tier or lifecycle than this night."""
    had = pl.col("noted_lifecycle").cast(pl.String)
    # who opened his first account is a customer at once, though it takes a full month to be computed
    begun = (had == "prospect") & (pl.col("products") > 0)
    lifecycle = pl.col("profiling_lifecycle").fill_null(pl.when(begun).then(pl.lit("new")).otherwise(had))
    moved = (tier != pl.col("noted_tier").cast(pl.String)) | (lifecycle != had)
    return frame.filter(moved).select("customer_id", tier=tier, lifecycle=lifecycle)
