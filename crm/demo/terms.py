"""Contracts with a term: time deposits, wealth products, savings bonds, one after the other."""

import numpy as np

from crm.demo import products
from crm.demo.dice import fen, pick
from crm.demo.ledger import (
    COUNTER,
    FAR,
    FEE,
    INTEREST,
    PURCHASE,
    REDEMPTION,
    SYSTEM,
    TRANSFER_IN,
    TRANSFER_OUT,
    Ledger,
)
from crm.demo.paths import leaving_day
from crm.demo.population import PERSON
from crm.demo.window import add_months_to_days

_DEPOSITS = products.numbers("TD003", "TD006", "TD012", "TD024", "TD036", "CD036")
_WEALTH = products.numbers("WM090", "WM180", "WM365", "WM400")
_WEALTH_PLAIN = products.numbers("WM090", "WM180")
_WEALTH_SAFE = products.INDEX["WM091"]
_BONDS = products.numbers("BD036")
_LARGE_CERTIFICATE_FROM = 200_000
_ROUND = 100_000  # contracts are whole thousands of yuan (in fen)


def run(ledger: Ledger, parts: dict[str, np.ndarray], rng: np.random.Generator) -> None:
    """Add all term contracts of the block, with their postings on the current accounts."""
    person = ledger.trait("kind") == PERSON
    risk = ledger.population.appetite[ledger.start : ledger.start + ledger.size]
    for name in ("time_deposit", "wealth", "bond"):
        customer, amount = _pieces(rng, parts[name], 3 if name != "bond" else 1)
        if name == "time_deposit":
            product = _DEPOSITS[pick(rng, (9, 13, 38, 14, 26), len(customer))]
            big = (amount >= _LARGE_CERTIFICATE_FROM) & person[customer] & (rng.random(len(customer)) < 0.5)
            product = np.where(big, _DEPOSITS[5], product)
        elif name == "wealth":
            product = _WEALTH[pick(rng, (34, 28, 27, 11), len(customer))]
            # nothing above the customer's own risk level, and organisations keep to the plain ones
            plain = (products.RISK[product] > risk[customer]) | ~person[customer]
            product = np.where(plain, _WEALTH_PLAIN[rng.integers(0, 2, len(customer))], product)
            # the careful get what carries no risk, but for a sale in a hundred
            careful = person[customer] & (risk[customer] == 1) & (rng.random(len(customer)) > 0.01)
            product = np.where(careful, _WEALTH_SAFE, product)
        else:
            product = np.full(len(customer), _BONDS[0])
        _chain(ledger, rng, customer, product, fen(amount, _ROUND))


def _pieces(rng, amount: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Split holdings into one to `most` contracts of at least 20,000 each; drop what is under 2,000."""
    holders = np.flatnonzero(amount >= 2_000)
    count = np.minimum(1 + (amount[holders] // 60_000).astype(int), rng.integers(1, most + 1, len(holders)))
    customer = np.repeat(holders, count)
    return customer, np.repeat(amount[holders] / count, count) * rng.uniform(0.8, 1.2, len(customer))


def _chain(ledger: Ledger, rng, customer, product, principal) -> None:
    """Roll each contract over until it leaves or the feed ends: maturity, then a new one the same day."""
    window = ledger.window
    since, leaving = ledger.trait("since")[customer], leaving_day(ledger)[customer]
    term = products.TERM[product]
    # the first contract is somewhere in its term when the feed begins; some begin later
    age = (rng.random(len(customer)) * term * 30.4).astype(int)
    late = rng.random(len(customer)) < 0.22
    length = window.last - window.first
    opened = np.where(
        late, window.first + 2 + (rng.random(len(customer)) * (length - 2)).astype(int), window.first - age
    )
    opened = np.maximum(opened, since + 1)
    rolled = np.zeros(len(customer), dtype=bool)
    while len(customer):
        good = (opened <= window.last) & (opened < leaving)
        customer, product, principal, opened, leaving, rolled = (
            array[good] for array in (customer, product, principal, opened, leaving, rolled)
        )
        matures = add_months_to_days(opened, products.TERM[product])
        early = leaving < matures
        closes = np.where(early, np.maximum(leaving, opened + 1), matures)
        goes_on = ~early & (rng.random(len(customer)) < 0.86)
        _contract(ledger, rng, customer, product, principal, opened, matures, closes, rolled, goes_on, early)
        customer, product, principal, leaving, opened = (
            array[goes_on] for array in (customer, product, principal, leaving, matures)
        )
        rolled = np.ones(len(customer), dtype=bool)


def _contract(
    ledger, rng, customer, product, principal, opened, matures, closes, rolled, goes_on, early
) -> None:
    window = ledger.window
    if not len(customer):
        return
    ended = closes <= window.last
    ids = ledger.open(customer, product, opened, matures, np.where(ended, closes, FAR), principal)
    ledger.level(ids, np.maximum(opened, window.first), principal, keep=~ended | (closes > window.first))
    ledger.level(ids, closes, 0, keep=closes > window.first)
    channel = ledger.channels(rng, customer)
    ledger.post(ids, opened, PURCHASE, channel, principal)
    ledger.post(customer, opened, PURCHASE, channel, -principal)
    # fresh money comes from another bank the same day; a rolled-over contract pays for the next
    ledger.post(customer, opened, TRANSFER_IN, channel, principal, keep=~rolled)
    years = np.where(early, 0.25, 1.0) * (closes - opened) / 365
    gain = (principal * products.RATE[product] * years).astype(np.int64)
    wealth = products.FAMILY[product] == "wealth"
    fee = np.where(wealth, (principal * 0.004 * (closes - opened) / 365).astype(np.int64), 0)
    back = ledger.channels(rng, customer)
    back = np.where(early & (rng.random(len(customer)) < 0.5), COUNTER, back)
    ledger.post(ids, closes, REDEMPTION, back, -(principal - fee))
    ledger.post(ids, closes, FEE, SYSTEM, -fee)
    ledger.post(customer, closes, REDEMPTION, back, principal)
    ledger.post(customer, closes, INTEREST, SYSTEM, gain)
    ledger.post(customer, closes, TRANSFER_OUT, back, -principal, keep=~goes_on)
