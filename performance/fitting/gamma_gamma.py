"""Gamma-Gamma: what an active week is worth, pulled towards everybody's mean where a customer had few.

Formula: Fader and Hardie, The Gamma-Gamma Model of Monetary Value (2013): a week's worth is gamma distributed
with shape p, its scale gamma distributed over customers (q, v). Independent of how often a customer comes.
Not enough data: a fit needs `LEAST` customers with x > 0 and a worth above 0.
Source: domain.md §0; CDNOW's 946 repeat buyers give p 6.2488, q 3.7446, v 15.4478 (tests).
"""

from dataclasses import asdict, dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import gammaln, polygamma, psi

from performance.fitting.bgnbd import CannotFit

LEAST = 100
START = np.log([6.0, 4.0, 15.0])
SAMPLE = 5_000  # customers that the search begins with: near the optimum a few looks at everybody suffice


@dataclass(frozen=True)
class GammaGamma:
    """Fitted parameters (v in the unit of the worth), and the log-likelihood over `customers`."""

    p: float
    q: float
    v: float
    log_likelihood: float
    customers: int

    def as_dict(self) -> dict:
        return asdict(self)


def fit(x, mean) -> GammaGamma:
    """Return the parameters of greatest likelihood over customers with `x` > 0 and `mean` worth > 0.

    Gamma functions are computed once for each distinct x; a look at everybody is one logarithm and one
    division a customer. Raises CannotFit.
    """
    x, mean = np.asarray(x, dtype=np.int64), np.asarray(mean, dtype=np.float64)
    kept = (x > 0) & (mean > 0)
    x, mean = x[kept], mean[kept]
    if len(x) < LEAST:
        raise CannotFit(f"Gamma-Gamma needs {LEAST} customers with two active weeks; there are {len(x)}.")
    scale = float(mean.mean()) / 15  # v near its start whatever the unit of money
    mean = mean / scale
    start, every = START, len(x) // SAMPLE
    if every > 1:
        start = _search(_Work(x[::every], mean[::every]), start)
    work = _Work(x, mean)
    found = _search(work, start)
    p, q, v = np.exp(found)
    value = -work.value(found) * len(x) - len(x) * np.log(scale)
    if not np.isfinite(value):
        raise CannotFit("Gamma-Gamma found no parameters: look at the worth it was given.")
    return GammaGamma(float(p), float(q), float(v) * scale, float(value), len(x))


def _search(work: "_Work", start):
    """Newton's steps within a trust region, on the exact second derivatives."""
    return minimize(
        work.value, start, jac=work.slope, hess=work.bend, method="trust-exact", options={"gtol": 1e-9}
    ).x


class _Work:
    """The mean negative log-likelihood in the logarithms of (p, q, v), its gradient and Hessian."""

    def __init__(self, x, mean):
        self.place, self.total = x, x * mean
        counts = np.bincount(x)
        self.x = np.flatnonzero(counts)
        self.n = counts[self.x] / len(x)
        log_mean = np.log(mean)
        self.worth = self._per_customer(log_mean)
        self.at = None

    def _per_customer(self, values):
        """Σ of `values` by distinct x, over the number of customers."""
        return np.bincount(self.place, values)[self.x] / len(self.place)

    def _look(self, logs):
        """Value, gradient and Hessian at `logs`, computed once for the three questions asked there."""
        if self.at is not None and np.array_equal(self.at, logs):
            return self.seen
        p, q, v = np.exp(logs)
        x, n = self.x, self.n
        whole = self.total + v
        part = 1 / whole
        log_whole, inverse = self._per_customer(np.log(whole)), self._per_customer(part)
        square = self._per_customer(part * part)
        shape, weight = p * x, p * x + q
        value = (
            n * (gammaln(weight) - gammaln(shape) - gammaln(q) + q * logs[2] + shape * np.log(x))
            + (shape - 1) * self.worth
            - weight * log_whole
        ).sum()
        both = psi(weight)
        slope = np.array(
            [
                (x * (n * (both - psi(shape) + np.log(x)) + self.worth - log_whole)).sum(),
                (n * (both - psi(q) + logs[2]) - log_whole).sum(),
                q / v - (weight * inverse).sum(),
            ]
        )
        bent = n * polygamma(1, weight)
        pp = (x * x * (bent - n * polygamma(1, shape))).sum()
        qq = bent.sum() - float(polygamma(1, q))
        vv = (weight * square).sum() - q / v**2
        pq, pv, qv = (x * bent).sum(), -(x * inverse).sum(), 1 / v - inverse.sum()
        bend = np.array([[pp, pq, pv], [pq, qq, qv], [pv, qv, vv]])
        scale = np.array([p, q, v])
        self.at = logs.copy()
        self.seen = -value, -slope * scale, -(bend * np.outer(scale, scale) + np.diag(slope * scale))
        return self.seen

    def value(self, logs):
        return self._look(logs)[0]

    def slope(self, logs):
        return self._look(logs)[1]

    def bend(self, logs):
        return self._look(logs)[2]


def expected_worth(model: GammaGamma, x, mean) -> np.ndarray:
    """Return the worth to be expected of each customer's next active week, in the unit of `mean`.

    For x = 0 it is everybody's mean, p·v ÷ (q − 1).
    """
    x, mean = np.asarray(x, dtype=np.float64), np.asarray(mean, dtype=np.float64)
    everybody = model.p * model.v / (model.q - 1)
    own = model.p * x / (model.p * x + model.q - 1)
    return np.where(x > 0, own * mean + (1 - own) * everybody, everybody)
