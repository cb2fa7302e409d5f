"""Keys that the database knows by their keyed hash, for the fast lane: every text is hashed once a file.

A text is remembered by two hashes of 8 bytes with random seeds, 128 bits that no sender can aim at; the
keyed hash alone, of 32 bytes, says which row of the database it means.
"""

import secrets

import numpy as np
import polars as pl

from crm.feed.errors import Unclean
from crm.secrets import keyed_hashes

_BYTES = 32


class HashedKeys:
    """From texts to places in `digests`, the keyed hashes of the database in any order."""

    def __init__(self, digests: bytes, kind: str):
        self._kind = kind
        self._digests = np.frombuffer(digests, np.uint8).reshape(-1, _BYTES)
        heads = np.ascontiguousarray(self._digests[:, :8]).view(">u8").ravel().astype(np.uint64)
        self._order = np.argsort(heads)
        self._heads = heads[self._order]
        size = 1 << max(10, (2 * len(heads)).bit_length())
        self._mask = np.uint64(size - 1)
        self._first, self._second = np.zeros(size, np.uint64), np.zeros(size, np.uint64)
        self._places = np.full(size, -1, np.int64)
        self._seeds = [secrets.randbits(63), secrets.randbits(63)]

    def places(self, texts: pl.Series) -> np.ndarray:
        """Return the place of every text. Raises Unclean where the database does not know one."""
        first, second = (texts.hash(seed).to_numpy() for seed in self._seeds)
        found = np.full(len(texts), -1, np.int64)
        waiting, step = np.arange(len(texts)), 0
        while len(waiting):
            one, two = first[waiting], second[waiting]
            slots = ((one + np.uint64(step)) & self._mask).astype(np.int64)
            free = self._places[slots] < 0
            if free.any():
                self._learn(texts, waiting[free], slots[free], one[free], two[free])
            # of several new ones for one slot the last one has it; the others look further
            same = (self._first[slots] == one) & (self._second[slots] == two)
            found[waiting[same]] = self._places[slots[same]]
            waiting, step = waiting[~same], step + 1
        return found

    def _learn(
        self, texts: pl.Series, rows: np.ndarray, slots: np.ndarray, first: np.ndarray, second: np.ndarray
    ) -> None:
        """Put texts into free slots; of several for one slot the last one has it."""
        slots, last = np.unique(slots[::-1], return_index=True)
        last = len(rows) - 1 - last
        self._places[slots] = self._resolved(texts.gather(rows[last]).to_list())
        self._first[slots], self._second[slots] = first[last], second[last]

    def _resolved(self, words: list[str]) -> np.ndarray:
        digests = b"".join(keyed_hashes(self._kind, words))
        wanted = np.frombuffer(digests, np.uint8).reshape(-1, _BYTES)
        heads = np.ascontiguousarray(wanted[:, :8]).view(">u8").ravel().astype(np.uint64)
        at = np.searchsorted(self._heads, heads)
        if len(at) and (not len(self._order) or at.max() >= len(self._order)):
            raise Unclean("a reference is unknown")
        places = self._order[at]
        if not (self._digests[places] == wanted).all():
            raise Unclean("a reference is unknown")
        return places
