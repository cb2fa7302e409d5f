"""Rows in PostgreSQL's binary COPY format: per row a count, per field its length and value."""

import numpy as np

from crm.feed.errors import Unclean
from crm.feed.records import RecordType

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
NULL = np.iinfo(np.int64).min  # no value of a feed is as small
_TYPES = {"int2": (">i2", 2), "int4": (">i4", 4), "int8": (">i8", 8), "date": (">i4", 4)}


class Sheets:
    """Two sheets of rows used in turn: while one is sent, the next is filled. What is the same in every row
    stands in them already, and their memory is asked of the system once."""

    def __init__(self, record: RecordType, constants: dict[str, int], growth: int = 1):
        """`growth`: how many times as many rows as at first will be asked for later."""
        self._fields, self._growth = record.direct, growth
        layout = [("n", ">i2")]
        for field in self._fields:
            layout += [(f"{field.target}_n", ">i4"), (field.target, _TYPES[field.type][0])]
        self._blank = np.zeros(1, dtype=layout)
        self._blank["n"] = len(self._fields)
        for field in self._fields:
            self._blank[f"{field.target}_n"] = _TYPES[field.type][1]
            self._blank[field.target] = constants.get(field.target, 0)
        self._sheets = [self._blank, self._blank]  # too short for any rows

    def filled(self, values: dict, count: int, numbers: dict[str, int]) -> memoryview:
        """Return `count` rows in the order of the table, good until the next but one: `values` by source,
        `numbers` the first number of every sequence. Raises Unclean for a row without a value."""
        self._sheets.reverse()
        if len(self._sheets[0]) < count:
            self._sheets[0] = np.repeat(self._blank, count * self._growth * 9 // 8)  # rows differ in length
        rows = self._sheets[0][:count]
        order = np.argsort(values["rank"]) if "rank" in values else slice(None)
        for field in self._fields:
            if field.sources:
                rows[field.target] = _first(values, field.sources)[order]
            elif field.sequence:
                start = numbers[field.target]
                rows[field.target] = np.arange(start, start + count)
        return memoryview(rows.view(np.uint8))


def _first(values: dict, sources: tuple[str, ...]) -> np.ndarray:
    """Return the first of the sources that is not null, row by row."""
    found = values[sources[0]]
    for source in sources[1:]:
        found = np.where(found == NULL, values[source], found)
    if found.min(initial=0) == NULL:
        raise Unclean(f"{sources[0]} has no value")
    return found
