"""Many figures of one row as one value of a fixed layout (bytea): written once a night, read row by row.

Every column costs PostgreSQL a conversion each way; one value costs one, however many figures it holds. What
SQL filters or sorts by stays a column of its own. Numbers are big-endian, as PostgreSQL sends them, so that
SQL can read integers out of the value (`Layout.sql`). Null is the type's least number, of a float NaN.

A layout grows at its end only: a value written before lacks the later columns, and they read as null. Frames
of packed rows: performance/packing.py.
"""

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

EPOCH = date(1970, 1, 1).toordinal()
FORMATS = {"int8": "q", "int4": "i", "int2": "h", "float8": "d", "day": "i", "flag": "b"}
WORD = "b"  # a word is kept as its place in the layout's list of words
CASTS = {8: "bigint", 4: "integer", 2: "smallint"}


@dataclass(frozen=True)
class Layout:
    """`columns`: name → kind, a key of FORMATS, or the tuple of words that the column may hold."""

    columns: Mapping[str, str | tuple[str, ...]]

    def format_of(self, name: str) -> str:
        kind = self.columns[name]
        return FORMATS[kind] if isinstance(kind, str) else WORD

    @cached_property
    def offsets(self) -> dict[str, int]:
        """Where each column begins, in bytes."""
        places, end = {}, 0
        for name in self.columns:
            places[name] = end
            end += struct.calcsize(self.format_of(name))
        return places

    @cached_property
    def size(self) -> int:
        """Bytes of a whole value."""
        return sum(struct.calcsize(self.format_of(name)) for name in self.columns)

    def null(self, name: str) -> float:
        """What stands for null in the column."""
        code = self.format_of(name)
        return math.nan if code == "d" else -(1 << 8 * struct.calcsize(code) - 1)

    def write(self, values: Mapping) -> bytes:
        """Pack one row; columns that are missing or None become null. Raises KeyError for a stranger."""
        strangers = values.keys() - self.columns.keys()
        if strangers:
            raise KeyError(f"the layout has no column {sorted(strangers)[0]!r}")
        return b"".join(
            struct.pack(f">{self.format_of(name)}", self._number(name, values.get(name)))
            for name in self.columns
        )

    def read(self, value: bytes) -> dict:
        """Unpack one row as name → int, float, bool, date, word or None."""
        found = dict.fromkeys(self.columns)
        for name, offset in self.offsets.items():
            code = f">{self.format_of(name)}"
            if offset + struct.calcsize(code) > len(value):
                break  # written before the column was added
            (number,) = struct.unpack_from(code, value, offset)
            if number == number and number != self.null(name):
                found[name] = self._value(name, number)
        return found

    def sql(self, name: str, value: str) -> str:
        """The SQL that reads an integer column from the bytea `value`; null is the least number."""
        size = struct.calcsize(self.format_of(name))
        return f"substr({value}, {self.offsets[name] + 1}, {size})::{CASTS[size]}"

    def _number(self, name: str, value) -> float:
        if value is None:
            return self.null(name)
        kind = self.columns[name]
        if not isinstance(kind, str):
            return kind.index(value)
        return value.toordinal() - EPOCH if kind == "day" else value

    def _value(self, name: str, number: float):
        kind = self.columns[name]
        if not isinstance(kind, str):
            return kind[number]
        if kind == "day":
            return date.fromordinal(number + EPOCH)
        return bool(number) if kind == "flag" else number


def unpacked(layout: Layout, field: str) -> type:
    """A base class for a model whose bytea `field` holds `layout`: each column as an attribute of the row.

    Setting one packs the value anew, so such rows can be made like others; queries know only `field`.
    """

    def values(row) -> dict:
        packed = getattr(row, field)
        known = row.__dict__.get("_unpacked")
        if known is None or known[0] is not packed:
            known = row.__dict__["_unpacked"] = (packed, layout.read(packed))
        return known[1]

    def attribute(name: str) -> property:
        def write(row, value) -> None:
            changed = values(row) | {name: value}
            setattr(row, field, layout.write(changed))

        return property(lambda row: values(row)[name], write)

    return type("Unpacked", (), {name: attribute(name) for name in layout.columns} | {"unpacked": values})
