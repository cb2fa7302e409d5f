"""Rows in batches, for files that are written in constant memory."""

from collections.abc import Iterable, Iterator
from itertools import islice

BATCH = 500


def batched(rows: Iterable, size: int = BATCH) -> Iterator[list]:
    """Yield `rows` in lists of `size`, the last one shorter."""
    rest = iter(rows)
    while batch := list(islice(rest, size)):
        yield batch
