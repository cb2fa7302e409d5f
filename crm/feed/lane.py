"""The fast lane: a large clean file of the ledger straight into its table (docs/adr says why).

Polars checks the same rules as the staging table's SQL, on whole columns, and writes PostgreSQL's binary
COPY; the server only stores. It accepts nothing that the SQL would refuse. Anything out of the ordinary
raises Unclean: the caller rolls back to before the file and takes the road through staging, which names
every bad row.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import numpy as np
import polars as pl
import psycopg
import pyarrow
import pyarrow.csv

from crm.feed.errors import Unclean
from crm.feed.folder import File, Folder
from crm.feed.kinds import Code, LedgerDate, Money, Reference, Text
from crm.feed.records import Column, RecordType
from crm.feed.staging import quiet

MOST_KEYS = 4_000_000  # keys of references held in memory
MOST_ROWS = 50_000_000  # 8 bytes a row prove that the key is unique
_BLOCK = 8 << 20
_SHORTEST_ROW = 16  # bytes
_AMOUNT = r"^-?[0-9]{1,12}\.[0-9]{2}$"
_TYPES = {"int2": (">i2", 2), "int4": (">i4", 4), "int8": (">i8", 8), "date": (">i4", 4)}
_EPOCH = date(2000, 1, 1)
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"


def enter(
    connection: psycopg.Connection,
    file: File,
    folder: Folder,
    load_id: int,
) -> int:
    """Check and enter a whole file inside the caller's savepoint; return its rows. Raises Unclean."""
    record = file.record
    keys = {column.name: _keys(connection, column) for column in record.references}
    names = ", ".join(field.target for field in record.direct)
    constants = {field.target: load_id for field in record.direct if not field.sources and not field.sequence}
    numbers = {
        field.target: _reserved(connection, field.sequence, file.size // _SHORTEST_ROW)
        for field in record.direct
        if field.sequence
    }
    hashes, rows = [], 0
    statement = f"COPY {record.table} ({names}) FROM STDIN (FORMAT binary)"
    with quiet(), connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(_HEADER)
        for block, hashed in _ahead(_prepared(file, folder, keys, constants, numbers)):
            copy.write(block)
            hashes.append(hashed)
            rows += len(hashed)
            if rows > MOST_ROWS:
                raise Unclean("too many rows to hold their keys")
        copy.write(_TRAILER)
    if hashes and pl.concat(hashes).n_unique() < rows:
        raise Unclean("a key is repeated")
    return rows


def _prepared(
    file: File, folder: Folder, keys: dict, constants: dict, numbers: dict
) -> Iterator[tuple[bytes, pl.Series]]:
    """Yield (rows in binary, hashes of their keys) block by block."""
    rows = 0
    for texts in _batches(file):
        typed, hashed = _typed(texts, file.record, folder, keys)
        given = {
            name: np.arange(start + rows, start + rows + typed.height) for name, start in numbers.items()
        }
        rows += typed.height
        yield _binary(typed, file.record, constants | given), hashed


def _reserved(connection: psycopg.Connection, sequence: str, count: int) -> int:
    """Take `count` numbers of a sequence; return the first. Only the loader, alone by its lock, takes any."""
    query = f"SELECT first, setval('{sequence}', first + {count}) FROM nextval('{sequence}') AS first"
    return connection.execute(query).fetchone()[0]


def _ahead(items: Iterator) -> Iterator:
    """Yield `items`, the next one being made in a thread while the caller uses this one."""
    with ThreadPoolExecutor(max_workers=1) as maker:
        coming = maker.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = maker.submit(next, items, None)
            yield item


def _keys(connection: psycopg.Connection, column: Column) -> pl.DataFrame:
    """Return the rows a reference may mean, as the database has them now: key, `<column>_id`, extras."""
    kind = column.kind
    extras = "".join(f", {extra}" for extra in kind.extras)
    query = f"SELECT key, id{extras} FROM {kind.source} AS k LIMIT {MOST_KEYS + 1}"
    with connection.cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT (FORMAT csv)") as copy:
        text = b"".join(bytes(block) for block in copy)
    names = [column.name, f"{column.name}_id"]
    names += [f"{column.name}_{extra}" for extra in kind.extras]
    # only numbers can be written below; an extra of another type stays a text that nothing uses
    schema = dict.fromkeys(names, pl.Int64) | {column.name: pl.String, f"{column.name}_path": pl.String}
    schema = {name: schema[name] for name in names}
    if not text:
        return pl.DataFrame(schema=schema)
    frame = pl.read_csv(text, has_header=False, schema=schema)
    if frame.height > MOST_KEYS:
        raise Unclean("too many keys to hold")
    return frame


def _batches(file: File):
    """Yield frames of texts, an empty one being null."""
    stream = file.path.open("rb")
    stream.seek(file.body)
    try:
        reader = pyarrow.csv.open_csv(
            stream,
            read_options=pyarrow.csv.ReadOptions(column_names=list(file.columns), block_size=_BLOCK),
            parse_options=pyarrow.csv.ParseOptions(ignore_empty_lines=False),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(file.columns, pyarrow.string()),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
        waiting, wanted = [], 1  # a small first frame sets the server to work soon, larger ones sort better
        for batch in reader:
            waiting.append(batch)
            if len(waiting) == wanted:
                yield pl.from_arrow(pyarrow.Table.from_batches(waiting))
                waiting, wanted = [], min(wanted * 2, 4)
        if waiting:
            yield pl.from_arrow(pyarrow.Table.from_batches(waiting))
    except pyarrow.ArrowException as error:
        raise Unclean(str(error)) from None
    finally:
        stream.close()


def _typed(
    texts: pl.DataFrame, record: RecordType, folder: Folder, keys: dict
) -> tuple[pl.DataFrame, pl.Series]:
    """Return the typed columns, references resolved, sorted for the index; and the hashes of the key."""
    columns, rules = [], []
    for column in record.columns:
        if column.name not in texts.columns:
            texts = texts.with_columns(pl.lit(None, pl.String).alias(column.name))
        if column.required:
            rules.append(pl.col(column.name).null_count() == 0)
        value, rule = _column(column, folder)
        if value is not None:
            columns.append(value)
        if rule is not None:
            rules.append(rule)
    if not all(texts.select(rule.alias(str(n)) for n, rule in enumerate(rules)).row(0)):
        raise Unclean("a value breaks a rule")
    hashes = texts.select(
        pl.struct(record.key).hash() if len(record.key) > 1 else pl.col(record.key[0]).hash()
    )
    typed = texts.with_columns(columns)
    for name, frame in keys.items():
        typed = typed.join(frame, on=name, how="left")
    unknown = [
        (pl.col(name).is_not_null() & pl.col(f"{name}_id").is_null()).any().alias(name) for name in keys
    ]
    wrong = [pl.col(column.name).null_count() != texts[column.name].null_count() for column in record.columns]
    names = [f"w{n}" for n in range(len(wrong))]
    if any(
        typed.select(*unknown, *(rule.alias(name) for rule, name in zip(wrong, names, strict=True))).row(0)
    ):
        raise Unclean("a value is unknown")
    fields = [pl.coalesce(field.sources).alias(field.target) for field in record.direct if field.sources]
    return typed.sort(record.order).select(fields), hashes.to_series()


def _column(column: Column, folder: Folder) -> tuple[pl.Expr | None, pl.Expr | None]:
    """Return (typed column or None, rule over the whole column or None); a bad text may also become null."""
    text, kind = pl.col(column.name), column.kind
    if isinstance(kind, LedgerDate):
        days = (folder.business_date - folder.since).days
        known = [folder.since + timedelta(days=n) for n in range(1, days + 1)]
        numbers = [(day - _EPOCH).days for day in known]
        return _looked_up(text, [str(day) for day in known], numbers), None
    if isinstance(kind, Code) and kind.numbers:
        return _looked_up(text, list(kind.numbers), list(kind.numbers.values())), None
    if isinstance(kind, Money) and kind.signed:
        fen = text.str.replace(".", "", literal=True).cast(pl.Int64, strict=False)
        return fen, text.str.contains(_AMOUNT).all()
    if isinstance(kind, Text) and not kind.pattern:
        return None, (text.str.len_chars() <= kind.longest).all()
    if isinstance(kind, Reference):
        return None, None
    raise Unclean(f"{column.name} has no fast lane")


def _looked_up(text: pl.Expr, words: list[str], numbers: list[int]) -> pl.Expr:
    return text.replace_strict(words, numbers, default=None, return_dtype=pl.Int32)


def _binary(frame: pl.DataFrame, record: RecordType, given: dict) -> bytes:
    """Return the rows in PostgreSQL's binary COPY format: per row a count, per field its length and value."""
    layout = [("n", ">i2")]
    for field in record.direct:
        layout += [(f"{field.target}_n", ">i4"), (field.target, _TYPES[field.type][0])]
    rows = np.empty(frame.height, dtype=layout)
    rows["n"] = len(record.direct)
    for field in record.direct:
        rows[f"{field.target}_n"] = _TYPES[field.type][1]
        rows[field.target] = frame[field.target].to_numpy() if field.sources else given[field.target]
    return rows.tobytes()
