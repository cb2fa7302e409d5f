"""A record type: one file of the feed, declared by the app that owns its table.

From the declaration come the staging table, the COPY, the SQL that checks a whole file, and the SQL that
enters it. `docs/feed.md` is compared with the declarations by a test.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from crm.feed.kinds import Boolean, Code, Date, LedgerDate, Money, Number, Reference, Text, Timestamp

Kind = Text | Code | Date | LedgerDate | Timestamp | Money | Number | Boolean | Reference
STAGING = "feed_staging"


@dataclass(frozen=True)
class Column:
    """One column of a file. `target` is its column in the table ("" = not stored by the default entry).

    `default` is the SQL used where the value is empty. `private` values are masked in reports, by the mask
    that it names where it is a text. `hashed`: the keyed hash of this kind is staged beside the value.
    """

    name: str
    kind: Kind
    required: bool = False
    target: str | None = None
    default: str | None = None
    private: bool | str = False
    hashed: str = ""

    @property
    def stored(self) -> str:
        if self.target is not None:
            return self.target
        return f"{self.name}_id" if isinstance(self.kind, Reference) else self.name

    @property
    def value(self) -> str:
        """The SQL of this column's value in the rows `r` that `rows_sql` selects."""
        name = f"{self.name}_id" if isinstance(self.kind, Reference) else self.name
        return f'r."{name}"' if self.default is None else f'coalesce(r."{name}", {self.default})'


@dataclass(frozen=True)
class Check:
    """A rule over a row: `bad` is SQL over the typed row `r` (null = not bad), `reason` ends the sentence."""

    column: str
    bad: str
    reason: str


@dataclass(frozen=True)
class LateCheck:
    """A rule that needs the records before it entered: SQL selecting (row_no, reason), ideally none.

    Runs inside the transaction, just before `enter`; a row found rolls everything back.
    """

    column: str
    sql: str


@dataclass(frozen=True)
class Bad:
    """One fault of one row. `row` counts records of the file, the header being row 1."""

    record: str
    row: int
    column: str
    value: str | None
    reason: str


@dataclass(frozen=True)
class Direct:
    """A column of the table in the fast lane: its type (int2, int4, int8, date) and the first of `sources`
    that is not null, named as `rows_sql` names its columns; with `sequence` the row's own number from it;
    neither: the load's number."""

    target: str
    type: str
    sources: tuple[str, ...] = ()
    sequence: str = ""


@dataclass(frozen=True)
class RecordType:
    """One file of the feed.

    key: the columns that name a row inside the file (and, for masters, in the database).
    enter: SQL statements (or functions of the connection) run in order; `{rows}` stands for the typed rows
        with their references resolved, `{load}`, `{since}` and `{date}` for the load's number and days.
        Empty: one INSERT into `table`, on conflict with `key` an UPDATE, built from the columns and
        `constants` (column → SQL over `r`).
    scan: rules that Python checks: the columns to read, and a function of ((row, *values) tuples, business
        date) that yields (row, column, value, reason). Rows come in batches from a server-side cursor.
    prepare: called with the connection before the transaction, to stage what Python must compute.
    before: SQL statements run before the late checks, to build what they look at.
    months: the partitioned table and the column whose months must exist.
    direct: the columns of the fast lane (crm/feed/lane.py), whose rows go in by `order`.
    """

    name: str
    table: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    checks: tuple[Check, ...] = ()
    late_checks: tuple[LateCheck, ...] = ()
    before: tuple[str, ...] = ()
    enter: tuple[str | Callable, ...] = ()
    constants: dict[str, str] = field(default_factory=dict)
    months: tuple[str, str] | None = None
    scan: tuple[tuple[str, ...], Callable[[Iterable[tuple], date], Iterator[tuple]]] | None = None
    prepare: Callable | None = None
    direct: tuple[Direct, ...] | None = None
    order: tuple[str, ...] = ()

    @property
    def staged(self) -> str:
        return f"{STAGING}.{self.name}"

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    @property
    def references(self) -> list[Column]:
        return [column for column in self.columns if isinstance(column.kind, Reference)]

    @property
    def hashed(self) -> list[tuple[str, str]]:
        """(column, kind) of the columns whose keyed hashes are staged."""
        kinds = ((c.name, c.hashed or getattr(c.kind, "hashed", "")) for c in self.columns)
        return [(name, kind) for name, kind in kinds if kind]

    def create_sql(self) -> str:
        """The staging table: every column text, and the row's number counted by the COPY."""
        columns = ", ".join(f'"{column.name}" text' for column in self.columns)
        return (
            f"CREATE UNLOGGED SEQUENCE {self.staged}_row START 2 CACHE 1000; "
            f"CREATE UNLOGGED TABLE {self.staged} "
            f"({columns}, row_no bigint NOT NULL DEFAULT nextval('{self.staged}_row'))"
        )

    def rows_sql(self, *, sure: bool) -> str:
        """SELECT of the typed rows, references resolved against the database.

        With `sure` the texts are known to be good and are cast straight; else a bad text becomes null.
        """
        chosen, joins = ["s.row_no"], []
        for column in self.columns:
            text, kind, name = f's."{column.name}"', column.kind, f'"{column.name}"'
            if isinstance(kind, Reference):
                alias = f'"{column.name}_ref"'
                chosen += [f"{text} AS {name}", f'{alias}.id AS "{column.name}_id"']
                chosen += [f'{alias}."{extra}" AS "{column.name}_{extra}"' for extra in kind.extras]
                joins.append(f"LEFT JOIN {kind.by_text} AS {alias} ON {alias}.key = {text}")
            elif sure:
                chosen.append(f"{kind.cast(text)} AS {name}")
            else:
                chosen.append(f"CASE WHEN NOT ({kind.bad(text)}) THEN {kind.cast(text)} END AS {name}")
        return f"SELECT {', '.join(chosen)} FROM {self.staged} AS s {' '.join(joins)}"

    def statements(self) -> tuple[str | Callable, ...]:
        """The statements that enter the rows, placeholders still in them."""
        return self.enter or (self._upsert(),)

    def _upsert(self) -> str:
        targets = {column.stored: column.value for column in self.columns if column.stored} | self.constants
        keys = [self.column(name).stored for name in self.key]
        names = ", ".join(f'"{name}"' for name in targets)
        updates = ", ".join(f'"{name}" = excluded."{name}"' for name in targets if name not in keys)
        return (
            f"INSERT INTO {self.table} ({names}) SELECT {', '.join(targets.values())} FROM {{rows}} AS r "
            f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {updates}"
        )


@dataclass(frozen=True)
class Upkeep:
    """SQL run at the end of a load, to keep true what repeats other records; `after` none = every load."""

    name: str
    after: tuple[str, ...]
    statements: tuple[str, ...]


def same_within(record: str, key: str, columns: tuple[str, ...]) -> LateCheck:
    """The rows of one `key` must agree in `columns`: they describe one thing."""
    row = ", ".join(f's."{name}"' for name in columns)
    first = ", ".join(f'f."{name}"' for name in columns)
    return LateCheck(
        columns[0],
        f"""SELECT s.row_no,
                'differs from row ' || f.row_no || ' of the same {key} in {", ".join(columns)}' AS reason
            FROM {STAGING}.{record} AS s
            JOIN (SELECT DISTINCT ON ("{key}") * FROM {STAGING}.{record} ORDER BY "{key}", row_no) AS f
              ON f."{key}" = s."{key}" AND ({row}) IS DISTINCT FROM ({first})""",
    )
