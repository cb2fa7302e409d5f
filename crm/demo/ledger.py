"""One block of customers' accounts, postings and balances, collected as arrays and made into frames."""

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from crm.demo import identity, products
from crm.demo.population import PERSON, Population
from crm.demo.window import Window

KINDS = np.array(
    ["cash_in", "cash_out", "transfer_in", "transfer_out", "purchase", "redemption", "card_spend",
     "repayment", "household", "insurance", "salary", "pension", "interest", "fee", "drawdown", "sanction"]
)  # fmt: skip
(CASH_IN, CASH_OUT, TRANSFER_IN, TRANSFER_OUT, PURCHASE, REDEMPTION, CARD_SPEND, REPAYMENT, HOUSEHOLD,
 INSURANCE, SALARY, PENSION, INTEREST, FEE, DRAWDOWN, SANCTION) = range(16)  # fmt: skip
CHANNELS = np.array(["phone", "app", "web", "counter", "self_service", "system"])
PHONE, APP, WEB, COUNTER, SELF_SERVICE, SYSTEM = range(6)
FAR = 10**6


@dataclass
class Ledger:
    """Accounts 0..n−1 are the current accounts of the block's n customers; others follow as opened.

    Amounts are fen. Days outside (first, last] are dropped when posted: what came before the feed is in the
    opening balances.
    """

    population: Population
    start: int  # number of the block's first customer
    size: int
    window: Window
    number: int = 0  # of the block
    accounts: list[tuple] = field(default_factory=list)
    postings: list[tuple] = field(default_factory=list)
    levels: list[tuple] = field(default_factory=list)
    loan_states: list[pl.DataFrame] = field(default_factory=list)
    opened: int = 0

    def trait(self, name: str) -> np.ndarray:
        """Return a trait of the population for this block's customers."""
        return getattr(self.population, name)[self.start : self.start + self.size]

    def open(self, customer, product, opened, matures=None, closed=None, principal=None) -> np.ndarray:
        """Open accounts for block-local customers; return their ids. `FAR` or None: no such day."""
        count = len(customer)
        ids = np.arange(self.opened, self.opened + count)
        self.opened += count

        def full(value, default):
            return np.broadcast_to(default if value is None else value, count)

        self.accounts.append(
            (
                ids,
                customer,
                full(product, 0),
                opened,
                full(matures, FAR),
                full(closed, FAR),
                full(principal, 0),
            )
        )
        return ids

    def post(self, account, day, kind, channel, amount, keep=None) -> None:
        """Book amounts (fen, signed) on accounts; `keep` narrows; zero amounts are no postings."""
        account, day, kind, channel, amount = np.broadcast_arrays(account, day, kind, channel, amount)
        good = (day > self.window.first) & (day <= self.window.last) & (amount != 0)
        if keep is not None:
            good = good & keep
        self.postings.append(
            (
                account[good],
                day[good],
                kind[good].astype(np.int8),
                channel[good].astype(np.int8),
                amount[good],
            )
        )

    def level(self, account, day, amount, pd=None, keep=None) -> None:
        """State balances (fen) of accounts other than current ones; days before the feed are not kept."""
        account, day, amount = np.broadcast_arrays(account, day, amount)
        risk = np.broadcast_to(-1.0 if pd is None else pd, account.shape)
        good = (day >= self.window.first) & (day <= self.window.last)
        if keep is not None:
            good = good & keep
        self.levels.append((account[good], day[good], amount[good], risk[good]))

    def channels(self, rng: np.random.Generator, customer: np.ndarray) -> np.ndarray:
        """Return how customers act: the app or the web by their habit, else counter or machine."""
        digital = rng.random(len(customer)) < self.trait("digital")[customer]
        person = self.trait("kind")[customer] == PERSON
        draw = rng.random(len(customer))
        online = np.where(np.where(person, draw < 0.93, draw < 0.3), APP, WEB)
        offline = np.where(draw < 0.62, COUNTER, np.where(person, SELF_SERVICE, COUNTER))
        return np.where(digital, online, offline)

    def posted(self) -> pl.DataFrame:
        """Return all postings so far: account, day, kind, channel, amount."""
        return pl.concat(
            pl.DataFrame(
                {"account": account.astype(np.int64), "day": day.astype(np.int32), "kind": kind,
                 "channel": channel, "amount": amount.astype(np.int64)}
            )
            for account, day, kind, channel, amount in self.postings
        )  # fmt: skip

    def account_frame(self) -> pl.DataFrame:
        """Return the block's accounts with local ids in `_id` and `_customer`."""
        names = ("_id", "_customer", "_product", "opened_on", "matures_on", "closed_on", "principal_fen")
        arrays = [np.concatenate([part[i] for part in self.accounts]).astype(np.int64) for i in range(7)]
        frame = pl.DataFrame(dict(zip(names, arrays, strict=True))).sort("_id")
        days = ("opened_on", "matures_on", "closed_on")
        return frame.with_columns(
            pl.when(pl.col(name) < FAR).then(pl.col(name)).cast(pl.Int32).cast(pl.Date) for name in days
        ).with_columns(
            number=pl.Series(self._numbers(frame["_product"].to_numpy())),
            product=pl.Series(products.CODES[frame["_product"].to_numpy()]),
        )

    def _numbers(self, product: np.ndarray) -> np.ndarray:
        """Return account numbers: a Luhn digit for cards and current accounts, else the product."""
        serial = np.arange(len(product)) + self.number * 1_000_000
        numbers = np.empty(len(product), dtype=object)
        family = products.FAMILY[product]
        for name, prefix in (("current", "6200001"), ("card", "6200009")):
            here = family == name
            numbers[here] = identity.card_numbers(prefix, serial[here])
        here = ~np.isin(family, ("current", "card"))
        digits = pl.Series(serial[here]).cast(pl.String).str.zfill(10)
        numbers[here] = (pl.Series(products.CODES[product[here]]) + digits).to_numpy()
        return numbers.astype(str)


def frames(
    ledger: Ledger,
    postings: pl.DataFrame,
    balances: pl.DataFrame,
    homes: np.ndarray,
    codes: np.ndarray,
    rng: np.random.Generator,
) -> dict[str, pl.DataFrame]:
    """Return the feed's accounts, transactions, balances and loans of a block.

    `homes` is the branch row of each of the block's customers; every twelfth posting over the counter happens
    in another branch.
    """
    accounts = ledger.account_frame()
    who = accounts["_customer"].to_numpy()
    numbers = accounts["number"].to_numpy()
    customers = ledger.population.numbers[ledger.start : ledger.start + ledger.size]
    listed = accounts.with_columns(customer=pl.Series(customers[who]), branch=pl.Series(codes[homes[who]]))
    postings = postings.sort("account", "day", "kind", "amount", "channel")
    height = postings.height
    elsewhere = (postings["channel"].to_numpy() == COUNTER) & (rng.random(height) < 1 / 12)
    place = codes[rng.integers(1, len(codes), height)]
    transactions = postings.select(
        ref=pl.lit(f"{ledger.number:03d}-") + pl.int_range(pl.len()).cast(pl.String).str.zfill(8),
        account=pl.Series(numbers[postings["account"].to_numpy()]),
        booked_on=pl.col("day").cast(pl.Date),
        kind=pl.Series(KINDS[postings["kind"].to_numpy()]),
        channel=pl.Series(CHANNELS[postings["channel"].to_numpy()]),
        branch=pl.when(pl.Series(elsewhere)).then(pl.Series(place)),
        amount_fen="amount",
    )
    product = accounts["_product"].to_numpy()[balances["account"].to_numpy()]
    risk = balances["pd"].to_numpy()
    loss = np.array([products.LGD.get(code, 0) for code in products.CODES])[product]
    written = balances.select(
        account=pl.Series(numbers[balances["account"].to_numpy()]),
        date=pl.col("day").cast(pl.Date),
        amount_fen="amount",
        pd=pl.when(pl.Series(risk >= 0)).then(pl.Series(np.maximum(risk, 0)).round(2)),
        lgd=pl.when(pl.Series(risk >= 0)).then(pl.Series(loss)),
    )
    order = [
        "number",
        "customer",
        "product",
        "branch",
        "opened_on",
        "matures_on",
        "closed_on",
        "principal_fen",
    ]
    return {"accounts": listed.select(order), "transactions": transactions, "balances": written}
