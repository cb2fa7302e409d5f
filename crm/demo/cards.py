"""Credit cards and small services: spending on the card, one repayment a month."""

import numpy as np

from crm.demo import products
from crm.demo.dice import fen
from crm.demo.ledger import APP, CARD_SPEND, COUNTER, FAR, FEE, SYSTEM, TRANSFER_IN, TRANSFER_OUT, Ledger
from crm.demo.paths import silent_from
from crm.demo.population import COMPANY, PERSON, SOLE_TRADER

_CARDS = products.numbers("CC101", "CC201", "CC301")
_PAYROLL, _MERCHANT, _WEB, _SAFE, _NOTICES = products.numbers("SV101", "SV201", "SV301", "SV401", "SV501")
_POSTINGS_A_MONTH = 4.0


def run(ledger: Ledger, rng: np.random.Generator) -> None:
    """Add the block's cards and service contracts."""
    _credit_cards(ledger, rng)
    kind, wealth = ledger.trait("kind"), ledger.trait("wealth")
    draw = rng.random((5, ledger.size))
    firm = (kind == COMPANY) | (kind == SOLE_TRADER)
    for product, holds in (
        (_PAYROLL, (kind >= COMPANY) & (draw[0] < 0.4)),
        (_MERCHANT, firm & (draw[1] < 0.38)),
        (_WEB, (kind >= COMPANY) & (draw[2] < 0.62)),
        (_SAFE, (kind == PERSON) & (wealth > 400_000) & (draw[3] < 0.15)),
        (_NOTICES, (kind == PERSON) & (draw[4] < 0.3)),
    ):
        _service(ledger, rng, product, np.flatnonzero(holds))


def _since(ledger: Ledger, rng, customer) -> np.ndarray:
    since = ledger.trait("since")[customer]
    return np.minimum(since + rng.integers(1, 900, len(customer)), np.maximum(since, ledger.window.first - 1))


def _credit_cards(ledger: Ledger, rng) -> None:
    window, kind = ledger.window, ledger.trait("kind")
    age = ledger.population.age(window.last)[ledger.start : ledger.start + ledger.size]
    chance = np.where(
        kind == PERSON, np.select([age < 22, age < 45, age < 60], [0.15, 0.58, 0.36], 0.1), 0.12
    )
    customer = np.flatnonzero((rng.random(ledger.size) < chance) & (ledger.trait("since") < window.last - 40))
    person = kind[customer] == PERSON
    rich = ledger.trait("wealth")[customer] > 300_000
    product = np.where(person, np.where(rich, _CARDS[1], _CARDS[0]), _CARDS[2])
    opened = _since(ledger, rng, customer)
    limit = fen(np.round(np.clip(ledger.trait("wealth")[customer] * 0.3, 5_000, 200_000), -3))
    ids = ledger.open(customer, product, opened, None, None, limit)
    starts = window.month_starts()
    scale = np.clip(ledger.trait("wealth")[customer], 5_000, 2_000_000) ** 0.35 * 2.6
    pay_day = rng.integers(4, 26, len(customer))
    last = np.minimum(silent_from(ledger)[customer], window.last + 1)
    bill = np.zeros(len(customer), dtype=np.int64)
    channel = ledger.channels(rng, customer)
    channel = np.where(channel == COUNTER, SYSTEM, channel)
    for start in starts:
        # repay last month's bill, then spend
        due = start + pay_day
        pays = (due < last) & (due > opened) & (bill > 0) & (due > window.first)
        ledger.post(ids, due, TRANSFER_IN, channel, bill, keep=pays)
        ledger.post(customer, due, TRANSFER_OUT, channel, -bill, keep=pays)
        bill = np.where(pays, 0, bill)
        count = rng.poisson(_POSTINGS_A_MONTH, len(customer))
        spender = np.repeat(np.arange(len(customer)), count)
        on = start + rng.integers(0, 28, len(spender))
        amount = fen(scale[spender] * np.exp(rng.normal(0, 0.9, len(spender))))
        good = (on < last[spender]) & (on > opened[spender]) & (on > window.first)
        ledger.post(
            ids[spender],
            on,
            CARD_SPEND,
            np.where(rng.random(len(spender)) < 0.7, APP, SYSTEM),
            -amount,
            keep=good,
        )
        np.add.at(bill, spender[good], amount[good])


def _service(ledger: Ledger, rng, product: int, customer) -> None:
    """Add contracts and their yearly or monthly fee on the current account."""
    opened = _since(ledger, rng, customer)
    ledger.open(customer, product, opened, None, FAR, 0)
    wealth = ledger.trait("wealth")[customer]
    last = silent_from(ledger)[customer]
    fee = {
        _PAYROLL: 30 + wealth**0.5 * 0.05,
        _MERCHANT: 60 + wealth**0.5 * 0.35,
        _WEB: np.full(len(customer), 40.0),
        _SAFE: np.full(len(customer), 25.0),
        _NOTICES: np.full(len(customer), 2.0),
    }[product]
    amount = fen(fee * np.where(product in (_PAYROLL, _MERCHANT), rng.uniform(0.7, 1.4, len(customer)), 1.0))
    for start in ledger.window.month_starts():
        # with the monthly run of the bank, on the 21st
        on = np.full(len(customer), start + 20)
        ledger.post(customer, on, FEE, SYSTEM, -amount, keep=(on > opened) & (on < last))
