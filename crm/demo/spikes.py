"""One manager whose deposits rise for a few days around every quarter's end: what the monitor should find."""

import numpy as np

from crm.demo.dice import fen
from crm.demo.ledger import TRANSFER_IN, TRANSFER_OUT, WEB, Ledger
from crm.demo.paths import leaving_day

_SHARE = 0.12  # of his customers take part


def run(ledger: Ledger, lead: np.ndarray, manager: int, rng: np.random.Generator) -> None:
    """Post money that comes in two days before a quarter ends and leaves three to five days after."""
    led = lead[ledger.start : ledger.start + ledger.size] == manager
    customer = np.flatnonzero(led & (rng.random(ledger.size) < _SHARE))
    stays = leaving_day(ledger)[customer]
    for _, _, end in ledger.window.quarters():
        amount = fen(np.clip(ledger.trait("wealth")[customer] * 0.8, 50_000, 5_000_000), 100_000)
        into, out = np.full(len(customer), end - 3), end + 2 + rng.integers(0, 3, len(customer))
        # both or neither: a spike that would straddle an edge of the feed is left out
        whole = (into > np.maximum(ledger.trait("since")[customer], ledger.window.first)) & (out < stays)
        whole &= out <= ledger.window.last
        ledger.post(customer, into, TRANSFER_IN, WEB, amount, keep=whole)
        ledger.post(customer, out, TRANSFER_OUT, WEB, -amount, keep=whole)
