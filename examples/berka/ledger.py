"""The ledger of trans.asc: what each posting is, and the balance that closes each day."""

from collections.abc import Iterable

import polars as pl
import raw

BALANCE = ("account", "date", "amount", "pd", "lgd", "_on")
# (type, operation, k_symbol) of trans.asc → (kind, channel); the first that fits. Empty fits all.
POSTINGS = (
    ("PRIJEM", "VKLAD", "", "cash_in", "counter"),
    ("PRIJEM", "PREVOD Z UCTU", "DUCHOD", "pension", "system"),
    ("PRIJEM", "PREVOD Z UCTU", "", "transfer_in", "system"),
    ("PRIJEM", "", "UROK", "interest", "system"),
    ("VYDAJ", "VYBER KARTOU", "", "cash_out", "self_service"),
    ("VYDAJ", "VYBER", "SLUZBY", "fee", "system"),
    ("VYDAJ", "VYBER", "SANKC. UROK", "sanction", "system"),
    ("VYDAJ", "VYBER", "SIPO", "household", "counter"),
    ("VYDAJ", "PREVOD NA UCET", "SIPO", "household", "system"),
    ("VYDAJ", "PREVOD NA UCET", "POJISTNE", "insurance", "system"),
    ("VYDAJ", "PREVOD NA UCET", "UVER", "repayment", "system"),
    ("VYDAJ", "PREVOD NA UCET", "", "transfer_out", "counter"),
    ("VYDAJ", "VYBER", "", "cash_out", "counter"),
    ("VYBER", "VYBER", "", "cash_out", "counter"),
)


def text(column: str) -> pl.Expr:
    """Return hundredths as the feed's text with two decimals."""
    return (pl.col(column).cast(pl.Decimal(18, 2)) / 100).cast(pl.Decimal(18, 2)).cast(pl.String)


def postings(trans: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """Return the ledger in the file's order: signed hundredths, kind and channel."""
    rules = pl.DataFrame(
        POSTINGS, schema=["type", "operation", "symbol", "kind", "channel"], orient="row"
    ).with_row_index("rule")
    rows = trans.with_row_index("row").with_columns(
        pl.col("operation").fill_null(""), symbol=pl.col("k_symbol").fill_null("").str.strip_chars()
    )
    exact = rows.join(rules, on=["type", "operation", "symbol"], how="left", maintain_order="left")
    plain = rules.filter(pl.col("symbol") == "").drop("symbol", "rule")
    exact = exact.join(plain, on=["type", "operation"], how="left", suffix="_plain", maintain_order="left")
    exact = exact.with_columns(pl.coalesce(name, f"{name}_plain").alias(name) for name in ("kind", "channel"))
    unknown = exact.filter(pl.col("kind").is_null())
    if unknown.height:
        row = unknown.row(0, named=True)
        raise raw.RawError(
            f"trans.asc row {row['row'] + 1} is of an unknown kind ({row['type']}, {row['operation']}, "
            f"{row['symbol']}): add it to POSTINGS in examples/berka/ledger.py."
        )
    sign = pl.when(pl.col("type") == "PRIJEM").then(1).otherwise(-1)
    listed = exact.select(
        "row",
        "account_id",
        "kind",
        "channel",
        ref="trans_id",
        account="A" + pl.col("account_id"),
        booked_on=raw.day("date"),
        amount=sign * raw.hundredths("amount"),
        balance=raw.hundredths("balance"),
    )
    return listed.join(accounts.select("account_id"), on="account_id", how="semi", maintain_order="left")


def balances(posted: pl.DataFrame) -> pl.DataFrame:
    """Return each account's balance at the end of every day that has a posting, as the bank states it.

    The file does not keep the order within a day, so the day's last row need not be its end (it is not on one
    day of ten). The end is the row whose stated balance is nearest to the day before plus the day's sum: on
    39,930 of 39,960 days they agree to 0.10 CZK (the bank rounds), and the other 30 are of the last day, in
    the middle of which the file was cut.
    """
    rows = posted.sort("account", "booked_on", "row").select("account", "booked_on", "amount", "balance")
    closed = list(_closing(rows.iter_rows()))
    frame = pl.DataFrame(
        closed, schema={"account": pl.String, "date": pl.Date, "hundredths": pl.Int64}, orient="row"
    )
    return frame.select(
        "account",
        "date",
        amount=text("hundredths"),
        pd=pl.lit(None, dtype=pl.String),
        lgd=pl.lit(None, dtype=pl.Int32),
        _on="date",
    ).select(BALANCE)  # fmt: skip


def _closing(rows: Iterable[tuple]) -> Iterable[tuple]:
    """Yield (account, day, balance) per day of rows (account, day, amount, balance) sorted by both."""
    account = day = None
    before = total = 0
    stated: list[int] = []
    for own, on, amount, balance in rows:
        if (own, on) != (account, day):
            if stated:
                before = _nearest(stated, before + total)
                yield account, day, before
            before = before if own == account else 0
            account, day, total, stated = own, on, 0, []
        total += amount
        stated.append(balance)
    if stated:
        yield account, day, _nearest(stated, before + total)


def _nearest(stated: list[int], wanted: int) -> int:
    return min(reversed(stated), key=lambda balance: abs(balance - wanted))
