"""The report of bad rows: written as it grows, so that a million of them cost no memory."""

import csv
import re
from collections import Counter
from pathlib import Path

from crm.feed.records import Bad
from crm.look import masks

SHOWN = 20
_PERSONAL = re.compile(r"(?<![\d.])\d{11,}[Xx]?(?![\d.])|[\u3400-\u9fff]{2,}")
_EMAIL = re.compile(r"[\w.+-]+@[\w.-]+")


class Report:
    """A CSV of bad rows at `path`, made with the first of them; counts and the first few stay at hand."""

    def __init__(self, path: Path):
        self.path = path
        self.counts: Counter[str] = Counter()
        self.first: list[Bad] = []
        self._stream = self._writer = None

    @property
    def total(self) -> int:
        return self.counts.total()

    def add(self, bad: Bad) -> None:
        if self._writer is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = self.path.open("w", encoding="utf-8", newline="")
            self._writer = csv.writer(self._stream)
            self._writer.writerow(["file", "row", "column", "value", "reason"])
        self._writer.writerow([bad.record, bad.row, bad.column, bad.value or "", bad.reason])
        self.counts[bad.record] += 1
        if len(self.first) < SHOWN:
            self.first.append(bad)

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()


def mask(value: str | None, called: bool | str = True) -> str | None:
    """Hide a personal value by the mask of its name; without one its middle: 110***********1234, 张*."""
    if not value:
        return value
    if isinstance(called, str):
        return getattr(masks, f"mask_{called}")(value)
    if len(value) >= 11:
        return value[:3] + "*" * (len(value) - 7) + value[-4:]
    return value[0] + "*" * (len(value) - 1)


def without_personal(value: str | None) -> str | None:
    """A value of a column that holds nothing personal: what columns that slipped may have brought is hidden.

    Long numbers lose their middle, Chinese words all but their first character, e-mail addresses all.
    """
    if not value:
        return value
    value = _EMAIL.sub("***", value)
    return _PERSONAL.sub(lambda found: mask(found.group()), value)


def shortened(value: str | None, longest: int = 80) -> str | None:
    return value if value is None or len(value) <= longest else value[:longest] + "…"
