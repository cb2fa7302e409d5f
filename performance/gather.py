"""Gather: what the seven P need of one shard, read from PostgreSQL into Polars frames by ADBC.

Imported inside tasks only (Polars). Dates and numbers in the queries are ours.
"""

from datetime import date, timedelta

import polars as pl

from customers.choices import AUM_FAMILIES, Family
from performance import tables
from performance.database import read
from performance.seven_p.common import with_months

MATURING_DAYS, COMPLAINT_DAYS, CONTACT_DAYS = 30, 90, 30
FIELDS = 63  # bits of a bigint
ROLLED = [
    "customer_id",
    "aum",
    "aum_c",
    "aum30_c",
    "aum120_c",
    "deposit",
    "loan",
    "loan_c",
    "loan365_c",
    "nii_c",
    "nii365_c",
    "loan_nii_c",
    "loan_nii365_c",
    "el_c",
    "el365_c",
    "fee",
    "counter_n",
    "digital_n",
    "other_n",
    "sales",
    "sales_prev",
    "active_months",
    "salary_months",
    "first_balance_on",
    "first_transaction_on",
    "last_own_on",
    "last_digital_on",
    "last_salary_on",
    "month_c",
]
AUM = ", ".join(str(int(family)) for family in AUM_FAMILIES)


def customers(arrow, night, shard: int | None) -> pl.DataFrame:
    """One row per customer of the shard (None: of the bank), by customer_id: rollup, consent, months."""
    whole = shard is None
    rollup = tables.of_night(tables.ROLLUP, night) if whole else tables.of_shard(tables.ROLLUP, night, shard)
    columns = ", ".join(f"r.{name}" for name in ROLLED)
    frame = read(
        arrow,
        f"SELECT {columns}, c.kind = 'person' AS is_person, c.since, right(c.risk, 1)::smallint AS risk, "
        "c.marketing_consent AND c.profiling_consent AS consent "
        f"FROM {rollup} AS r JOIN customers_customer AS c ON c.id = r.customer_id",
    )
    return with_months(frame.sort("customer_id"), night.business_date)


def accounts(arrow, as_of: date, shard: int) -> pl.DataFrame:
    """The accounts of one shard that are open on `as_of`, with what matures when.

    The amount that matures is the principal; where the feed gave none, the last balance.
    """
    balance = (
        f"SELECT b.amount_fen FROM customers_dailybalance_h{shard:02d} AS b "
        f"WHERE b.customer_id = a.customer_id AND b.account_id = a.id AND b.date <= '{as_of}' ORDER BY b.date DESC LIMIT 1"
    )
    return read(
        arrow,
        "SELECT a.customer_id, a.product_id, p.family, a.matures_on, CASE "
        f"WHEN a.matures_on <= '{as_of}' OR a.matures_on IS NULL THEN 0 WHEN a.principal_fen > 0 "
        f"THEN a.principal_fen ELSE coalesce(({balance}), 0) END AS matures_fen "
        f"FROM {_open_accounts(as_of)} AND customer_shard(a.customer_id) = {shard}",
    )


def all_accounts(arrow, as_of: date) -> pl.DataFrame:
    """The bank's open accounts: customer_id, product_id, family."""
    return read(arrow, f"SELECT a.customer_id, a.product_id, p.family FROM {_open_accounts(as_of)}")


def _open_accounts(as_of: date) -> str:
    return (
        "customers_account AS a JOIN customers_product AS p ON p.id = a.product_id "
        f"WHERE a.opened_on <= '{as_of}' AND (a.closed_on IS NULL OR a.closed_on > '{as_of}')"
    )


def counts(open_accounts: pl.DataFrame) -> pl.DataFrame:
    """Per customer with an account: the product ids held, the numbers of accounts and of loans."""
    return open_accounts.group_by("customer_id").agg(
        pl.col("product_id").unique().sort().alias("held"),
        pl.len().cast(pl.Int64).alias("accounts"),
        (pl.col("family") == Family.LOAN).sum().cast(pl.Int64).alias("loans"),
    )


def holdings(open_accounts: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """One row per customer with an account: held (product ids), counts, what matures and when."""
    soon = pl.col("matures_on") <= as_of + timedelta(MATURING_DAYS)
    ahead = open_accounts.filter((pl.col("matures_on") > as_of) & pl.col("family").is_in(AUM_FAMILIES))
    first = (
        ahead.group_by("customer_id", "matures_on")
        .agg(pl.col("matures_fen").sum())
        .sort("customer_id", "matures_on")
        .unique("customer_id", keep="first", maintain_order=True)
        .rename({"matures_on": "next_maturity_on", "matures_fen": "next_maturity_fen"})
    )
    maturing = (
        ahead.filter(soon).group_by("customer_id").agg(pl.col("matures_fen").sum().alias("maturing_fen"))
    )
    joined = counts(open_accounts).join(first, on="customer_id", how="left")
    return joined.join(maturing, on="customer_id", how="left")


def _of_shard(shard: int, alias: str) -> str:
    return f"JOIN customers_customer AS c ON c.id = {alias}.customer_id AND customer_shard(c.id) = {shard}"


def facts(arrow, as_of: date, shard: int, fields: list[dict]) -> pl.DataFrame:
    """Per customer the bits of the profile fields that are filled and still valid on `as_of`."""
    kept = ", ".join(
        f"({field['id']}, {position}, '{field['not_before']}'::date)"
        for position, field in enumerate(fields[:FIELDS])
    )
    if not kept:
        return pl.DataFrame(schema={"customer_id": pl.Int64, "filled": pl.Int64})
    return read(
        arrow,
        "SELECT f.customer_id, bit_or(1::bigint << v.position) AS filled FROM customers_profilefact AS f "
        f"{_of_shard(shard, 'f')} JOIN (VALUES {kept}) AS v (id, position, not_before) ON v.id = f.field_id "
        f"WHERE f.noted_on <= '{as_of}' AND (f.expires_on IS NULL OR f.expires_on >= '{as_of}') "
        "AND coalesce(f.verified_on, f.noted_on) >= v.not_before GROUP BY f.customer_id",
    )


def complaints(arrow, as_of: date, shard: int) -> pl.DataFrame:
    return read(
        arrow,
        "SELECT x.customer_id, count(*) AS complaints_90 FROM service_complaint AS x "
        f"{_of_shard(shard, 'x')} WHERE x.received_on > '{as_of - timedelta(COMPLAINT_DAYS)}' "
        f"AND x.received_on <= '{as_of}' GROUP BY x.customer_id",
    )


def contacts(arrow, as_of: date, shard: int) -> pl.DataFrame:
    """Contacts of the last 30 days, days as Shanghai counts them."""
    first = f"'{as_of - timedelta(CONTACT_DAYS - 1)} 00:00 Asia/Shanghai'::timestamptz"
    end = f"'{as_of + timedelta(1)} 00:00 Asia/Shanghai'::timestamptz"
    return read(
        arrow,
        "SELECT x.customer_id, count(*) AS contacts_30 FROM customers_interaction AS x "
        f"{_of_shard(shard, 'x')} WHERE x.happened_at >= {first} AND x.happened_at < {end} "
        "GROUP BY x.customer_id",
    )


def invitations(arrow, as_of: date, shard: int, first: date, channels: list[int]) -> pl.DataFrame:
    """Per customer the invitations since `first` and the answers, as lists aligned with `channels`."""
    if not channels:
        empty = pl.List(pl.Int64)
        return pl.DataFrame(schema={"customer_id": pl.Int64, "invited": empty, "responded": empty})
    number = {channel: position for position, channel in enumerate(channels)}
    counted = read(
        arrow,
        "SELECT x.customer_id, x.channel, count(*) AS invited, "
        f"count(*) FILTER (WHERE x.responded_on <= '{as_of}') AS responded FROM marketing_invitation AS x "
        f"{_of_shard(shard, 'x')} WHERE x.arm = 'treatment' AND x.invited_on >= '{first}' "
        f"AND x.invited_on <= '{as_of}' GROUP BY x.customer_id, x.channel",
    )
    lists = {
        name: pl.concat_list(
            pl.when(pl.col("channel") == channel).then(pl.col(name)).otherwise(0).sum() for channel in number
        )
        for name in ("invited", "responded")
    }
    return counted.group_by("customer_id").agg(**lists)


def overdue(arrow, as_of: date, shard: int) -> pl.DataFrame:
    """The largest number of days overdue among each borrower's open loans."""
    return read(
        arrow,
        "SELECT a.customer_id, max(s.overdue_days) AS overdue_days FROM customers_account AS a "
        "JOIN customers_product AS p ON p.id = a.product_id CROSS JOIN LATERAL (SELECT overdue_days "
        f"FROM customers_loanstate AS l WHERE l.account_id = a.id AND l.date <= '{as_of}' "
        f"ORDER BY l.date DESC LIMIT 1) AS s WHERE p.family = {int(Family.LOAN)} "
        f"AND customer_shard(a.customer_id) = {shard} AND (a.closed_on IS NULL OR a.closed_on > '{as_of}') "
        "GROUP BY a.customer_id",
    )


def frame(arrow, night, shard: int, fits: dict) -> pl.DataFrame:
    """Everything the seven P need of one shard, one row per customer, by customer_id."""
    as_of = night.business_date
    channels = fits["response"]["channels"]
    fields = fits["fields"]
    parts = [
        holdings(accounts(arrow, as_of, shard), as_of),
        facts(arrow, as_of, shard, fields),
        complaints(arrow, as_of, shard),
        contacts(arrow, as_of, shard),
        invitations(arrow, as_of, shard, date.fromisoformat(fits["response"]["since"]), channels),
        overdue(arrow, as_of, shard),
    ]
    whole = customers(arrow, night, shard)
    for part in parts:
        whole = whole.join(part, on="customer_id", how="left", maintain_order="left")
    none = pl.lit([], dtype=pl.List(pl.Int64))
    zeros = pl.lit([0] * len(channels), dtype=pl.List(pl.Int64))
    numbers = ("accounts", "loans", "maturing_fen", "complaints_90", "contacts_30", "overdue_days", "filled")
    whole = whole.with_columns(
        pl.col(*numbers).fill_null(0).cast(pl.Int64),
        pl.col("held").fill_null(none),
        pl.col("invited", "responded").fill_null(zeros),
    ).with_columns(pl.col("held").list.len().cast(pl.Int64).alias("products"))
    return whole.with_columns(completeness(fields))


def completeness(fields: list[dict]) -> list[pl.Expr]:
    """required_weight, filled_weight and the bits of what is missing, from the bits of what is filled."""
    required, filled, missing = (pl.lit(0, dtype=pl.Int64) for _ in range(3))
    for position, field in enumerate(fields[:FIELDS]):
        wanted = pl.when("is_person").then(field["for_persons"]).otherwise(field["for_organisations"])
        has = (pl.col("filled") & (1 << position)) != 0
        weight = pl.lit(field["weight"], dtype=pl.Int64)
        required += weight * wanted.cast(pl.Int64)
        filled += weight * (wanted & has).cast(pl.Int64)
        missing += pl.lit(1 << position, dtype=pl.Int64) * (wanted & ~has).cast(pl.Int64)
    return [required.alias("required_weight"), filled.alias("filled_weight"), missing.alias("missing")]
