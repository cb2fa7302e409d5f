"""Kinds of columns: how a text of the feed becomes a value, in SQL that PostgreSQL runs over a whole file.

`bad(x)` is a boolean SQL expression, true when the text `x` (never null) breaks the kind's rule; it never
raises. `cast(x)` gives the value of a text that is not bad. `reason` finishes the sentence "the value …".
"""

from collections.abc import Mapping
from dataclasses import dataclass

HASHES = "feed_staging.hashes"  # (kind, text, hash) of the folder's keys that the database knows by hash


def quoted(text: str) -> str:
    """Return `text` as an SQL literal."""
    return "'" + str(text).replace("'", "''") + "'"


@dataclass(frozen=True)
class Text:
    """Any text of at most `longest` characters."""

    longest: int
    pattern: str = ""
    meaning: str = "text"

    def bad(self, x: str) -> str:
        too_long = f"length({x}) > {self.longest}"
        return f"({too_long} OR {x} !~ {quoted(self.pattern)})" if self.pattern else too_long

    def cast(self, x: str) -> str:
        return x

    @property
    def reason(self) -> str:
        if self.pattern:
            return f"is not {self.meaning}"
        return f"is longer than {self.longest} characters"

    @property
    def words(self) -> str:
        return self.meaning if self.pattern else f"text ≤ {self.longest}"


@dataclass(frozen=True)
class Code:
    """One word of a list. `numbers` gives the number the table stores in its place."""

    choices: tuple[str, ...]
    numbers: Mapping[str, int] | None = None

    @classmethod
    def of(cls, choices) -> "Code":
        """Make it of Django choices: values of TextChoices, lower-case member names of IntegerChoices."""
        if issubclass(choices, int):
            numbers = {member.name.lower(): member.value for member in choices}
            return cls(tuple(numbers), numbers)
        return cls(tuple(choices.values))

    def __hash__(self):
        return hash(self.choices)

    def bad(self, x: str) -> str:
        return f"{x} NOT IN ({', '.join(map(quoted, self.choices))})"

    def cast(self, x: str) -> str:
        if self.numbers is None:
            return x
        whens = " ".join(f"WHEN {quoted(word)} THEN {number}" for word, number in self.numbers.items())
        return f"(CASE {x} {whens} END)::smallint"

    @property
    def reason(self) -> str:
        return f"is not one of {', '.join(self.choices)}"

    @property
    def words(self) -> str:
        return "one of " + ", ".join(f"`{word}`" for word in self.choices)


@dataclass(frozen=True)
class Date:
    """A day as YYYY-MM-DD, from 1800-01-01 to 9999-12-31."""

    def bad(self, x: str) -> str:
        return (
            f"NOT ({x} LIKE '____-__-__' AND pg_input_is_valid({x}, 'date') AND {x} COLLATE \"C\" >= '1800')"
        )

    def cast(self, x: str) -> str:
        return f"{x}::date"

    reason = "is not a date of the calendar written YYYY-MM-DD"
    words = "date"


@dataclass(frozen=True)
class LedgerDate(Date):
    """A day that the folder is about: after `since` (or `late_since`) and not after the business date."""

    words = "date inside the folder's days"


@dataclass(frozen=True)
class Timestamp:
    """A moment in ISO 8601 with its offset: 2026-06-30T10:15:00+08:00."""

    def bad(self, x: str) -> str:
        pattern = r"^[12]\d{3}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d(:?\d\d)?)$"
        return f"NOT ({x} ~ {quoted(pattern)} AND pg_input_is_valid({x}, 'timestamptz'))"

    def cast(self, x: str) -> str:
        return f"{x}::timestamptz"

    reason = "is not a moment written like 2026-06-30T10:15:00+08:00, with its offset"
    words = "moment with offset"


@dataclass(frozen=True)
class Money:
    """Yuan with two decimals, below 10^12 (deltas of balances multiply it); the value is integer fen."""

    signed: bool = False

    def bad(self, x: str) -> str:
        shape = f"{x} LIKE '%_.__' AND length(ltrim({x}, '-')) <= 15 AND pg_input_is_valid({x}, 'numeric')"
        return f"NOT ({shape})" if self.signed else f"NOT ({shape} AND {x} NOT LIKE '-%')"

    def cast(self, x: str) -> str:
        return f"({x}::numeric * 100)::bigint"

    @property
    def reason(self) -> str:
        sign = "" if self.signed else ", not negative"
        return f"is not an amount in yuan with two decimals, like 1234.50{sign}"

    @property
    def words(self) -> str:
        return "money" if self.signed else "money ≥ 0"


@dataclass(frozen=True)
class Number:
    """A number from `low` to `high` with at most `places` decimals; stored as the integer `times` × it.

    `times` None keeps it a decimal.
    """

    low: int
    high: int
    places: int = 0
    times: int | None = 1
    what: str = "a number"

    def bad(self, x: str) -> str:
        inside = f"scale({x}::numeric) <= {self.places} AND {x}::numeric BETWEEN {self.low} AND {self.high}"
        return (
            f"NOT (CASE WHEN length({x}) <= 20 AND pg_input_is_valid({x}, 'numeric') "
            f"THEN coalesce({inside}, false) ELSE false END)"
        )

    def cast(self, x: str) -> str:
        return f"{x}::numeric" if self.times is None else f"({x}::numeric * {self.times})::integer"

    @property
    def reason(self) -> str:
        return f"is not {self.words.replace('–', ' to ')}"

    @property
    def words(self) -> str:
        decimals = f", ≤ {self.places} decimals" if self.places else ""
        return f"{self.what} {self.low}–{self.high}{decimals}"


def percent_rate() -> Number:
    """A yearly rate in percent (1.55), stored in hundred-thousandths (1550)."""
    return Number(-100, 100, places=3, times=1000, what="a rate in percent")


@dataclass(frozen=True)
class Boolean:
    """1 or 0."""

    def bad(self, x: str) -> str:
        return f"{x} NOT IN ('0', '1')"

    def cast(self, x: str) -> str:
        return f"({x} = '1')"

    reason = "is neither 1 nor 0"
    words = "1 or 0"


@dataclass(frozen=True)
class Reference:
    """The natural key of another record, in the database or in the same folder.

    `source` is SQL giving the rows of the database as (key, id, …extras); `record` names the record type and
    `staged` the column that holds its key in a folder (only rows where `staged_if` holds count). With
    `hashed` the database knows the key only by its keyed hash of that kind, which `source` gives as key.
    """

    record: str
    source: str
    staged: str = "number"
    staged_if: str = "true"
    extras: tuple[str, ...] = ()
    called: str = ""
    hashed: str = ""

    @property
    def by_text(self) -> str:
        """SQL of the rows with the key as the folder writes it."""
        if not self.hashed:
            return self.source
        columns = ", ".join(f"k.{name}" for name in ("id", *self.extras))
        return (
            f"(SELECT h.text AS key, {columns} FROM {HASHES} AS h JOIN {self.source} AS k ON k.key = h.hash "
            f"WHERE h.kind = {quoted(self.hashed)})"
        )

    def bad(self, x: str) -> str:
        return "false"

    def cast(self, x: str) -> str:
        return x

    @property
    def reason(self) -> str:
        return f"is no {self.called or self.record} known to the database or sent in this folder"

    @property
    def words(self) -> str:
        return f"a {self.called or self.record}"
