"""The fast lane: a large clean file of the ledger straight into its table (docs/adr says why).

Arrow reads the file with its codes, days and references as dictionaries, so that a rule looks at every word
once; what is left to do a row is NumPy on whole columns, ending in PostgreSQL's binary COPY. The server only
stores. The rules are those of the staging table's SQL, and the lane accepts nothing that the SQL would
refuse. Anything out of the ordinary raises Unclean: the caller rolls back to before the file and takes the
road through staging, which names every bad row.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain, islice, repeat

import numpy as np
import polars as pl
import psycopg
import pyarrow
import pyarrow.compute
import pyarrow.csv

from crm.feed.binary import HEADER, NULL, TRAILER, Sheets
from crm.feed.errors import Unclean
from crm.feed.folder import File, Folder
from crm.feed.hashed import HashedKeys
from crm.feed.kinds import Code, LedgerDate, Money, Reference, Text
from crm.feed.records import Column, RecordType
from crm.feed.staging import quiet

MOST_KEYS = 4_000_000  # keys of references held in memory
MOST_ROWS = 50_000_000  # 8 bytes a row prove that the key is unique
_BLOCK = 2 << 20  # bytes read at once; small, so that the server soon has its first rows
# Blocks sorted and sent together: more each time, but never so many that the server waits for the next ones,
# which cost the client two thirds of what the last ones cost the server.
_AT_ONCE = (1, 1, 1, 2, 2, 3, 4, 5, 6)
_SHORTEST_ROW = 16  # bytes
_EPOCH = date(2000, 1, 1)
_WORDS = pyarrow.dictionary(pyarrow.int32(), pyarrow.string())
_MOST_DIGITS = 12  # of yuan


@dataclass(frozen=True)
class _Known:
    """What a reference may mean, as the database has it now: arrays `<column>_id`, the extras, and `rank`,
    the place of a row in the order of the table; `places` finds a text's place in them or raises Unclean."""

    places: Callable[[pl.Series], np.ndarray]
    values: dict[str, np.ndarray]


class _Texts:
    """Keys that the database holds as texts: found by hash, then compared."""

    def __init__(self, texts: pl.Series):
        hashes = texts.hash().to_numpy()
        self._order = np.argsort(hashes)
        self._texts, self._hashes = texts.gather(self._order), hashes[self._order]

    def places(self, texts: pl.Series) -> np.ndarray:
        """Return the place of every text. Raises Unclean where the database does not know one."""
        at = np.searchsorted(self._hashes, texts.hash().to_numpy())
        if len(texts) and (at.max() >= len(self._hashes) or not (self._texts.gather(at) == texts).all()):
            raise Unclean("a reference is unknown")
        return self._order[at]


def enter(
    connection: psycopg.Connection,
    file: File,
    folder: Folder,
    load_id: int,
) -> int:
    """Check and enter a whole file inside the caller's savepoint; return its rows. Raises Unclean."""
    record = file.record
    known = {column.name: _known(connection, column, record) for column in record.references}
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
        copy.write(HEADER)
        for block, hashed in _ahead(_prepared(file, folder, known, constants, numbers)):
            copy.write(block)
            hashes.append(hashed)
            rows += len(hashed)
            if rows > MOST_ROWS:
                raise Unclean("too many rows to hold their keys")
        copy.write(TRAILER)
        if hashes and pl.concat(hashes).n_unique() < rows:  # while the server stores the last rows
            raise Unclean("a key is repeated")
    return rows


def _prepared(
    file: File, folder: Folder, known: dict[str, _Known], constants: dict, numbers: dict
) -> Iterator[tuple[memoryview, pl.Series]]:
    """Yield (rows in binary, hashes of their keys): few at first, which sets the server to work soon, then
    more, which sorted together cost its index less."""
    most = min(_AT_ONCE[-1], file.size // _BLOCK + 1)
    record, rows, sheets = file.record, 0, Sheets(file.record, constants, most)
    (key,) = record.key
    for batches in _growing(_batches(file)):
        parts = [
            {
                name: array
                for column in record.columns
                for name, array in _typed(texts, column, folder, known.get(column.name)).items()
            }
            for texts in batches
        ]
        values = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        count = sum(texts.num_rows for texts in batches)
        given = {name: start + rows for name, start in numbers.items()}
        rows += count
        hashes = pl.concat([pl.from_arrow(texts[key]).hash() for texts in batches])
        yield sheets.filled(values, count, given), hashes


def _growing(items: Iterable) -> Iterator[list]:
    """Yield the items in lists as long as _AT_ONCE says, then all of its last length."""
    items = iter(items)
    for wanted in chain(_AT_ONCE, repeat(_AT_ONCE[-1])):
        taken = list(islice(items, wanted))
        if not taken:
            return
        yield taken


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


def _known(connection: psycopg.Connection, column: Column, record: RecordType) -> _Known:
    """Return what the reference `column` may mean, with those of its extras that the table's rows need."""
    kind = column.kind
    needed = {source for field in record.direct for source in field.sources} | set(record.order)
    extras = [extra for extra in kind.extras if f"{column.name}_{extra}" in needed]
    names = ["id", *extras]
    query = f"SELECT {', '.join(['key', *names])} FROM {kind.source} AS k LIMIT {MOST_KEYS + 1}"
    keys, numbers = _fetched(connection, query, names, kind.hashed)
    if len(numbers[0]) > MOST_KEYS:
        raise Unclean("too many keys to hold")
    values = {f"{column.name}_{name}": array for name, array in zip(names, numbers, strict=True)}
    if record.order and set(record.order) <= values.keys():
        values["rank"] = np.argsort(np.lexsort([values[name] for name in reversed(record.order)]))
    return _Known(keys.places, values)


def _fetched(
    connection: psycopg.Connection, query: str, names: list[str], hashed: str
) -> tuple[_Texts | HashedKeys, list[np.ndarray]]:
    """Return the keys of a query (texts, or keyed hashes of kind `hashed`) and its columns `names` (null:
    NULL), row by row alike.

    They come as a few long strings of bytes, which become arrays as they are: a Python object for every value
    would cost more than the query.
    """
    columns = [f"int8send(coalesce({name}::bigint, {NULL + 1} - 1))" for name in names]
    key = "key" if hashed else "convert_to(key, 'UTF8')"
    parts = [key, f"int4send(octet_length({key}))", *columns]
    joined = ", ".join(f"coalesce(string_agg({part}, ''), '')" for part in parts)
    cursor = psycopg.Cursor(connection)  # the connection's own cursors, of the client's side, have no binary
    text, lengths, *parts = cursor.execute(f"SELECT {joined} FROM ({query}) AS k", binary=True).fetchone()
    numbers = [np.frombuffer(part, ">i8").astype(np.int64) for part in parts]
    if hashed:
        return HashedKeys(text, hashed), numbers
    ends = np.cumsum(np.frombuffer(b"\0\0\0\0" + lengths, ">i4"), dtype=np.int64)
    array = pyarrow.LargeStringArray.from_buffers(
        len(ends) - 1, pyarrow.py_buffer(ends), pyarrow.py_buffer(text)
    )
    return _Texts(pl.from_arrow(array)), numbers


def _batches(file: File) -> Iterator[pyarrow.RecordBatch]:
    """Yield batches of texts, an empty one being null; those that repeat as dictionaries."""
    types = {
        column.name: pyarrow.string() if isinstance(column.kind, Text | Money) else _WORDS
        for column in file.record.columns
        if column.name in file.columns
    }
    stream = file.path.open("rb")
    stream.seek(file.body)
    try:
        yield from pyarrow.csv.open_csv(
            stream,
            read_options=pyarrow.csv.ReadOptions(column_names=list(file.columns), block_size=_BLOCK),
            parse_options=pyarrow.csv.ParseOptions(ignore_empty_lines=False),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=types,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
    except pyarrow.ArrowException as error:
        raise Unclean(str(error)) from None
    finally:
        stream.close()


def _typed(
    texts: pyarrow.RecordBatch, column: Column, folder: Folder, known: _Known | None
) -> dict[str, np.ndarray]:
    """Return the arrays that a column of texts becomes, NULL where it is empty. Raises Unclean."""
    name, kind = column.name, column.kind
    array = texts[name] if name in texts.schema.names else pyarrow.nulls(texts.num_rows, _WORDS)
    if column.required and array.null_count:
        raise Unclean(f"{name} is missing")
    if isinstance(kind, Text) and not kind.pattern:
        if (pyarrow.compute.max(pyarrow.compute.utf8_length(array)).as_py() or 0) > kind.longest:
            raise Unclean(f"{name} is too long")
        return {}
    if isinstance(kind, Money) and kind.signed and column.required:
        return {name: _fen(array)}
    words = array.dictionary
    if isinstance(kind, Reference):
        places = known.places(pl.from_arrow(words))
        meanings = {key: values[places] for key, values in known.values.items()}
    elif isinstance(kind, LedgerDate):
        count = (folder.business_date - folder.since).days
        days = (folder.since + timedelta(days=n) for n in range(1, count + 1))
        meanings = {name: _looked_up(words, {str(day): (day - _EPOCH).days for day in days})}
    elif isinstance(kind, Code) and kind.numbers:
        meanings = {name: _looked_up(words, kind.numbers)}
    else:
        raise Unclean(f"{name} has no fast lane")
    codes = array.indices.fill_null(len(words)).to_numpy()  # an empty one means what follows the last word
    return {key: np.append(values, NULL)[codes] for key, values in meanings.items()}


def _looked_up(words: pyarrow.Array, numbers: dict[str, int]) -> np.ndarray:
    try:
        return np.array([numbers[word] for word in words.to_pylist()], dtype=np.int64)
    except KeyError:
        raise Unclean("a value is unknown") from None


def _fen(array: pyarrow.StringArray) -> np.ndarray:
    """Return amounts written -?[0-9]{1,12}[.][0-9]{2} as fen. Raises Unclean for any other text.

    The bytes are counted, not matched: with a point third from the end, perhaps a minus at the beginning and
    only digits besides, a text has no other form.
    """
    ends = np.frombuffer(array.buffers()[1], np.int32)[array.offset : array.offset + len(array) + 1]
    text = np.frombuffer(array.buffers()[2], np.uint8)[ends[0] : ends[-1]]
    ends = ends - ends[0]
    lengths = np.diff(ends)
    if lengths.min(initial=4) < 4:
        raise Unclean("an amount is too short")
    minus = text[ends[:-1]] == ord("-")
    lengths -= minus
    digits = np.count_nonzero((text - np.uint8(ord("0"))) < 10)
    if (
        lengths.min(initial=4) < 4
        or lengths.max(initial=4) > _MOST_DIGITS + 3
        or not (text[ends[1:] - 3] == ord(".")).all()
        or digits + np.count_nonzero(minus) + len(array) < len(text)
    ):
        raise Unclean("an amount breaks its rule")
    whole = text[text != ord(".")]
    ends = (ends - np.arange(len(ends))).astype(np.int32)
    numbers = pyarrow.StringArray.from_buffers(len(array), pyarrow.py_buffer(ends), pyarrow.py_buffer(whole))
    return numbers.cast(pyarrow.int64()).to_numpy()
