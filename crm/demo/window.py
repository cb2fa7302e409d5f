"""The stretch of time that the demo bank covers, in days since 1970-01-01."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

EPOCH = date(1970, 1, 1)
DAILY_FOLDERS = 7


def day(moment: date) -> int:
    """Return `moment` as days since 1970-01-01, which is also how Polars holds a date."""
    return (moment - EPOCH).days


def as_date(number: int) -> date:
    return EPOCH + timedelta(days=int(number))


def dates(days: np.ndarray, where: np.ndarray | None = None) -> pl.Series:
    """Return day numbers as a series of dates, null where `where` is false."""
    series = pl.Series(np.asarray(days, dtype=np.int32)).cast(pl.Date)
    if where is None:
        return series
    return pl.DataFrame({"d": series, "w": where}).select(pl.when("w").then("d"))["d"]


def add_months(moment: date, months: int) -> date:
    """Return the same day `months` later (earlier if negative), or the last of a shorter month."""
    index = moment.year * 12 + moment.month - 1 + months
    year, month = divmod(index, 12)
    last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month + 1, min(moment.day, last))


def add_months_to_days(days: np.ndarray, months: np.ndarray) -> np.ndarray:
    """Return day numbers `months` later, vectorised (a day past a month's end becomes its last)."""
    stamp = np.asarray(days).astype("datetime64[D]")
    start = stamp.astype("datetime64[M]")
    moved = start + np.asarray(months).astype("timedelta64[M]")
    offset = (stamp - start).astype(np.int64)
    longest = ((moved + 1).astype("datetime64[D]") - moved.astype("datetime64[D]")).astype(np.int64)
    return moved.astype("datetime64[D]").astype(np.int64) + np.minimum(offset, longest - 1)


@dataclass(frozen=True)
class Window:
    """History runs over (since, history], then one folder a day up to and including `as_of`."""

    as_of: date
    months: int

    @property
    def since(self) -> date:
        return add_months(self.as_of, -self.months)

    @property
    def first(self) -> int:
        """The first day of the feed: opening balances stand on it, postings begin the day after."""
        return day(self.since) + 1

    @property
    def last(self) -> int:
        return day(self.as_of)

    @property
    def history(self) -> int:
        """The last day of the folder that holds the history."""
        return self.last - DAILY_FOLDERS

    def folders(self) -> list[tuple[int, int]]:
        """Return (since, business date) of every folder, in order, as day numbers."""
        daily = [(number - 1, number) for number in range(self.history + 1, self.last + 1)]
        return [(self.first - 1, self.history), *daily]

    def month_starts(self) -> np.ndarray:
        """Return the first day of every calendar month touched, shape (months,)."""
        months = np.arange(
            np.datetime64(as_date(self.first), "M"), np.datetime64(self.as_of, "M") + np.timedelta64(1, "M")
        )
        return months.astype("datetime64[D]").astype(np.int64)

    def quarters(self) -> list[tuple[str, int, int]]:
        """Return (code, first day, day after the last) of every natural quarter touched."""
        moment, quarters = as_date(self.first), []
        start = date(moment.year, (moment.month - 1) // 3 * 3 + 1, 1)
        while start <= self.as_of:
            end = add_months(start, 3)
            quarters.append((f"{start.year}Q{start.month // 3 + 1}", day(start), day(end)))
            start = end
        return quarters
