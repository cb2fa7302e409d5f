"""Chance that a seed decides: one independent stream per purpose and block of customers."""

import zlib
from collections.abc import Sequence

import numpy as np


class Dice:
    """`dice("names", 3)` is always the same generator for the same seed, whatever was drawn elsewhere."""

    def __init__(self, seed: int):
        self.seed = seed

    def __call__(self, stream: str, block: int = 0) -> np.random.Generator:
        return np.random.default_rng([self.seed, zlib.crc32(stream.encode()), block])


def pick(rng: np.random.Generator, weights: Sequence[float], size) -> np.ndarray:
    """Return indices drawn with `weights` (any positive scale), of shape `size`."""
    edges = np.cumsum(np.asarray(weights, dtype=float))
    return np.minimum(np.searchsorted(edges, rng.random(size) * edges[-1], side="right"), len(edges) - 1)


def choose(rng: np.random.Generator, values: Sequence, size, weights: Sequence[float] | None = None):
    """Return values drawn with `weights` (equal ones if none) as an array."""
    index = rng.integers(0, len(values), size) if weights is None else pick(rng, weights, size)
    return np.asarray(values)[index]


def fen(yuan: np.ndarray, step: int = 1) -> np.ndarray:
    """Return yuan as integer fen, rounded to `step` fen."""
    return (np.round(np.asarray(yuan) * 100 / step) * step).astype(np.int64)
