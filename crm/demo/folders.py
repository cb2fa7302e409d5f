"""Writing feed folders: every row goes to the first folder whose business date knows it."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from crm.demo.branches import HEAD_OFFICE_ROW
from crm.demo.window import Window, as_date

_DATED = re.compile(r"\d{4}-\d{2}-\d{2}")
_FIRST_BRANCH = ",".join(str(value or "") for value in HEAD_OFFICE_ROW) + ","


def is_demo_bank(root: Path) -> bool:
    """Return whether `root` holds the folders of a demo bank (perhaps half written) and nothing else."""
    entries = sorted(root.iterdir())
    if not entries or not all(entry.is_dir() and _DATED.fullmatch(entry.name) for entry in entries):
        return False
    branches = entries[0] / "branches.csv"
    return branches.is_file() and branches.read_text(encoding="utf-8").split("\n")[1:2] == [_FIRST_BRANCH]


class Folders:
    """The dated folders of a feed; files grow block by block and hold a header once.

    Integer columns whose name ends in `_fen` are written as yuan with two decimals, without the ending;
    booleans as 1 and 0.
    """

    def __init__(self, root: Path, window: Window):
        self.root = root
        self.spans = window.folders()
        self.rows: dict[str, int] = {}
        for since, until in self.spans:
            self._folder(until).mkdir()
            text = json.dumps({"since": as_date(since).isoformat()})
            (self._folder(until) / "feed.json").write_text(text + "\n")

    def _folder(self, number: int) -> Path:
        return self.root / as_date(number).isoformat()

    def standing(self, record: str, frame: pl.DataFrame) -> None:
        """Write master records that the bank had before the feed began: into the first folder."""
        self._write(record, self.spans[0][1], frame)

    def dated(self, record: str, frame: pl.DataFrame, on: str) -> None:
        """Write each row into the folder of its date `on`; what came before the feed goes to the first."""
        self.versions(record, frame, {on: ()})

    def versions(
        self,
        record: str,
        frame: pl.DataFrame,
        events: Mapping[str, Sequence[str]],
        derived: Sequence[pl.Expr] = (),
    ) -> None:
        """Write each row as every business date knew it, so that no folder tells of its future.

        `events` maps a column of dates (or a helper column `_…`, which is not written) to the columns that
        are null until then; the first of them is when the record appears. A folder holds the rows that any
        event touched since the folder before. `derived` are columns computed from what is then left.
        """
        born, *later = events
        for index, (since, until) in enumerate(self.spans):
            upper = pl.lit(as_date(until))
            touched = [pl.col(name).is_between(as_date(since), upper, closed="right") for name in events]
            if index == 0:
                touched = [pl.col(born) <= upper]
            known = frame.filter(pl.any_horizontal(touched) & (pl.col(born) <= upper))
            for name in later:
                seen = pl.when(pl.col(name) <= upper)
                known = known.with_columns(seen.then(pl.col(c)).alias(c) for c in (*events[name], name))
            self._write(record, until, known.with_columns(derived))

    def _write(self, record: str, number: int, frame: pl.DataFrame) -> None:
        if frame.is_empty():
            return
        path = self._folder(number) / f"{record}.csv"
        fresh = not path.exists()
        with path.open("ab") as file:
            formatted(frame).write_csv(file, include_header=fresh, float_precision=2)
        self.rows[record] = self.rows.get(record, 0) + frame.height


def formatted(frame: pl.DataFrame) -> pl.DataFrame:
    """Return `frame` as the feed writes it (see `Folders`), without helper columns."""
    columns = []
    for name, kind in frame.schema.items():
        if name.startswith("_"):
            continue
        if name.endswith("_fen"):
            # float64 holds fen exactly up to 2^53, and two decimals print them back exactly
            columns.append((pl.col(name) / 100).alias(name.removesuffix("_fen")))
        elif kind == pl.Boolean:
            columns.append(pl.col(name).cast(pl.Int8))
        elif kind == pl.String:
            columns.append(pl.when(pl.col(name) != "").then(pl.col(name)).alias(name))
        else:
            columns.append(name)
    return frame.select(columns)
