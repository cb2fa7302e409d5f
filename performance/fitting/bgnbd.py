"""BG/NBD: whether a customer is still active, and how many active weeks will come.

Question: who has silently left, and what will the others do? A week is active with at least one posting the
customer began; x = active weeks − 1, t_x weeks from the first to the last of them, T weeks since the first.
Formula: Fader, Hardie and Lee, "Counting Your Customers" the Easy Way (Marketing Science 24, 2005): while
active a customer comes by a Poisson process, his rate gamma distributed over customers (r, α); after each
active week he leaves for good with a probability that is beta distributed (a, b).
Not enough data: a fit needs `LEAST` customers and one of them with x > 0.
Source: domain.md §0; CDNOW's 2,357 customers give r .2426, α 4.4135, a .7929, b 2.4258 (tests).
"""

from dataclasses import asdict, dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import gammaln, hyp2f1, psi

LEAST = 100
CELLS = 20_000_000  # whole weeks are counted in a grid up to this size, anything else is sorted
START = np.log([1.0, 5.0, 1.0, 2.0])
BOUNDS = [(-12.0, 12.0)] * 4
NEAR = {"ftol": 1e-8, "gtol": 1e-5}  # near the optimum; Newton's steps do the rest in fewer looks


class CannotFit(ValueError):
    """There is too little to learn from, or the search found no optimum; the message says which."""


@dataclass(frozen=True)
class BgNbd:
    """Fitted parameters, and the log-likelihood over `customers` (weights summed)."""

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float
    customers: float

    def as_dict(self) -> dict:
        return asdict(self)


def fit(x, t_x, age, weights=None) -> BgNbd:
    """Return the parameters of greatest likelihood.

    `x` (int ≥ 0), `t_x` and `age` (T, same unit, 0 ≤ t_x ≤ T) are arrays of one entry a customer, or of one
    a distinct row with `weights`. Rows are binned first: the search costs by distinct rows, and gamma
    functions by distinct x, however many customers. Raises CannotFit.
    """
    x, t_x, age, weights = binned(x, t_x, age, weights)
    customers = weights.sum()
    if customers < LEAST or not (x > 0).any():
        raise CannotFit(
            f"BG/NBD needs {LEAST} customers, some with two active weeks; there are {customers:g}."
        )
    scale = age.max()  # α near 1 whatever the unit of time: the search converges in few steps
    work = _Work(x, t_x / scale, age / scale, weights)
    start = START - [0, np.log(scale), 0, 0]
    found = minimize(work, start, jac=True, method="L-BFGS-B", bounds=BOUNDS, options=NEAR)
    found = _polished(work, found.x)
    r, alpha, a, b = np.exp(found)
    value = -work(found)[0] * customers - (weights * x).sum() * np.log(scale)
    if not np.isfinite(value):
        raise CannotFit("BG/NBD found no parameters: look at the active weeks it was given.")
    return BgNbd(r, alpha * scale, a, b, float(value), float(customers))


def binned(x, t_x, age, weights=None):
    """Return distinct (x, t_x, T) rows, in order, with the customers on each."""
    keys = [np.asarray(values, dtype=np.float64) for values in (x, t_x, age)]
    weights = np.ones(len(keys[0])) if weights is None else np.asarray(weights, dtype=np.float64)
    sizes = [int(values.max(initial=0)) + 1 for values in keys]
    if np.prod(sizes, dtype=np.float64) > CELLS or any((values % 1).any() for values in keys):
        rows, place = np.unique(np.column_stack(keys), axis=0, return_inverse=True)
        return *rows.T.copy(), np.bincount(place.ravel(), weights)
    counted = np.bincount(np.ravel_multi_index([values.astype(np.int64) for values in keys], sizes), weights)
    cells = np.flatnonzero(counted)
    return *(part.astype(np.float64) for part in np.unravel_index(cells, sizes)), counted[cells]


class _Work:
    """The mean negative log-likelihood and its gradient in the logarithms of (r, α, a, b)."""

    def __init__(self, x, t_x, age, weights):
        self.x, self.t_x, self.age = x, t_x, age
        self.share = weights / weights.sum()
        self.again = x > 0
        self.distinct, self.place = np.unique(x, return_inverse=True)

    def __call__(self, logs):
        r, alpha, a, b = np.exp(logs)
        x, again = self.distinct, self.distinct > 0
        least = np.where(again, x, 1.0)  # x or 1: log(b + x − 1) is asked for x > 0 only
        of_x = gammaln(r + x) - gammaln(r) + r * logs[1]
        of_x += gammaln(a + b) - gammaln(b) + gammaln(b + x) - gammaln(a + b + x)
        gone_x = logs[2] - np.log(b + least - 1)
        by_r, by_ab = psi(r + x) - psi(r) + logs[1], psi(a + b) - psi(a + b + x)
        by_b = by_ab + psi(b + x) - psi(b)

        place = self.place
        still, left = alpha + self.age, alpha + self.t_x
        log_still, log_left = np.log(still), np.log(left)
        count = r + self.x
        alive = -count * log_still
        gone = np.where(self.again, gone_x[place] - count * log_left, -np.inf)
        ratio = np.exp(np.minimum(gone - alive, 700.0))
        p_alive = 1 / (1 + ratio)
        p_gone, both = ratio * p_alive, alive + np.log1p(ratio)

        value = self._mean(of_x[place] + both)
        d_r = by_r[place] - p_alive * log_still - p_gone * log_left
        d_alpha = r / alpha - count * (p_alive / still + p_gone / left)
        d_a = by_ab[place] + p_gone / a
        d_b = by_b[place] - p_gone / (b + least[place] - 1)
        slope = np.array([self._mean(part) for part in (d_r, d_alpha, d_a, d_b)])
        return -value, -slope * (r, alpha, a, b)

    def _mean(self, values) -> float:
        """The mean over customers; a plain sum, as BLAS would start threads of its own for it."""
        return np.multiply(self.share, values).sum()


def _polished(work: _Work, logs):
    """Newton's steps on the gradient: the optimum to the last digits, so that a fit is reproducible."""
    for _ in range(20):
        value, slope = work(logs)
        step = 1e-5
        columns = [(work(logs + step * e)[1] - work(logs - step * e)[1]) / (2 * step) for e in np.eye(4)]
        bend = np.array(columns)
        try:
            move = np.linalg.solve((bend + bend.T) / 2, -slope)
        except np.linalg.LinAlgError:
            return logs
        if not np.isfinite(move).all() or work(logs + move)[0] > value + 1e-14:
            return logs
        logs = logs + move
        if np.abs(move).max() < 1e-10:
            return logs
    return logs


def p_alive(model: BgNbd, x, t_x, age) -> np.ndarray:
    """Return the probability that each customer has not left, at his age T."""
    x, t_x, age = (np.asarray(values, dtype=np.float64) for values in (x, t_x, age))
    return 1 / (1 + _odds_gone(model, x, t_x, age))


def expected(model: BgNbd, x, t_x, age, weeks: float) -> np.ndarray:
    """Return the active weeks to be expected of each customer in the next `weeks`."""
    x, t_x, age = (np.asarray(values, dtype=np.float64) for values in (x, t_x, age))
    r, alpha, a, b = model.r, model.alpha, model.a, model.b
    later = alpha + age + weeks
    hyper = hyp2f1(r + x, b + x, a + b + x - 1, weeks / later)
    fading = np.exp((r + x) * np.log((alpha + age) / later))
    return (a + b + x - 1) / (a - 1) * (1 - fading * hyper) * p_alive(model, x, t_x, age)


def _odds_gone(model: BgNbd, x, t_x, age):
    r, alpha, a, b = model.r, model.alpha, model.a, model.b
    again = x > 0
    grown = np.exp((r + x) * (np.log(alpha + age) - np.log(alpha + t_x)))
    return np.where(again, a / (b + np.where(again, x, 1.0) - 1) * grown, 0.0)
