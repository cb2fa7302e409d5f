"""The fit steps: what is fitted over all customers before any is scored, stored as `performance.Fit`.

`fields` the profile fields in the order of the bitmask, `response` rates per kind and channel, `rules`
product affinities, `products` on sale with their holders, `cuts` the ascending EVA of each tier.
"""

from datetime import date

import polars as pl

from performance import gather, records, rules, tables
from performance.database import columns, read
from performance.models import Fit
from performance.seven_p import product, profiling, profitability

CUTS = 200  # points that a tier's distribution of EVA is kept by
SAMPLE = 30_000  # customers that they are drawn from


def write_affinities(night) -> tuple[int, dict]:
    """Fit what needs no rollup: fields, response, rules, products; return the customers and the contents."""
    as_of = night.business_date
    with columns() as arrow:
        baskets = gather.baskets(arrow, night)
        contents = {
            "fields": records.profile_fields(as_of),
            "response": _response(arrow, as_of, records.invited_since(as_of)),
            "rules": product.rules(baskets, rules.seven_p()["product"]).to_dicts(),
            "products": _products(arrow, baskets),
        }
    _store(night, contents)
    return baskets["customers"].sum(), contents


def write_cuts(night) -> tuple[int, dict]:
    """Fit the distribution of EVA in each tier; return the customers it is drawn from and the contents."""
    shards = tables.sampled_shards(night.shards)
    with columns() as arrow:
        counted = sum(tables.count(tables.of_shard(tables.ROLLUP, night, shard)) for shard in shards)
        one_in = max(round(counted / SAMPLE), 1)
        where = f"WHERE hashint8extended(customer_id, 1) % {one_in} = 0" if one_in > 1 else ""
        people = pl.concat([gather.frame(arrow, night, shard, [], where) for shard in shards])
    contents = {"cuts": _cuts(people, night.business_date, rules.seven_p())}
    _store(night, contents)
    return len(people), contents


def _store(night, contents: dict) -> None:
    night.fits.filter(kind__in=contents).delete()
    Fit.objects.bulk_create(
        Fit(night=night, kind=kind, content=content) for kind, content in contents.items()
    )


def _response(arrow, as_of: date, since: date) -> dict:
    counted = read(
        arrow,
        "SELECT c.kind = 'person' AS is_person, x.channel, count(*) AS invited, "
        f"count(*) FILTER (WHERE x.responded_on <= '{as_of}') AS responded FROM marketing_invitation AS x "
        "JOIN customers_customer AS c ON c.id = x.customer_id WHERE x.arm = 'treatment' "
        f"AND x.invited_on BETWEEN '{since}' AND '{as_of}' GROUP BY 1, 2 ORDER BY 1, 2",
    ).to_dicts()
    rates = []
    for is_person in (False, True):
        kind = [row for row in counted if row["is_person"] == is_person]
        if kind:
            whole = {"channel": None} | {
                name: sum(row[name] for row in kind) for name in ("invited", "responded")
            }
            rates += [
                {
                    "is_person": is_person,
                    "channel": row["channel"],
                    "rate": row["responded"] / row["invited"],
                }
                for row in [whole, *kind]
            ]
    return {"rates": rates}


def _products(arrow, baskets: pl.DataFrame) -> list[dict]:
    on_sale = read(
        arrow,
        "SELECT id AS product_id, right(risk, 1)::smallint AS risk, margin_fen, for_persons, "
        "for_organisations FROM customers_product WHERE on_sale ORDER BY id",
    )
    persons, customers = pl.col("is_person"), pl.col("customers")
    holders = (
        baskets.explode("held", empty_as_null=False)
        .group_by(product_id="held")
        .agg(
            customers.filter(persons).sum().alias("holders_persons"),
            customers.filter(~persons).sum().alias("holders_organisations"),
        )
    )
    counts = pl.col("holders_persons", "holders_organisations").fill_null(0)
    return (
        on_sale.join(holders, on="product_id", how="left").with_columns(counts).sort("product_id").to_dicts()
    )


def _cuts(people: pl.DataFrame, as_of: date, settings: dict) -> dict[str, list[int]]:
    """Ascending EVA of each tier's customers, at most CUTS evenly spaced ones."""
    tiers = profiling.compute(people, as_of, settings["profiling"]).select("customer_id", "profiling_tier")
    people = people.join(tiers, on="customer_id", maintain_order="left")
    eva = profitability.compute(people, as_of, settings["profitability"]).select(
        "customer_id", eva="profitability_eva_fen"
    )
    cuts = {}
    for tier in profiling.TIERS:
        of_tier = tiers.filter(pl.col("profiling_tier") == tier).join(eva, on="customer_id")["eva"]
        ordered = of_tier.drop_nulls().sort()
        step = max(len(ordered) / CUTS, 1)
        cuts[tier] = [ordered[int(n * step)] for n in range(min(len(ordered), CUTS))]
    return cuts


def load_fits(night) -> dict:
    """Return the contents by kind, rules and products and rates as frames."""
    contents = dict(night.fits.values_list("kind", "content"))
    schemas = {
        "rules": {
            "held": pl.Int64,
            "product_id": pl.Int64,
            "confidence": pl.Float64,
            "lift": pl.Float64,
        },
        "products": {
            "product_id": pl.Int64,
            "risk": pl.Int16,
            "margin_fen": pl.Int64,
            "for_persons": pl.Boolean,
            "for_organisations": pl.Boolean,
            "holders_persons": pl.Int64,
            "holders_organisations": pl.Int64,
        },
    }
    for kind, schema in schemas.items():
        contents[kind] = pl.DataFrame(contents[kind], schema=schema)
    rates = {"is_person": pl.Boolean, "channel": pl.Int64, "rate": pl.Float64}
    contents["response"]["rates"] = pl.DataFrame(contents["response"]["rates"], schema=rates)
    return contents
