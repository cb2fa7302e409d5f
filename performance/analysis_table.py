"""A published night as one table: one row per customer, stable column names, for files and other systems.

Shard by shard, so that a bank of any size fits the memory. Imported by the command only (Polars).
"""

from collections.abc import Iterator

import polars as pl

from customers.choices import Channel, Family
from customers.models import Product
from performance import packing, records
from performance.choices import Band, ChannelGroup, Driver, P, PState
from performance.database import columns, fetch
from performance.layouts import ANALYSIS
from performance.models import Night
from performance.tables import ANALYSIS as TABLE
from performance.tables import of_night, of_shard

HEAD = {
    "as_of": "business date of the night",
    "rules": "version of the rules of the seven P",
    "customer": "customer number",
    "manager": "staff number of the lead manager; empty: the pool",
    "branch": "code of the customer's branch",
}
WORDS = {  # column → the choices its numbers stand for
    **{f"{p}_state": PState for p in P.values},
    "persistency_band": Band,
    "persistency_driver": Driver,
    "persistency_driver2": Driver,
    "performance_family": Family,
    "performance_channel": ChannelGroup,
    "promotion_channel": Channel,
}
PRODUCTS = {"product_product_id": "product_product", "product_because_id": "product_because"}
PEOPLE = (
    "SELECT c.id AS customer_id, c.number AS customer, u.username AS manager, b.code AS branch, a.analysis "
    "FROM {shard} AS a JOIN customers_customer AS c ON c.id = a.customer_id "
    "JOIN managers_branch AS b ON b.id = c.branch_id "
    "LEFT JOIN managers_manager AS m ON m.id = c.lead_id LEFT JOIN managers_user AS u ON u.id = m.user_id "
    "ORDER BY c.number"
)


def night_of(day) -> Night | None:
    """The published night of business date `day` whose rows are still kept."""
    found = Night.objects.filter(business_date=day, published_at__isnull=False).order_by("-pk").first()
    if found is None:
        return None
    with columns() as arrow:
        name = of_night(TABLE, found, published=True)
        there = fetch(arrow, f"SELECT to_regclass('{name}') IS NOT NULL AS there")
    return found if there["there"][0].as_py() else None


def frames(night: Night) -> Iterator[pl.DataFrame]:
    """The rows of `night`, a frame a shard, each by customer number."""
    products = dict(Product.objects.values_list("pk", "code"))
    fields = {row["bit"]: row["code"] for row in _fields(night)}
    with columns() as arrow:
        for shard in range(night.shards):
            found = fetch(arrow, PEOPLE.format(shard=of_shard(TABLE, night, shard, published=True)))
            rows = pl.from_arrow(found.drop_columns(["analysis", "customer_id"]))
            yield _in_words(night, rows, packing.unpack(ANALYSIS, found["analysis"]), products, fields)


def dictionary() -> dict[str, str]:
    """Column → what it holds, in the order of the file: docs/analyses.md says the same at length."""
    words = {name: f"one of {', '.join(kind.names).lower()}" for name, kind in WORDS.items()}
    figures = {}
    for name in ANALYSIS.columns:
        kind = ANALYSIS.columns[name]
        plain = {"day": "date", "flag": "true or false", "float8": "number"}.get(kind, "whole number")
        if name.endswith("_fen"):
            plain = "money in fen"
        elif name.endswith("_bp"):
            plain = "hundredths of a percent"
        if not isinstance(kind, str):
            plain = f"one of {', '.join(kind)}"
        figures[PRODUCTS.get(name, name)] = words.get(name, plain)
    figures |= dict.fromkeys(PRODUCTS.values(), "product code")
    figures["profiling_missing"] = "codes of the missing profile fields, separated by spaces"
    return HEAD | figures


def _in_words(night, rows, figures, products, fields) -> pl.DataFrame:
    """Numbers that stand for words as words, keys as codes, bits as field codes."""
    said = [
        pl.col(name).replace_strict(
            {choice.value: choice.name.lower() for choice in kind}, default=None, return_dtype=pl.String
        )
        for name, kind in WORDS.items()
    ]
    said += [
        pl.col(name).replace_strict(products, default=None, return_dtype=pl.String).alias(code)
        for name, code in PRODUCTS.items()
    ]
    missing = [
        pl.when(pl.col("profiling_missing") & (1 << bit) != 0).then(pl.lit(code))
        for bit, code in fields.items()
    ]
    said.append(
        (pl.concat_str(missing, separator=" ", ignore_nulls=True) if missing else pl.lit("")).alias(
            "profiling_missing"
        )
    )
    head = [pl.lit(night.business_date).alias("as_of"), pl.lit(night.version).alias("rules")]
    return (
        pl.concat([rows, figures.with_columns(said)], how="horizontal")
        .with_columns(head)
        .select(*dictionary())
    )


def _fields(night: Night) -> list[dict]:
    """The night's profile fields with the bit that stands for each."""
    content = night.fits.filter(kind="fields").values_list("content", flat=True).first() or []
    return [{"bit": bit, "code": field["code"]} for bit, field in enumerate(content[: records.FIELDS])]
