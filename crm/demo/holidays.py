"""Chinese public holidays: the days on which the bank's calendar differs from the week."""

from datetime import date, timedelta

import numpy as np
import polars as pl

from crm.demo.window import add_months, as_date, day

# Festivals of the lunar calendar: first day of the year, dragon boat, mid-autumn.
LUNAR = {
    2022: ("02-01", "06-03", "09-10"),
    2023: ("01-22", "06-22", "09-29"),
    2024: ("02-10", "06-10", "09-17"),
    2025: ("01-29", "05-31", "10-06"),
    2026: ("02-17", "06-19", "09-25"),
    2027: ("02-06", "06-09", "09-15"),
    2028: ("01-26", "05-28", "10-03"),
    2029: ("02-13", "06-16", "09-22"),
    2030: ("02-03", "06-05", "09-12"),
    2031: ("01-23", "06-24", "10-01"),
    2032: ("02-11", "06-12", "09-19"),
}
# Weekend days worked in exchange, as the State Council announced them.
MADE_UP = {
    2024: ("02-04", "02-18", "04-07", "04-28", "05-11", "09-14", "09-29", "10-12"),
    2025: ("01-26", "02-08", "04-27", "09-28", "10-11"),
    2026: ("01-04", "02-14", "02-28", "05-09", "09-20", "10-10"),
}


def spring_festival(year: int) -> date:
    """Return the lunar new year's day of `year`; early February where the table ends."""
    text = LUNAR[year][0] if year in LUNAR else "02-05"
    return date.fromisoformat(f"{year}-{text}")


def _free_days(year: int) -> dict[date, str]:
    def run(start: date, length: int, name: str) -> dict[date, str]:
        return {start + timedelta(days=offset): name for offset in range(length)}

    free = run(date(year, 1, 1), 3 if year == 2026 else 1, "元旦")
    festival = spring_festival(year)
    free |= run(festival - timedelta(days=2 if year == 2026 else 1), 9 if year == 2026 else 8, "春节")
    free |= run(date(year, 4, 4), 3, "清明节") | run(date(year, 5, 1), 5, "劳动节")
    if year in LUNAR:
        free |= run(date.fromisoformat(f"{year}-{LUNAR[year][1]}"), 1, "端午节")
        free |= run(date.fromisoformat(f"{year}-{LUNAR[year][2]}"), 1, "中秋节")
    return free | run(date(year, 10, 1), 7, "国庆节")


class Calendar:
    """Working days from `first` to a year after `last` (day numbers)."""

    def __init__(self, first: int, last: int):
        self.first = day(add_months(as_date(first), -1))
        self.last = day(add_months(as_date(last), 12))
        years = range(as_date(self.first).year, as_date(self.last).year + 1)
        self.free = {moment: name for year in years for moment, name in _free_days(year).items()}
        self.made_up = {
            date.fromisoformat(f"{year}-{text}") for year in years for text in MADE_UP.get(year, ())
        }
        numbers = np.arange(self.first, self.last + 1)
        weekday = (numbers + 3) % 7  # 1970-01-01 was a Thursday
        self.working = weekday < 5
        for moment in self.free:
            self._set(moment, False)
        for moment in self.made_up:
            self._set(moment, True)
        index = np.where(self.working, np.arange(len(numbers)), -1)
        self._previous = np.maximum.accumulate(index)
        after = np.where(self.working, np.arange(len(numbers)), len(numbers))
        self._next = np.minimum.accumulate(after[::-1])[::-1]

    def _set(self, moment: date, working: bool) -> None:
        if self.first <= day(moment) <= self.last:
            self.working[day(moment) - self.first] = working

    def exceptions(self) -> pl.DataFrame:
        """Return the feed's calendar: only days that differ from the week's rule."""
        rows = []
        for number in range(self.first, self.last + 1):
            moment, working = as_date(number), bool(self.working[number - self.first])
            if working != (moment.weekday() < 5):
                note = "调休上班" if working else self.free.get(moment, "休息")
                rows.append({"date": moment, "is_working": working, "note": note})
        return pl.DataFrame(rows, schema={"date": pl.Date, "is_working": pl.Boolean, "note": pl.String})

    def on_or_before(self, days: np.ndarray) -> np.ndarray:
        """Return the last working day at or before each of `days`."""
        clipped = np.clip(np.asarray(days), self.first, self.last)
        return self._previous[clipped - self.first] + self.first

    def on_or_after(self, days: np.ndarray) -> np.ndarray:
        """Return the first working day at or after each of `days`."""
        clipped = np.clip(np.asarray(days), self.first, self.last)
        return self._next[clipped - self.first] + self.first
