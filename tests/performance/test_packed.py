"""Packed values: what goes in comes out, row by row and in frames, by SQL too, and from earlier layouts."""

from datetime import date

import polars as pl
import pyarrow as pa
import pytest
from django.db import connection

from performance import packing
from performance.layouts import ANALYSIS, ROLLUP
from performance.packed import Layout

OLD = {"amount": "int8", "count": "int4", "share": "float8", "on": "day", "yes": "flag"}
LAYOUT = Layout(OLD | {"word": ("first", "second"), "small": "int2"})
ROWS = [
    {
        "amount": -(10**17),
        "count": 7,
        "share": 0.25,
        "on": date(1969, 12, 1),
        "yes": True,
        "word": "second",
        "small": -3,
    },
    dict.fromkeys(LAYOUT.columns),
    {
        "amount": 0,
        "count": 0,
        "share": 0.0,
        "on": date(1970, 1, 1),
        "yes": False,
        "word": "first",
        "small": 0,
    },
]


def as_frame(rows) -> pl.DataFrame:
    schema = {name: packing.dtype_of(LAYOUT, name) for name in LAYOUT.columns}
    return pl.DataFrame(rows, schema=schema)


def as_column(values) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values, pa.binary())])


def test_rows_and_frames_hold_the_same():
    matrix = packing.pack(LAYOUT, as_frame(ROWS))

    assert [bytes(line) for line in matrix] == [LAYOUT.write(row) for row in ROWS]
    assert [LAYOUT.read(bytes(line)) for line in matrix] == ROWS
    assert packing.unpack(LAYOUT, pa.chunked_array([packing.to_arrow(matrix)])).to_dicts() == ROWS


def test_unpack_takes_values_in_pieces_and_some_figures_only():
    values = [LAYOUT.write(row) for row in ROWS]
    column = pa.chunked_array([pa.array(values[:1], pa.binary()), pa.array(values[1:], pa.binary())])

    assert packing.unpack(LAYOUT, column, ["word", "on"]).to_dicts() == [
        {"word": row["word"], "on": row["on"]} for row in ROWS
    ]
    assert packing.unpack(LAYOUT, as_column([])).height == 0


def test_values_written_before_a_figure_was_added_lack_it():
    earlier = [Layout(OLD).write({name: row[name] for name in OLD}) for row in ROWS]
    expected = [row | {"word": None, "small": None} for row in ROWS]

    assert [LAYOUT.read(value) for value in earlier] == expected
    assert packing.unpack(LAYOUT, as_column(earlier)).to_dicts() == expected


def test_values_of_two_lengths_are_refused():
    values = [LAYOUT.write(ROWS[0]), Layout(OLD).write({})]
    with pytest.raises(ValueError, match="differ in length"):
        packing.unpack(LAYOUT, as_column(values))


def test_write_refuses_a_stranger():
    with pytest.raises(KeyError, match="no column 'colour'"):
        LAYOUT.write({"colour": 1})


def test_lists_of_numbers_go_both_ways():
    lists = pl.Series([[3, 1], [], [-5]], dtype=pl.List(pl.Int64))

    column = pa.chunked_array([packing.lists_to_arrow(lists)])
    assert packing.lists_from_arrow(column).to_list() == lists.to_list()


@pytest.mark.django_db
def test_sql_reads_integers_out_of_a_value():
    value = LAYOUT.write(ROWS[0])
    with connection.cursor() as cursor:
        columns = ", ".join(LAYOUT.sql(name, "v") for name in ("amount", "count", "small"))
        cursor.execute(f"SELECT {columns} FROM (SELECT %s::bytea AS v) AS t", [value])
        assert cursor.fetchone() == (-(10**17), 7, -3)


def test_layouts_of_nights_only_grow_at_their_end():
    """Values in the database are read by these places: figures are added after the last, never between."""
    assert (ROLLUP.offsets["noted_tier"], ROLLUP.offsets["aum"], ROLLUP.offsets["consent"]) == (0, 2, 497)
    assert (ANALYSIS.offsets["overdue_days"], ANALYSIS.offsets["promotion_rest"]) == (0, 315)
