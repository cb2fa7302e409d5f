"""How balances run: steady, growing, drifting down, draining away, just begun."""

import numpy as np

from crm.demo.holidays import spring_festival
from crm.demo.ledger import Ledger
from crm.demo.population import CHURNER, DRIFTER, GROWER
from crm.demo.window import as_date, day

SILENT_AFTER = 45  # days between a churner's turn and his last posting


def silent_from(ledger: Ledger) -> np.ndarray:
    """Return the first day without any posting of the customer's own: churners fall silent."""
    path, turn = ledger.trait("path"), ledger.trait("turn")
    return np.where(path == CHURNER, turn + SILENT_AFTER, ledger.window.last + 10_000)


def monthly_factors(ledger: Ledger, rng: np.random.Generator) -> np.ndarray:
    """Return each month's level aimed at against that at the start, shape (customers, months)."""
    starts = ledger.window.month_starts()
    path, turn = ledger.trait("path"), ledger.trait("turn")
    since_turn = (starts[None, :] + 20 - turn[:, None]) / 30.4
    ramp = np.clip(since_turn, 0, 6) / 6
    size = ledger.size
    grow = 1 + ramp * rng.uniform(0.4, 1.8, size)[:, None]
    drift = 1 - ramp * rng.uniform(0.3, 0.65, size)[:, None]
    drain = np.select([since_turn < -0.5, since_turn < 0.3, since_turn < 1.0], [1.0, 0.55, 0.15], 0.02)
    steady = 1.006 ** np.arange(len(starts))[None, :]
    shape = np.select(
        [(path == GROWER)[:, None], (path == DRIFTER)[:, None], (path == CHURNER)[:, None]],
        [grow, drift, drain],
        np.broadcast_to(steady, (size, len(starts))),
    )
    noise = np.exp(rng.normal(0, 0.08, shape.shape))
    return shape * noise * season(starts)[None, :]


def season(starts: np.ndarray) -> np.ndarray:
    """Return the factor of each month: money gathers before the Spring Festival and leaves after it."""
    factors = []
    for start in starts:
        festival = day(spring_festival(as_date(start).year))
        distance = festival - int(start)
        factors.append(1.14 if 0 <= distance < 45 else 0.96 if -31 <= distance < 0 else 1.0)
    return np.array(factors)


def leaving_day(ledger: Ledger) -> np.ndarray:
    """Return the day on which a churner takes his contracts out; far away for the others."""
    path, turn = ledger.trait("path"), ledger.trait("turn")
    return np.where(path == CHURNER, turn, ledger.window.last + 10_000)
