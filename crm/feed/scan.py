"""The slow, careful reading of a file that COPY refused: says which rows are broken, yields the others.

COPY stops at the first broken row; this pass goes on. It holds one row at a time.
"""

import csv
from collections.abc import Iterator

from crm.feed.folder import File
from crm.feed.records import Bad
from crm.feed.report import Report

_CHUNK = 1 << 20


def readable_rows(file: File, report: Report) -> Iterator[tuple[int, list[str | None]]]:
    """Yield (row, values) of the rows that can be read; add the others to `report`."""
    rows = parquet_rows(file) if file.is_parquet else csv_rows(file, report)
    for row, values in rows:
        if len(values) != len(file.columns):
            reason = f"has {len(values)} columns where the header has {len(file.columns)}"
            report.add(Bad(file.record.name, row, "", None, reason))
            continue
        faults = [(name, _unreadable(value)) for name, value in zip(file.columns, values, strict=True)]
        for name, reason in faults:
            if reason:
                report.add(Bad(file.record.name, row, name, None, reason))
        if not any(reason for _, reason in faults):
            yield row, [value or None for value in values]


def csv_rows(file: File, report: Report) -> Iterator[tuple[int, list[str]]]:
    """Yield (row, fields) of a CSV file, the header being row 1; empty lines count but are passed over."""
    with file.path.open("rb") as stream:
        stream.seek(file.body)
        lines = (
            line.decode("utf-8", "surrogateescape") for line in iter(lambda: stream.readline(_CHUNK), b"")
        )
        reader, row = csv.reader(lines, strict=True), 1
        while True:
            row += 1
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                report.add(Bad(file.record.name, row, "", None, f"is not CSV: {error}"))
                continue
            if fields:
                yield row, fields


def parquet_rows(file: File) -> Iterator[tuple[int, list[str | None]]]:
    """Yield (row, values as text) of a Parquet file; its first row is row 2, as in a CSV file."""
    row = 1
    for batch in parquet_batches(file):
        for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            row += 1
            yield row, list(values)


def parquet_batches(file: File):
    """Yield record batches of text columns, written as the CSV feed writes them."""
    import pyarrow
    import pyarrow.compute as compute
    import pyarrow.parquet

    with pyarrow.parquet.ParquetFile(file.path) as parquet:
        for batch in parquet.iter_batches(65536, columns=list(file.columns)):
            columns = [_as_text(column, pyarrow, compute) for column in batch.columns]
            yield pyarrow.RecordBatch.from_arrays(columns, names=list(file.columns))


def _as_text(column, pyarrow, compute):
    kind = column.type
    if pyarrow.types.is_dictionary(kind):
        column, kind = column.dictionary_decode(), kind.value_type
    if pyarrow.types.is_boolean(kind):
        return column.cast(pyarrow.int8()).cast(pyarrow.string())
    if pyarrow.types.is_timestamp(kind) and kind.tz:
        moment = compute.strftime(column.cast(pyarrow.timestamp("us", "UTC")), format="%Y-%m-%dT%H:%M:%S")
        return compute.binary_join_element_wise(moment, pyarrow.scalar("Z"), "")
    return column.cast(pyarrow.string())


def _unreadable(value: str | None) -> str:
    if not value:
        return ""
    if "\0" in value:
        return "holds a NUL byte"
    try:
        value.encode()
    except UnicodeEncodeError:
        return "is not UTF-8"
    return ""
