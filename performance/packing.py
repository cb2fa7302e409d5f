"""Packed rows as frames and back (performance/packed.py), without a Python object per value.

Imported inside tasks only (numpy, Polars, Arrow).
"""

import numpy as np
import polars as pl
import pyarrow as pa

from performance.packed import FORMATS, WORD, Layout

BLOCK = 2048  # rows turned between rows and columns at a time: they stay in the processor's cache
TYPES = {"q": "i8", "i": "i4", "h": "i2", "d": "f8", "b": "i1"}


def pack(layout: Layout, frame: pl.DataFrame) -> np.ndarray:
    """The frame's rows as a matrix of bytes, a line each. Every column of the layout must be there."""
    rows = np.empty(len(frame), dtype=_dtype(layout, layout.columns))
    columns = {name: _numbers(layout, name, frame[name]) for name in layout.columns}
    for start in range(0, len(frame), BLOCK):
        block = rows[start : start + BLOCK]
        for name, values in columns.items():
            block[name] = values[start : start + BLOCK]
    return rows.view(np.uint8).reshape(len(frame), layout.size)


def unpack(layout: Layout, column: pa.ChunkedArray, names=None) -> pl.DataFrame:
    """The figures `names` (None: all) of packed values; those that the values do not have yet are null."""
    wanted = list(names or layout.columns)
    pieces = [_matrix(piece) for piece in column.chunks if len(piece)]
    width = min((piece.shape[1] for piece in pieces), default=layout.size)
    there = [name for name in layout.columns if _end(layout, name) <= width]
    native = {name: np.empty(len(column), TYPES[layout.format_of(name)]) for name in wanted if name in there}
    start = 0
    for piece in pieces:
        rows = piece.view(_dtype(layout, there, piece.shape[1])).reshape(-1)
        for first in range(0, len(rows), BLOCK):
            block = rows[first : first + BLOCK]
            for name, values in native.items():
                values[start + first : start + first + len(block)] = block[name]
        start += len(rows)
    return pl.DataFrame(
        [
            _series(layout, name, native[name])
            if name in native
            else pl.Series(name, [None] * len(column), dtype=dtype_of(layout, name))
            for name in wanted
        ]
    )


def dtype_of(layout: Layout, name: str) -> pl.DataType:
    """The column's type in a frame."""
    kind = layout.columns[name]
    if not isinstance(kind, str):
        return pl.Enum(kind)
    return {
        "int8": pl.Int64,
        "int4": pl.Int32,
        "int2": pl.Int16,
        "float8": pl.Float64,
        "day": pl.Date,
        "flag": pl.Boolean,
    }[kind]


def to_arrow(matrix: np.ndarray, valid: np.ndarray | None = None) -> pa.Array:
    """A matrix of bytes as Arrow's binary values, one a line; null where not `valid` (no copy without)."""
    if valid is not None:
        lengths = np.where(valid, matrix.shape[1], 0)
        offsets = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
        bits = pa.py_buffer(np.packbits(valid, bitorder="little"))
        body = pa.py_buffer(np.ascontiguousarray(matrix[valid]))
        return pa.Array.from_buffers(pa.large_binary(), len(matrix), [bits, pa.py_buffer(offsets), body])
    offsets = np.arange(len(matrix) + 1, dtype=np.int64) * matrix.shape[1]
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(matrix))]
    return pa.Array.from_buffers(pa.large_binary(), len(matrix), buffers)


def numbers_from_arrow(column: pa.ChunkedArray, width: int) -> np.ndarray:
    """Binary values that hold `width` int8 each as a matrix of numbers."""
    pieces = [_matrix(piece).view(">i8").astype("i8") for piece in column.chunks if len(piece)]
    return np.concatenate([np.empty((0, width), dtype="i8"), *pieces])


def lists_from_arrow(column: pa.ChunkedArray) -> pl.Series:
    """Binary values that hold any number of int8 each, as lists."""
    pieces = []
    for piece in column.chunks:
        values, offsets = _buffers(piece)
        numbers = pa.array(values.view(">i8").astype("i8"))
        pieces.append(pa.LargeListArray.from_arrays(pa.array(offsets.astype("i8") // 8), numbers))
    return pl.from_arrow(pa.chunked_array(pieces, pa.large_list(pa.int64())))


def lists_to_arrow(lists: pl.Series) -> pa.Array:
    """Lists of integers (none null) as binary values that hold them as int8."""
    numbers = lists.explode(empty_as_null=False).to_numpy().astype(">i8")
    offsets = np.concatenate(([0], np.cumsum(lists.list.len().to_numpy()))).astype(np.int64) * 8
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(numbers)]
    return pa.Array.from_buffers(pa.large_binary(), len(lists), buffers)


def _matrix(piece: pa.Array) -> np.ndarray:
    """Binary values of one length as a matrix of bytes, no copy; ValueError where the lengths differ."""
    values, offsets = _buffers(piece)
    lengths = np.diff(offsets)
    if (lengths != lengths[0]).any():
        raise ValueError("packed values of one table differ in length")
    return values.reshape(len(piece), lengths[0])


def _buffers(piece: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """All bytes in one array, and where each value begins and ends in it."""
    _valid, places, body = piece.buffers()
    kind = np.int64 if pa.types.is_large_binary(piece.type) else np.int32
    offsets = np.frombuffer(places, dtype=kind)[piece.offset : piece.offset + len(piece) + 1]
    values = np.frombuffer(body, dtype=np.uint8) if body is not None else np.empty(0, dtype=np.uint8)
    return values[offsets[0] : offsets[-1]], offsets - offsets[0]


def _dtype(layout: Layout, names, size: int | None = None) -> np.dtype:
    names = list(names)
    return np.dtype(
        {
            "names": names,
            "formats": [f">{TYPES[layout.format_of(name)]}" for name in names],
            "offsets": [layout.offsets[name] for name in names],
            "itemsize": size or layout.size,
        }
    )


def _end(layout: Layout, name: str) -> int:
    return layout.offsets[name] + np.dtype(TYPES[layout.format_of(name)]).itemsize


def _numbers(layout: Layout, name: str, column: pl.Series) -> np.ndarray:
    """A frame's column as the numbers that are packed."""
    code = layout.format_of(name)
    column = column.cast(dtype_of(layout, name))
    if isinstance(layout.columns[name], tuple):
        column = column.to_physical()
    native = {"q": pl.Int64, "i": pl.Int32, "h": pl.Int16, "d": pl.Float64, "b": pl.Int8}[code]
    return column.cast(native).fill_null(layout.null(name)).to_numpy()


def _series(layout: Layout, name: str, numbers: np.ndarray) -> pl.Series:
    """Packed numbers as the frame's column."""
    series, dtype = pl.Series(name, numbers), dtype_of(layout, name)
    null = np.isnan(numbers) if numbers.dtype.kind == "f" else numbers == layout.null(name)
    if null.any():
        series = series.set(pl.Series(null), None)
    if isinstance(dtype, pl.Enum):
        return series.cast(pl.UInt8).cat.to(dtype)
    return series.cast(dtype)


assert set(FORMATS.values()) | {WORD} == TYPES.keys()  # noqa: S101
