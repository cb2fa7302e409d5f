"""Current accounts: salaries, spending, transfers, and the balance they leave.

Everything of the customer's own falls on three days of his month, which keeps the balance to about four rows
a month. A transfer on the last of them steers the balance towards the customer's path.
"""

from collections.abc import Callable

import numpy as np
import polars as pl

from crm.demo import products
from crm.demo.dice import fen
from crm.demo.holidays import spring_festival
from crm.demo.ledger import (
    APP,
    CARD_SPEND,
    CASH_IN,
    CASH_OUT,
    COUNTER,
    FAR,
    FEE,
    HOUSEHOLD,
    INTEREST,
    PENSION,
    SALARY,
    SELF_SERVICE,
    SYSTEM,
    TRANSFER_IN,
    TRANSFER_OUT,
    WEB,
    Ledger,
)
from crm.demo.paths import monthly_factors, silent_from
from crm.demo.population import COMPANY, CORPORATE, PERSON, PRIVATE, RETAIL, SME
from crm.demo.window import as_date, day

_PERSONAL, _COMPANY, _NOTICE = products.numbers("CUR01", "CUR02", "CUR03")
_PAY_DAYS = (3, 5, 8, 10, 15, 20, 25)
# Postings a month by line: transfers in, transfers out, cash in, cash out, card payments.
_RATES = {
    RETAIL: (0.35, 1.15, 0.10, 0.30, 0.75),
    PRIVATE: (0.90, 1.60, 0.05, 0.20, 0.60),
    SME: (4.20, 4.60, 0.30, 0.20, 0.00),
    CORPORATE: (5.50, 6.50, 0.05, 0.10, 0.00),
}


def open_accounts(ledger: Ledger, rng: np.random.Generator) -> None:
    """Open the current account of each of the block's customers: ids 0 … n−1."""
    kind = ledger.trait("kind")
    company = np.where(rng.random(ledger.size) < 0.2, _NOTICE, _COMPANY)
    product = np.where(kind == PERSON, _PERSONAL, np.where(kind < COMPANY, _COMPANY, company))
    ledger.open(np.arange(ledger.size), product, ledger.trait("since"))


class Slots:
    """The three days of each customer's month and whether he is there on a day."""

    def __init__(self, ledger: Ledger, rng: np.random.Generator):
        self.starts = ledger.window.month_starts()
        size = ledger.size
        pay = np.asarray(_PAY_DAYS)[rng.integers(0, len(_PAY_DAYS), size)]
        gaps = np.stack([np.zeros(size, int), rng.integers(2, 6, size), rng.integers(11, 16, size)])
        self.days = np.sort((pay + gaps - 1) % 28, axis=0)  # offsets from the first of the month
        self.pay = pay - 1
        self.pay[~np.isin(self.pay, (2, 4, 7, 9, 14, 19, 24))] = 9
        self.begins = np.maximum(ledger.trait("since"), ledger.window.first)
        self.ends = silent_from(ledger)

    def day(self, customer, month, slot) -> np.ndarray:
        return self.starts[month] + self.days[slot, customer]

    def there(self, customer, on) -> np.ndarray:
        return (on >= self.begins[customer]) & (on < self.ends[customer])


def run(
    ledger: Ledger, level: np.ndarray, rng: np.random.Generator, unsteered: Callable[[], None]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Post what moves the current accounts; return all (postings, balances) of the block.

    `level` is the balance in yuan aimed at when the feed begins. Other modules must have posted before, but
    for `unsteered`, which posts what the steering is not to smooth away.
    """
    slots = Slots(ledger, rng)
    _incomes(ledger, slots, rng)
    _daily_life(ledger, slots, level, rng)
    factors = monthly_factors(ledger, rng)
    _interest(ledger, slots, level, factors)
    aim = fen(level[:, None] * factors)
    others = ledger.posted()
    last_steer = _steer(ledger, slots, aim, fen(level), others, rng)
    unsteered()
    return _balances(ledger, fen(level), last_steer)


def _grid(ledger: Ledger, slots: Slots) -> tuple[np.ndarray, np.ndarray]:
    """Return (customer, month) of every cell of the block's months, flat."""
    months = len(slots.starts)
    return np.repeat(np.arange(ledger.size), months), np.tile(np.arange(months), ledger.size)


def _incomes(ledger: Ledger, slots: Slots, rng) -> None:
    """Salaries with a thirteenth month before the Spring Festival; pensions."""
    customer, month = _grid(ledger, slots)
    salary, stop, pension = (ledger.trait(name) for name in ("salary", "salary_stop", "pension"))
    on = slots.starts[month] + slots.pay[customer]
    bonus_months = _bonus_months(slots.starts)
    bonus = np.where(bonus_months[month] & (rng.random(ledger.size) < 0.7)[customer],
                     rng.uniform(0.8, 2.4, ledger.size)[customer], 0.0)  # fmt: skip
    amount = fen(salary[customer] * (1 + rng.normal(0, 0.02, len(customer)) + bonus))
    there = slots.there(customer, on)
    ledger.post(
        customer, on, SALARY, SYSTEM, amount, keep=there & (salary[customer] > 0) & (on < stop[customer])
    )
    amount = fen(pension[customer] * np.where(month >= 6, 1.02, 1.0))
    ledger.post(customer, on, PENSION, SYSTEM, amount, keep=there & (pension[customer] > 0))


def _bonus_months(starts: np.ndarray) -> np.ndarray:
    """Return which months hold the bonus: the one of, or just before, the Spring Festival."""
    flags = []
    for start in starts:
        festival = day(spring_festival(as_date(start).year))
        flags.append(8 <= festival - int(start) < 39)
    return np.array(flags)


def _daily_life(ledger: Ledger, slots: Slots, level, rng) -> None:
    """Transfers, cash, card payments and household bills, on the customer's own days."""
    line, kind = ledger.trait("line"), ledger.trait("kind")
    person = kind == PERSON
    income = ledger.trait("salary") + ledger.trait("pension")
    scale = np.where(
        person, 120 + 0.05 * income + 0.004 * np.minimum(level, 500_000), 0.055 * np.minimum(level, 3e7)
    )
    rates = np.stack([np.asarray(_RATES[number]) for number in sorted(_RATES)])[line]
    months = len(slots.starts)
    # turnover is higher before the Spring Festival and in the sales of June and November
    busy = np.array(
        [{1: 1.25, 2: 0.8, 6: 1.1, 11: 1.15, 12: 1.1}.get(as_date(s).month, 1.0) for s in slots.starts]
    )
    for kind_, column, sign, factor in (
        (TRANSFER_IN, 0, 1, 2.6), (TRANSFER_OUT, 1, -1, 2.0), (CASH_IN, 2, 1, 1.6), (CASH_OUT, 3, -1, 1.2),
        (CARD_SPEND, 4, -1, 0.8),
    ):  # fmt: skip
        count = rng.poisson(rates[:, column][:, None] * busy[None, :])
        customer = np.repeat(np.arange(ledger.size), count.sum(axis=1))
        month = np.repeat(np.tile(np.arange(months), ledger.size), count.ravel())
        on = slots.day(customer, month, rng.integers(0, 3, len(customer)))
        yuan = factor * scale[customer] * np.exp(rng.normal(0, 0.8, len(customer)))
        if kind_ in (CASH_IN, CASH_OUT):
            amount = fen(np.maximum(np.round(yuan, -2), 100))
            channel = np.where(rng.random(len(customer)) < 0.55, SELF_SERVICE, COUNTER)
        else:
            amount = fen(np.maximum(yuan, 1.0))
            channel = ledger.channels(rng, customer) if kind_ != CARD_SPEND else np.full(len(customer), APP)
        ledger.post(customer, on, kind_, channel, sign * amount, keep=slots.there(customer, on))
    customer, month = _grid(ledger, slots)
    pays = (person & (rng.random(ledger.size) < 0.6))[customer]
    on = slots.day(customer, month, 2)
    bill = fen(rng.uniform(80, 420, ledger.size)[customer] * rng.uniform(0.7, 1.4, len(customer)))
    ledger.post(customer, on, HOUSEHOLD, SYSTEM, -bill, keep=pays & slots.there(customer, on))
    pays = (kind >= COMPANY)[customer]
    fee = fen(18 + 0.00004 * np.minimum(level, 2e7)[customer])
    on = slots.starts[month] + 20
    ledger.post(customer, on, FEE, SYSTEM, -fee, keep=pays & slots.there(customer, on))


def _interest(ledger: Ledger, slots: Slots, level, factors) -> None:
    """Interest on the 21st of a quarter's last month, about what the balance earned."""
    rate = products.RATE[np.where(ledger.trait("kind") == PERSON, _PERSONAL, _COMPANY)]
    for month, start in enumerate(slots.starts):
        if as_date(start).month % 3 == 0:
            amount = fen(level * factors[:, month] * rate / 4)
            on = np.full(ledger.size, start + 20)
            ledger.post(np.arange(ledger.size), on, INTEREST, SYSTEM, amount, keep=on > slots.begins)


def _steer(ledger: Ledger, slots: Slots, aim, opening, others: pl.DataFrame, rng) -> np.ndarray:
    """Post the monthly transfer that brings each account to its path; return the last steering day."""
    window, months = ledger.window, len(slots.starts)
    net = np.zeros((ledger.size, months), dtype=np.int64)
    own = others.filter(pl.col("account") < ledger.size)
    month_of = np.searchsorted(slots.starts, own["day"].to_numpy(), side="right") - 1
    np.add.at(net, (own["account"].to_numpy(), month_of), own["amount"].to_numpy())
    before = np.where(ledger.trait("since") > window.first, 0, opening)
    customer, month = _grid(ledger, slots)
    on = slots.day(customer, month, 2).reshape(net.shape)
    alive = slots.there(customer, on.ravel()).reshape(net.shape) & (on > window.first) & (on <= window.last)
    running = before.copy()
    drift = np.zeros(ledger.size, dtype=np.int64)
    last_day = np.full(ledger.size, -FAR)
    channel = ledger.channels(rng, np.arange(ledger.size))
    channel = np.where((channel == WEB) | (channel == APP), channel, COUNTER)
    for number in range(months):
        # small deviations are left alone: nobody tops an account up by eight yuan
        drift += net[:, number]
        wanted = aim[:, number] - running - drift
        wanted = np.where(
            alive[:, number] & (np.abs(wanted) > np.maximum(aim[:, number] // 25, 5_000)), wanted, 0
        )
        wanted = fen(wanted / 100, 1_000)
        kind = np.where(wanted > 0, TRANSFER_IN, TRANSFER_OUT)
        ledger.post(np.arange(ledger.size), on[:, number], kind, channel, wanted)
        drift += wanted
        last_day = np.where(wanted != 0, on[:, number], last_day)
    return last_day


def _balances(ledger: Ledger, opening, last_steer) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return (postings, balances): end-of-day balances of current accounts from their postings, no overdraft.

    Where postings would overdraw an account, its opening balance is higher (a new account: its first
    transfer in). A churner takes out with his last transfer what is then left over.
    """
    window, everyone = ledger.window, np.arange(ledger.size)
    since = ledger.trait("since")
    new = since > window.first
    start = np.where(new, 0, opening)
    daily = _running(ledger)
    reserve = np.maximum(-(start + _lowest(daily, ledger.size)), 0)
    reserve = np.where(reserve > 0, reserve + 10_000, 0)
    # a new account has no opening balance: the money comes in on its first day
    first_day = np.maximum(since, window.first)
    ledger.post(everyone, first_day, TRANSFER_IN, COUNTER, reserve + 10_000, keep=new)
    start = np.where(new, 0, start + reserve)
    afterwards = daily.filter(daily["day"].to_numpy() >= last_steer[daily["account"].to_numpy()])
    spare = start + np.where(new, reserve + 10_000, 0) + _lowest(afterwards, ledger.size, at_most=10**15)
    leaves = (
        (silent_from(ledger) <= window.last) & (last_steer > first_day) & (spare > 20_000) & (reserve > 0)
    )
    taken = np.minimum(spare, reserve) * 9 // 10
    ledger.post(everyone, last_steer, TRANSFER_OUT, APP, -taken, keep=leaves)
    daily = _running(ledger)
    account = daily["account"].to_numpy()
    opened = pl.DataFrame({"account": everyone, "day": window.first, "amount": start}).filter(~new)
    closed = daily.select("account", "day", amount=pl.Series(start[account]) + pl.col("total"))
    kinds = {"account": pl.Int64, "day": pl.Int64, "amount": pl.Int64}
    current = pl.concat([opened.cast(kinds), closed.cast(kinds)]).with_columns(pd=pl.lit(-1.0))
    return ledger.posted(), pl.concat([current, _stated(ledger)]).sort("account", "day")


def _running(ledger: Ledger) -> pl.DataFrame:
    """Return account, day and the running total of all postings on current accounts."""
    own = ledger.posted().filter(pl.col("account") < ledger.size)
    daily = own.group_by("account", "day").agg(pl.col("amount").sum()).sort("account", "day")
    return daily.with_columns(total=pl.col("amount").cum_sum().over("account"))


def _lowest(daily: pl.DataFrame, size: int, at_most: int = 0) -> np.ndarray:
    """Return each account's lowest running total, `at_most` where it never went below."""
    lowest = np.full(size, at_most, dtype=np.int64)
    low = daily.group_by("account").agg(pl.col("total").min())
    lowest[low["account"].to_numpy()] = np.minimum(low["total"].to_numpy(), at_most)
    return lowest


def _stated(ledger: Ledger) -> pl.DataFrame:
    """Return the balances that other modules stated, one a day and account: the last one said."""
    frames = [
        pl.DataFrame({"account": account, "day": on, "amount": amount, "pd": risk}).cast(
            {"account": pl.Int64, "day": pl.Int64, "amount": pl.Int64, "pd": pl.Float64}
        )
        for account, on, amount, risk in ledger.levels
    ]
    return pl.concat(frames).unique(["account", "day"], keep="last", maintain_order=True)
