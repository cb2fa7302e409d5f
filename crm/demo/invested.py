"""Holdings that change in value or grow by payments: open wealth, funds, gold, insurance."""

import numpy as np

from crm.demo import products
from crm.demo.dice import Dice, fen, pick
from crm.demo.ledger import (
    APP,
    FAR,
    FEE,
    INSURANCE,
    PURCHASE,
    REDEMPTION,
    SYSTEM,
    TRANSFER_IN,
    TRANSFER_OUT,
    Ledger,
)
from crm.demo.paths import leaving_day
from crm.demo.window import add_months_to_days

_FUNDS = products.numbers("FD101", "FD201", "FD301", "FD401", "FD501")
_METALS = products.numbers("PM101", "PM201")
_POLICIES = products.numbers("IN101", "IN201", "IN301")
_SUBSCRIPTION_FEE = np.where(
    products.FAMILY == "fund", 0.008, np.where(products.FAMILY == "metal", 0.005, 0.0)
)
_FIRST_CHARGE = 0.035  # of every insurance premium


def month_returns(dice: Dice, months: int) -> np.ndarray:
    """Return the change in value of every product in every month, the same for all customers."""
    rng = dice("markets")
    spread = np.array([0.0, 0.0005, 0.004, 0.022, 0.034, 0.05])[products.RISK]
    drift = np.array([0.0, 0.0014, 0.0026, 0.005, 0.006, 0.007])[products.RISK]
    market = rng.normal(0, 1, months)
    own = rng.normal(0, 1, (len(drift), months))
    return drift[:, None] + spread[:, None] * (0.8 * market[None, :] + 0.6 * own)


def run(ledger: Ledger, parts: dict[str, np.ndarray], returns: np.ndarray, rng: np.random.Generator) -> None:
    """Add funds, gold and policies of the block, with their postings on the current accounts."""
    risk = ledger.population.appetite[ledger.start : ledger.start + ledger.size]
    funds = np.flatnonzero(parts["fund"] >= 500)
    # a fund at or below the customer's risk level
    choice = np.minimum(pick(rng, (22, 18, 28, 18, 14), len(funds)), risk[funds] - 1)
    _revalued(ledger, rng, funds, _FUNDS[choice], fen(parts["fund"][funds], 10_000), returns)
    metals = np.flatnonzero((parts["metal"] >= 500) & (risk >= 3))
    bar = (risk[metals] >= 4) & (rng.random(len(metals)) < 0.4)
    _revalued(ledger, rng, metals, _METALS[bar.astype(int)], fen(parts["metal"][metals], 10_000), returns)
    _policies(ledger, rng, parts["insurance"], risk)


def _opening(ledger: Ledger, rng, customer) -> tuple[np.ndarray, np.ndarray]:
    """Return (day opened, whether inside the feed) of open-ended holdings."""
    window, count = ledger.window, len(customer)
    before = window.first - 10 - rng.integers(0, 1500, count)
    within = window.first + 2 + (rng.random(count) * (window.last - window.first - 2)).astype(int)
    opened = np.where(rng.random(count) < 0.3, within, before)
    opened = np.maximum(opened, ledger.trait("since")[customer] + 1)
    return np.minimum(opened, window.last), opened > window.first


def _revalued(ledger: Ledger, rng, customer, product, value, returns) -> None:
    """Add holdings stated anew at every month's end; some pay in monthly, some sell a part."""
    if not len(customer):
        return
    window = ledger.window
    opened, within = _opening(ledger, rng, customer)
    keep = (opened < leaving_day(ledger)[customer]) & (ledger.trait("since")[customer] < window.last)
    customer, product, value, opened, within = (
        array[keep] for array in (customer, product, value, opened, within)
    )
    leaving = leaving_day(ledger)[customer]
    count = len(customer)
    sold_at = np.where(rng.random(count) < 0.14, window.first + rng.integers(20, 460, count), FAR)
    sold_part = rng.choice([0.3, 0.5, 1.0], count)
    closed = np.where(leaving <= window.last, leaving, np.where(sold_part == 1.0, sold_at, FAR))
    closed = np.where((closed > window.last) | (closed <= opened), FAR, closed)
    ids = ledger.open(customer, product, opened, None, closed, value)
    channel = ledger.channels(rng, customer)
    entry = (value * _SUBSCRIPTION_FEE[product]).astype(np.int64)
    ledger.post(ids, opened, PURCHASE, channel, value, keep=within)
    ledger.post(ids, opened, FEE, SYSTEM, -entry, keep=within)
    ledger.post(customer, opened, PURCHASE, channel, -value, keep=within)
    ledger.post(customer, opened, TRANSFER_IN, channel, value, keep=within)
    worth = np.where(within, value - entry, value)
    ledger.level(ids, np.maximum(opened, window.first), worth)
    plan = (products.FAMILY[product] == "fund") & (rng.random(count) < 0.3) & (closed == FAR)
    monthly = fen(np.round(np.clip(value / 100 * 0.02, 100, 5_000), -2))
    starts = window.month_starts()
    pay_day = rng.integers(5, 26, count)
    for number, start in enumerate(starts):
        end = (starts[number + 1] if number + 1 < len(starts) else start + 40) - 1
        live = (opened < start) & (closed > end)
        paid = start + pay_day
        pays = plan & live & (paid <= window.last)
        charge = (monthly * _SUBSCRIPTION_FEE[product]).astype(np.int64)
        ledger.post(ids, paid, PURCHASE, APP, monthly, keep=pays)
        ledger.post(ids, paid, FEE, SYSTEM, -charge, keep=pays)
        ledger.post(customer, paid, PURCHASE, APP, -monthly, keep=pays)
        sells = live & (sold_part < 1.0) & (sold_at >= start) & (sold_at <= min(end, window.last))
        taken = (worth * sold_part).astype(np.int64)
        _sell(ledger, customer, ids, sold_at, channel, taken, sells)
        worth = worth + np.where(pays, monthly - charge, 0) - np.where(sells, taken, 0)
        worth = np.where(live, (worth * (1 + returns[product, number])).astype(np.int64), worth)
        ledger.level(ids, end, worth, keep=live & (end <= window.last))
        ends = (closed >= start) & (closed <= end)
        _sell(ledger, customer, ids, closed, channel, worth, ends)
        ledger.level(ids, closed, 0, keep=ends)


def _sell(ledger: Ledger, customer, ids, day, channel, amount, keep) -> None:
    """Book a redemption: the money arrives on the current account and goes on to another bank."""
    ledger.post(ids, day, REDEMPTION, channel, -amount, keep=keep)
    ledger.post(customer, day, REDEMPTION, channel, amount, keep=keep)
    ledger.post(customer, day, TRANSFER_OUT, channel, -amount, keep=keep)


def _policies(ledger: Ledger, rng, part, risk) -> None:
    """Add insurance policies with a premium a year; the bank's commission is the first charge."""
    customer = np.flatnonzero(part >= 1_500)
    if not len(customer):
        return
    window = ledger.window
    opened, _ = _opening(ledger, rng, customer)
    keep = opened < leaving_day(ledger)[customer]
    customer, opened = customer[keep], opened[keep]
    product = _POLICIES[pick(rng, (38, 42, 20), len(customer))]
    product = np.where(products.RISK[product] > risk[customer], _POLICIES[1], product)
    premium = fen(np.round(np.clip(part[customer] / 3, 500, 200_000), -2))
    premium = np.where(
        product == _POLICIES[2], fen(np.round(rng.uniform(300, 1_600, len(customer)), -1)), premium
    )
    ids = ledger.open(customer, product, opened, None, None, premium)
    channel = ledger.channels(rng, customer)
    worth = np.zeros(len(customer), dtype=np.int64)
    leaving = leaving_day(ledger)[customer]
    charge = (premium * _FIRST_CHARGE).astype(np.int64)
    for year in range(8):
        due = add_months_to_days(opened, np.full(len(customer), 12 * year))
        paid = (due <= window.last) & (due < leaving)
        fresh = paid & (due > window.first)
        worth = worth + np.where(paid, premium - charge, 0)
        ledger.post(ids, due, PURCHASE, channel, premium, keep=fresh)
        ledger.post(ids, due, FEE, SYSTEM, -charge, keep=fresh)
        ledger.post(customer, due, INSURANCE, channel, -premium, keep=fresh)
        ledger.post(customer, due, TRANSFER_IN, channel, premium, keep=fresh & (due == opened))
        ledger.level(ids, due, worth, keep=fresh)
        # the last payment before the feed began gives the opening balance
        following = add_months_to_days(opened, np.full(len(customer), 12 * (year + 1)))
        opening = paid & (due <= window.first) & ((following > window.first) | (year == 7))
        ledger.level(ids, window.first, worth, keep=opening)
