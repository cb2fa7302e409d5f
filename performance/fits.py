"""The fit step: what is fitted over all customers before any is scored, stored as `performance.Fit`.

`fields` the profile fields in the order of the bitmask, `response` rates per kind and channel, `rules`
product affinities, `products` on sale with their holders, `cuts` the ascending EVA of each tier.
"""

from datetime import date

import polars as pl

from customers.models import ProfileField
from performance import gather, rules
from performance.database import columns, read
from performance.models import Fit
from performance.seven_p import product, profiling, profitability

CUTS = 200  # points that a tier's distribution of EVA is kept by


def months_before(day: date, months: int) -> date:
    """The same day so many months earlier, or that month's 28th."""
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, min(day.day, 28))


def write_fits(night) -> tuple[int, dict]:
    """Fit and store everything for `night`; return the number of customers and the contents by kind."""
    as_of, settings = night.business_date, rules.seven_p()
    with columns() as arrow:
        people = gather.customers(arrow, night, None)
        accounts = gather.all_accounts(arrow, as_of)
        contents = {
            "fields": profile_fields(as_of),
            "response": _response(arrow, as_of, settings["promotion"]["months"]),
            "rules": _rules(accounts, len(people), settings["product"]),
            "products": _products(arrow, accounts, people),
            "cuts": _cuts(people, accounts, as_of, settings),
        }
    night.fits.all().delete()
    Fit.objects.bulk_create(
        Fit(night=night, kind=kind, content=content) for kind, content in contents.items()
    )
    return len(people), contents


def profile_fields(as_of: date) -> list[dict]:
    """The fields in the order of the bitmask: heaviest first."""
    return [
        {
            "id": field.pk,
            "code": field.code,
            "weight": field.weight,
            "for_persons": field.for_persons,
            "for_organisations": field.for_organisations,
            "not_before": str(months_before(as_of, field.valid_months) if field.valid_months else date.min),
        }
        for field in ProfileField.objects.order_by("-weight", "code")[: gather.FIELDS]
    ]


def _response(arrow, as_of: date, months: int) -> dict:
    since = months_before(as_of, months)
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
    return {
        "since": str(since),
        "channels": sorted({row["channel"] for row in counted}),
        "rates": rates,
    }


def _rules(accounts: pl.DataFrame, customers: int, settings: dict) -> list[dict]:
    holdings = accounts.select("customer_id", "product_id").unique()
    return product.rules(holdings, customers, settings).to_dicts()


def _products(arrow, accounts: pl.DataFrame, people: pl.DataFrame) -> list[dict]:
    on_sale = read(
        arrow,
        "SELECT id AS product_id, right(risk, 1)::smallint AS risk, margin_fen, for_persons, "
        "for_organisations FROM customers_product WHERE on_sale ORDER BY id",
    )
    holders = (
        accounts.select("customer_id", "product_id")
        .unique()
        .join(people.select("customer_id", "is_person"), on="customer_id")
        .group_by("product_id")
        .agg(
            pl.col("is_person").sum().cast(pl.Int64).alias("holders_persons"),
            (~pl.col("is_person")).sum().cast(pl.Int64).alias("holders_organisations"),
        )
    )
    counts = pl.col("holders_persons", "holders_organisations").fill_null(0)
    return (
        on_sale.join(holders, on="product_id", how="left").with_columns(counts).sort("product_id").to_dicts()
    )


def _cuts(people: pl.DataFrame, accounts: pl.DataFrame, as_of: date, settings: dict) -> dict[str, list[int]]:
    """Ascending EVA of each tier's customers, at most CUTS evenly spaced ones."""
    counted = gather.counts(accounts).drop("held")
    frame = people.join(counted, on="customer_id", how="left", maintain_order="left").with_columns(
        pl.col("accounts", "loans").fill_null(0), *profiling.UNPROFILED
    )
    tiers = profiling.compute(frame, as_of, settings["profiling"]).select("customer_id", "profiling_tier")
    frame = frame.join(tiers, on="customer_id", maintain_order="left")
    eva = profitability.compute(frame, as_of, settings["profitability"]).select(
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
