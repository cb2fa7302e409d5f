"""Product 客户产品分析: what fits them?

Question
    Which one product, not yet held, on sale and suitable, is worth offering next, and why?

Formula
    argmax over products A held and B not held of confidence(A→B) × yearly margin of B, where confidence is
    holders of both ÷ holders of A, and lift = confidence ÷ share of customers holding B must exceed 1. Only B
    whose risk R does not exceed the customer's C, that is meant for his kind, and only with consent to
    marketing and profiling. Value = confidence × margin. A draw goes to the lower ids.

Not enough data
    Rules need 100 holders of A and 30 of both. Where no rule applies, the most held suitable product of the
    customer's kind stands in, labelled `fallback`; where nothing is suitable, product is null. Never
    "insufficient".

Source
    domain.md §2 (association rules [26]; suitability: NFRA Order 2025/7 [15]).
"""

from datetime import date

import polars as pl

from performance.seven_p.common import answer, fen

NOTHING = {
    "product_id": pl.Int64,
    "because_id": pl.Int64,
    "confidence": pl.Float64,
    "lift": pl.Float64,
    "value": pl.Float64,
    "fallback": pl.Boolean,
}


def compute(frame: pl.DataFrame, as_of: date, settings: dict) -> pl.DataFrame:
    """Return product_*: product_id, because_id (held), confidence_bp, lift, value_fen, fallback.

    Needs: held (sorted list of product ids), is_person, risk (1–5, null untested), consent.
    settings["rules"]: frame (held, product_id, confidence, lift); settings["products"]: frame (product_id,
    risk 1–5 or null, margin_fen, for_persons, for_organisations, holders_persons, holders_organisations), of
    products on sale.
    """
    keys = ["held", "is_person", "risk", "consent"]
    kinds = frame.select(keys).unique(maintain_order=True).with_row_index("profile")
    offers = _best(kinds, settings["rules"], settings["products"])
    profiles = frame.select("customer_id", *keys).join(
        kinds, on=keys, how="left", nulls_equal=True, maintain_order="left"
    )
    frame = profiles.join(offers, on="profile", how="left", maintain_order="left")
    return answer(
        frame,
        "product",
        as_of,
        ok=pl.lit(True),
        need=None,
        values={
            "product_id": pl.col("product_id"),
            "because_id": pl.col("because_id"),
            "confidence_bp": fen(pl.col("confidence") * 10000).cast(pl.Int16),
            "lift": pl.col("lift"),
            "value_fen": fen(pl.col("value")),
            "fallback": pl.col("fallback"),
        },
    )


def _best(kinds: pl.DataFrame, rules: pl.DataFrame, products: pl.DataFrame) -> pl.DataFrame:
    """Return per profile the one offer: a rule's where one applies, else the most held suitable product."""
    willing = kinds.filter(pl.col("consent"))
    suitable = willing.join(products, how="cross").filter(
        (pl.col("risk_right").is_null() | (pl.col("risk_right") <= pl.col("risk").fill_null(0)))
        & pl.when("is_person").then(pl.col("for_persons")).otherwise(pl.col("for_organisations"))
        & ~pl.col("held").list.contains(pl.col("product_id"))
    )
    ruled = (
        willing.select("profile", because_id=pl.col("held"))
        .explode("because_id", empty_as_null=False)
        .join(rules, left_on="because_id", right_on="held")
        .join(suitable, on=["profile", "product_id"])
        .with_columns((pl.col("confidence") * pl.col("margin_fen")).alias("value"))
        .filter(pl.col("value") > 0)
        .sort(["profile", "value", "product_id", "because_id"], descending=[False, True, False, False])
        .unique("profile", keep="first", maintain_order=True)
        .select("profile", *(pl.col(name) for name in list(NOTHING)[:-1]), fallback=pl.lit(False))
    )
    holders = pl.when("is_person").then(pl.col("holders_persons")).otherwise(pl.col("holders_organisations"))
    stand_in = (
        suitable.join(ruled, on="profile", how="anti")
        .with_columns(holders.alias("holders"))
        .filter(pl.col("holders") > 0)
        .sort(["profile", "holders", "product_id"], descending=[False, True, False])
        .unique("profile", keep="first", maintain_order=True)
        .select(
            "profile",
            "product_id",
            *(pl.lit(None, dtype=NOTHING[name]).alias(name) for name in list(NOTHING)[1:-1]),
            fallback=pl.lit(True),
        )
    )
    return pl.concat([ruled, stand_in])


def rules(baskets: pl.DataFrame, settings: dict) -> pl.DataFrame:
    """Fit the rules: baskets → held, product_id, confidence, lift. Sorted by held and product_id.

    A basket is `held` (list of distinct product ids, may be empty) and `customers`, how many hold just these.
    """
    customers = baskets["customers"].sum()
    holdings = (
        baskets.with_row_index("basket")
        .explode("held", empty_as_null=False)
        .select("basket", "customers", product_id="held")
    )
    holders = holdings.group_by("product_id").agg(pl.col("customers").sum().alias("holders"))
    frequent = holders.filter(pl.col("holders") >= settings["need_both"])
    kept = holdings.join(frequent, on="product_id", how="semi")
    both = (
        kept.join(kept, on="basket")
        .filter(pl.col("product_id") != pl.col("product_id_right"))
        .group_by("product_id", "product_id_right")
        .agg(pl.col("customers").sum().alias("both"))
        .filter(pl.col("both") >= settings["need_both"])
    )
    base = holders.rename({"product_id": "product_id_right", "holders": "holders_right"})
    return (
        both.join(holders.filter(pl.col("holders") >= settings["need_holders"]), on="product_id")
        .join(base, on="product_id_right")
        .with_columns((pl.col("both") / pl.col("holders")).alias("confidence"))
        .with_columns((pl.col("confidence") / (pl.col("holders_right") / customers)).alias("lift"))
        .filter(pl.col("lift") > 1)
        .select(held="product_id", product_id="product_id_right", confidence="confidence", lift="lift")
        .sort("held", "product_id")
    )
