"""Turn the PKDD'99 bank into feed folders: `python examples/berka/to_feed.py SRC OUT` (README.md).

Three folders, 1994-01-31, 02-28 and 03-31, each with what the bank knew on that day and nothing later.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path

import ledger
import organisation
import polars as pl
import raw

FIRST_DAY_BEFORE = date(1992, 12, 31)
BUSINESS_DATES = (date(1994, 1, 31), date(1994, 2, 28), date(1994, 3, 31))

CLASS_OF_STATUS = {"A": "pass", "C": "pass", "D": "substandard", "B": "doubtful"}
PD_OF_STATUS = {"A": "1.00", "C": "1.00", "D": "15.00", "B": "30.00"}
LGD = 45
ORDER_FIELDS = {
    "SIPO": "order_household",
    "POJISTNE": "order_insurance",
    "LEASING": "order_lease",
    "UVER": "order_loan",
    "": "order_other",
}


def main(source: Path, out: Path) -> None:
    """Write the feed of the raw files in `source` into the new or empty folder `out`."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise raw.RawError(f"{out} is not an empty folder: name a new one.")
    bank = convert(raw.read(source))
    since = FIRST_DAY_BEFORE
    for business_date in BUSINESS_DATES:
        folder = out / business_date.isoformat()
        folder.mkdir(parents=True)
        (folder / "feed.json").write_text(json.dumps({"since": since.isoformat()}) + "\n")
        for record, frame in bank.items():
            rows = frame.filter(pl.col("_on").is_between(since, business_date, closed="right")).drop("_on")
            if rows.height:
                rows.write_csv(folder / f"{record}.csv")
        since = business_date


def convert(files: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Return the feed's records, each with the day `_on` from which the bank knew the row."""
    last = BUSINESS_DATES[-1]
    accounts = files["account"].with_columns(opened_on=raw.day("date")).filter(pl.col("opened_on") <= last)
    holders = files["disp"].join(accounts, on="account_id", how="inner", maintain_order="left")
    owners = holders.filter(pl.col("type") == "OWNER").select("account_id", owner="client_id")
    postings = ledger.postings(files["trans"], accounts)
    customers = _customers(files["client"], holders)
    loans = _loans(files["loan"], accounts)
    orders = _orders(files["order"], files["trans"], accounts, owners)
    balances = ledger.balances(postings)
    return {
        **organisation.records(files["district"], FIRST_DAY_BEFORE + timedelta(days=1)),
        "customers": customers.select(
            "number", "kind", "name", "branch", "since", "born_on", "gender", "aml_level",
            "marketing_consent", "profiling_consent", "address", _on="since",
        ),
        "facts": pl.concat([_districts(customers, files["district"]), orders]),
        "relationships": _relationships(holders, owners),
        "accounts": pl.concat(
            [_current(accounts, owners), _loan_accounts(loans, owners), _cards(files["card"], holders, last)]
        ),
        "balances": pl.concat([balances, _loan_balances(loans, postings)]),
        "transactions": postings.select(
            "ref", "account", "booked_on", "kind", "channel", amount=ledger.text("amount"), _on="booked_on"
        ),
        "loans": loans.select(
            "account",
            date="granted",
            loan_class=pl.col("status").replace_strict(CLASS_OF_STATUS),
            _on="granted",
        ),
        "assignments": organisation.assignments(customers),
        "plans": organisation.plans(customers, owners, postings, balances),
    }  # fmt: skip


def _customers(clients: pl.DataFrame, holders: pl.DataFrame) -> pl.DataFrame:
    """Return owners and disponents of the accounts: customers since the first of them was opened."""
    first = (
        holders.sort("opened_on", "type", "account_id", descending=[False, True, False])
        .unique("client_id", keep="first", maintain_order=True)
        .select("client_id", "district_id", since="opened_on")
    )
    month = pl.col("birth_number").str.slice(2, 2).cast(pl.Int32)
    born = "19" + pl.col("birth_number").str.slice(0, 2) + (month % 50).cast(pl.String).str.zfill(2)
    rows = clients.rename({"district_id": "home"}).join(
        first, on="client_id", how="inner", maintain_order="left"
    )
    return rows.select(
        "client_id",
        "home",
        "since",
        number="K" + pl.col("client_id"),
        kind=pl.lit("person"),
        name="客户 " + pl.col("client_id"),
        branch="D" + pl.col("district_id").str.zfill(2),
        born_on=(born + pl.col("birth_number").str.slice(4, 2)).str.to_date("%Y%m%d"),
        gender=pl.when(month > 50).then(pl.lit("f")).otherwise(pl.lit("m")),
        aml_level=pl.lit("low"),
        marketing_consent=pl.lit(1),
        profiling_consent=pl.lit(1),
        address="第 " + pl.col("home") + " 区",
    )


def _relationships(holders: pl.DataFrame, owners: pl.DataFrame) -> pl.DataFrame:
    """Return who may dispose of whose accounts."""
    pairs = holders.filter(pl.col("type") == "DISPONENT").join(owners, on="account_id", maintain_order="left")
    return (
        pairs.select(
            subject="K" + pl.col("client_id"),
            object="K" + pl.col("owner"),
            kind=pl.lit("disponent"),
            since="opened_on",
            _on="opened_on",
        )
        .filter(pl.col("subject") != pl.col("object"))
        .unique(["subject", "object"], keep="first", maintain_order=True)
    )


_ACCOUNT = ("number", "customer", "product", "branch", "opened_on", "matures_on", "principal", "_on")


def _current(accounts: pl.DataFrame, owners: pl.DataFrame) -> pl.DataFrame:
    return accounts.join(owners, on="account_id", maintain_order="left").select(
        number="A" + pl.col("account_id"),
        customer="K" + pl.col("owner"),
        product=pl.col("frequency").replace_strict(organisation.CURRENT_OF_FREQUENCY),
        branch="D" + pl.col("district_id").str.zfill(2),
        opened_on="opened_on",
        matures_on=pl.lit(None, dtype=pl.Date),
        principal=pl.lit("0.00"),
        _on="opened_on",
    ).select(_ACCOUNT)  # fmt: skip


def _loans(loans: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """Return the loans of the accounts: granted day, hundredths, months, status."""
    rows = loans.select(
        "account_id",
        "status",
        loan_id="loan_id",
        account="L" + pl.col("loan_id"),
        granted=raw.day("date"),
        amount=raw.hundredths("amount"),
        months=pl.col("duration").cast(pl.Int32),
    )
    known = accounts.select("account_id", "district_id")
    rows = rows.join(known, on="account_id", how="inner", maintain_order="left")
    return rows.filter(pl.col("granted") <= BUSINESS_DATES[-1])


def _loan_accounts(loans: pl.DataFrame, owners: pl.DataFrame) -> pl.DataFrame:
    return loans.join(owners, on="account_id", maintain_order="left").select(
        number="account",
        customer="K" + pl.col("owner"),
        product=pl.lit("LOAN"),
        branch="D" + pl.col("district_id").str.zfill(2),
        opened_on="granted",
        matures_on=pl.col("granted").dt.offset_by(pl.format("{}mo", "months")),
        principal=ledger.text("amount"),
        _on="granted",
    ).select(_ACCOUNT)  # fmt: skip


def _cards(cards: pl.DataFrame, holders: pl.DataFrame, last: date) -> pl.DataFrame:
    """Return the cards of the accounts as holdings of the person who carries them."""
    rows = cards.with_columns(issued_on=raw.day("issued")).rename({"type": "class"})
    rows = rows.join(holders, on="disp_id", how="inner", maintain_order="left")
    return rows.filter(pl.col("issued_on") <= last).select(
        number="C" + pl.col("card_id"),
        customer="K" + pl.col("client_id"),
        product="CARD-" + pl.col("class").str.to_uppercase(),
        branch="D" + pl.col("district_id").str.zfill(2),
        opened_on="issued_on",
        matures_on=pl.lit(None, dtype=pl.Date),
        principal=pl.lit("0.00"),
        _on="issued_on",
    ).select(_ACCOUNT)  # fmt: skip


def _loan_balances(loans: pl.DataFrame, postings: pl.DataFrame) -> pl.DataFrame:
    """Return what is left of each loan: the amount granted, less every repayment in the ledger."""
    paid = postings.filter(pl.col("kind") == "repayment").select("account_id", on="booked_on", step="amount")
    paid = paid.join(loans.select("account_id", "account", "granted"), on="account_id", how="inner")
    steps = pl.concat(
        [
            loans.select("account", on="granted", step="amount"),
            paid.filter(pl.col("on") >= pl.col("granted")).select("account", "on", "step"),
        ]
    )
    steps = steps.group_by("account", "on").agg(pl.col("step").sum()).sort("account", "on")
    left = steps.with_columns(amount=pl.col("step").cum_sum().over("account").clip(lower_bound=0))
    status = loans.select("account", "status")
    return left.join(status, on="account", maintain_order="left").select(
        "account",
        date="on",
        amount=ledger.text("amount"),
        pd=pl.col("status").replace_strict(PD_OF_STATUS),
        lgd=pl.lit(LGD, dtype=pl.Int32),
        _on="on",
    ).select(ledger.BALANCE)  # fmt: skip


_FACT = ("customer", "field", "noted_on", "value", "source", "verified_on", "_on")


def _districts(customers: pl.DataFrame, districts: pl.DataFrame) -> pl.DataFrame:
    """Return where each customer lives, as a fact."""
    names = districts.select("A1", place=pl.format("{}（{}）", "A2", "A3"))
    return customers.join(names, left_on="home", right_on="A1", maintain_order="left").select(
        customer="number",
        field=pl.lit("district"),
        noted_on="since",
        value="place",
        source=pl.lit("core"),
        verified_on="since",
        _on="since",
    ).select(_FACT)  # fmt: skip


def _orders(orders: pl.DataFrame, trans: pl.DataFrame, accounts, owners) -> pl.DataFrame:
    """Return standing orders as facts of the owner, from the first posting that carries one out.

    order.asc has no dates, so an order is known when the ledger first shows it: same account, partner and
    amount. A fact tells all orders of one purpose known by its day.
    """
    amount = pl.col("amount").cast(pl.Decimal(18, 2))
    wanted = orders.select("account_id", "bank_to", "account_to", symbol="k_symbol", amount=amount)
    booked = trans.select("account_id", "bank", "account", on=raw.day("date"), amount=amount)
    first = wanted.join(
        booked, left_on=["account_id", "bank_to", "account_to", "amount"],
        right_on=["account_id", "bank", "account", "amount"], how="inner",
    ).group_by("account_id", "bank_to", "account_to", "amount", "symbol").agg(pl.col("on").min())  # fmt: skip
    known = first.join(accounts.select("account_id"), on="account_id", how="semi").join(
        owners, on="account_id"
    )
    known = known.with_columns(field=pl.col("symbol").str.strip_chars().replace_strict(ORDER_FIELDS))
    known = known.sort("owner", "field", "on", "bank_to", "account_to", "amount")
    several = pl.DataFrame(
        list(_so_far(known.select("owner", "field", "on", "amount", "bank_to").iter_rows())),
        schema={"owner": pl.String, "field": pl.String, "on": pl.Date, "value": pl.String},
        orient="row",
    ).unique(["owner", "field", "on"], keep="last", maintain_order=True)
    return several.select(
        customer="K" + pl.col("owner"),
        field="field",
        noted_on="on",
        value=pl.col("value").str.slice(0, 200),
        source=pl.lit("core"),
        verified_on="on",
        _on="on",
    ).select(_FACT)  # fmt: skip


def _so_far(rows: Iterable[tuple]) -> Iterator[tuple]:
    """Yield (owner, field, day, all orders so far) of rows (owner, field, day, amount, bank) in order."""
    key, orders = None, []
    for owner, field, on, amount, bank in rows:
        if (owner, field) != key:
            key, orders = (owner, field), []
        orders.append(f"每月 {amount} 克朗付往 {bank}")
        yield owner, field, on, "；".join(orders)


def lines(argv: list[str]) -> Iterator[str]:
    """Yield what went wrong, if anything, for the command line."""
    if len(argv) != 2:
        yield "say from where to where: python examples/berka/to_feed.py SRC OUT"
        return
    try:
        main(Path(argv[0]), Path(argv[1]))
    except (raw.RawError, OSError) as error:
        yield str(error)


if __name__ == "__main__":
    faults = list(lines(sys.argv[1:]))
    for fault in faults:
        print(f"guanhu: {fault}", file=sys.stderr)
    sys.exit(2 if faults else 0)
