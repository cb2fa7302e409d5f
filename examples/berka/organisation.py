"""What the PKDD'99 bank does not tell and this example invents: units, managers, prices, plans."""

from datetime import date

import polars as pl

HEAD_OFFICE = "CZ"
CURRENT_OF_FREQUENCY = {"POPLATEK MESICNE": "CUR-M", "POPLATEK TYDNE": "CUR-W", "POPLATEK PO OBRATU": "CUR-T"}
MANAGERS_SINCE = date(1992, 1, 1)
CAPACITY = 120
PLAN_PERIOD = "1994Q1"
PLANNED_ON, BASE_FROM, BASE_UPTO = date(1993, 12, 31), date(1993, 10, 1), date(1994, 1, 1)
GROWTH_PLAN = 0.06  # of the base, deposits
SPREAD, TAX = 0.025, 0.25  # FTP − rate of current accounts

# code, name, family, rate %, FTP %: invented, of the order of Czech rates in 1993
PRODUCTS = (
    ("CUR-M", "活期账户（按月收费）", "current", "4.00", "6.50"),
    ("CUR-W", "活期账户（按周收费）", "current", "4.00", "6.50"),
    ("CUR-T", "活期账户（逐笔收费）", "current", "4.00", "6.50"),
    ("LOAN", "分期贷款", "loan", "14.00", "9.50"),
    ("CARD-CLASSIC", "普通卡", "card", "0.00", "0.00"),
    ("CARD-GOLD", "金卡", "card", "0.00", "0.00"),
    ("CARD-JUNIOR", "青年卡", "card", "0.00", "0.00"),
)
# code, name, English name, weight, required of persons
FIELDS = (
    ("district", "居住地区", "District of residence", 5, 1),
    ("order_household", "代扣：家庭开支", "Standing order: household", 1, 0),
    ("order_insurance", "代扣：保险", "Standing order: insurance", 1, 0),
    ("order_lease", "代扣：租赁", "Standing order: lease", 1, 0),
    ("order_loan", "代扣：贷款", "Standing order: loan", 1, 0),
    ("order_other", "代扣：其他", "Standing order: other", 1, 0),
)


def records(districts: pl.DataFrame, first_day: date) -> dict[str, pl.DataFrame]:
    """Return branches, staff, products and fields, known from the first day."""
    return {
        name: frame.with_columns(_on=pl.lit(first_day))
        for name, frame in {
            "branches": _branches(districts),
            "staff": _staff(districts),
            "products": pl.DataFrame(
                PRODUCTS, schema=["code", "name", "family", "rate", "ftp"], orient="row"
            ).with_columns(on_sale=pl.lit(1), for_persons=pl.lit(1), for_organisations=pl.lit(0)),
            "fields": pl.DataFrame(
                FIELDS, schema=["code", "name", "name_en", "weight", "for_persons"], orient="row"
            ).with_columns(for_organisations=pl.lit(0)),
        }.items()
    }


def _regions(districts: pl.DataFrame) -> pl.DataFrame:
    """Return the regions in the file's order with a code each."""
    names = districts.select(region="A3").unique(maintain_order=True)
    return names.with_row_index("n", offset=1).with_columns(code="R" + pl.col("n").cast(pl.String))


def _branches(districts: pl.DataFrame) -> pl.DataFrame:
    """Return head office, regions as tier-1 branches, districts as sub-branches, classed by urban share."""
    regions = _regions(districts)
    urban = pl.col("A10").cast(pl.Float64)
    units = districts.join(regions, left_on="A3", right_on="region", maintain_order="left").select(
        code="D" + pl.col("A1").str.zfill(2),
        name=pl.col("A2") + " 支行",
        kind=pl.lit("sub_branch"),
        parent="code",
        **{
            "class": pl.when(urban >= 75)
            .then(pl.lit("urban"))
            .when(urban >= 55)
            .then(pl.lit("suburban"))
            .otherwise(pl.lit("county"))
        },
    )
    head = pl.DataFrame({"code": [HEAD_OFFICE], "name": ["PKDD 银行总行"], "kind": ["head_office"]})
    tier1 = regions.select(
        code="code", name=pl.col("region") + " 分行", kind=pl.lit("tier1_branch"), parent=pl.lit(HEAD_OFFICE)
    )
    rows = pl.concat([head, tier1, units], how="diagonal").with_columns(pl.col("class").fill_null("urban"))
    return rows.select("code", "name", "kind", "class", "parent")


def _staff(districts: pl.DataFrame) -> pl.DataFrame:
    """Return a retail manager per district, a supervisor per region, an administrator and an auditor."""
    managers = districts.select(
        number="M" + pl.col("A1").str.zfill(2),
        name="经理 " + pl.col("A1"),
        role=pl.lit("manager"),
        branch="D" + pl.col("A1").str.zfill(2),
        line=pl.lit("retail"),
        grade=pl.lit("intermediate"),
        capacity=pl.lit(CAPACITY),
        in_post_from=pl.lit(MANAGERS_SINCE),
    )
    supervisors = _regions(districts).select(
        number="S" + pl.col("n").cast(pl.String),
        name="主管 " + pl.col("n").cast(pl.String),
        role=pl.lit("supervisor"),
        branch="code",
    )
    others = pl.DataFrame(
        {
            "number": ["ADMIN", "AUDIT"],
            "name": ["管理员", "审计员"],
            "role": ["admin", "auditor"],
            "branch": [HEAD_OFFICE] * 2,
        }
    )
    return pl.concat([managers, supervisors, others], how="diagonal")


def assignments(customers: pl.DataFrame) -> pl.DataFrame:
    """Return the whole of every customer to the manager of his district, since he came."""
    return customers.select(
        "since",
        customer="number",
        manager="M" + pl.col("branch").str.slice(1),
        role=pl.lit("lead"),
        share=pl.lit("1.0000"),
        _on="since",
    ).rename({"since": "from"})


def plans(customers: pl.DataFrame, owners: pl.DataFrame, postings: pl.DataFrame, balances: pl.DataFrame):
    """Return plans of 1994Q1, made of nothing later than 1993-12-31.

    Base: the average deposit of 1993Q4. Growth: 6% of it. EVA: a quarter's spread on the base after tax.
    Fees: those of 1993Q4.
    """
    days = (BASE_UPTO - BASE_FROM).days
    steps = balances.select(
        account_id=pl.col("account").str.slice(1), on="date", amount=pl.col("amount").cast(pl.Float64)
    ).sort("account_id", "on", maintain_order=True)
    step = pl.col("amount") - pl.col("amount").shift(1).over("account_id").fill_null(0.0)
    held = (pl.lit(BASE_UPTO) - pl.max_horizontal(pl.col("on"), pl.lit(BASE_FROM))).dt.total_days()
    base = steps.with_columns(step=step, held=held).filter(pl.col("on") < BASE_UPTO)
    base = base.group_by("account_id").agg(base=(pl.col("step") * pl.col("held")).sum() / days)
    quarter = pl.col("booked_on").is_between(BASE_FROM, PLANNED_ON)
    fees = postings.filter((pl.col("kind") == "fee") & quarter)
    fees = fees.group_by("account_id").agg(fee=-pl.col("amount").sum() / 100)
    rows = owners.join(base, on="account_id", how="inner").join(fees, on="account_id", how="left")
    rows = rows.group_by("owner").agg(pl.col("base", "fee").sum()).sort("owner")
    known = customers.filter(pl.col("since") <= PLANNED_ON).select("client_id", "number")
    rows = known.join(rows, left_on="client_id", right_on="owner", how="inner", maintain_order="left")
    return rows.select(
        customer="number",
        period=pl.lit(PLAN_PERIOD),
        eva=_money(pl.col("base") * SPREAD * (1 - TAX) / 4),
        deposit=_money(pl.col("base") * GROWTH_PLAN),
        deposit_base=_money(pl.col("base")),
        fee=_money(pl.col("fee").fill_null(0)),
        _on=pl.lit(PLANNED_ON),
    )


def _money(value: pl.Expr) -> pl.Expr:
    return value.round(2).cast(pl.Decimal(18, 2)).cast(pl.String)
