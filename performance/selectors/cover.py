"""Leave and cover for the next fourteen days, ready to be drawn."""

from dataclasses import dataclass
from datetime import date, timedelta

from managers.models import CalendarDay, Leave


@dataclass(frozen=True)
class Day:
    date: date
    is_working: bool


@dataclass(frozen=True)
class Absence:
    """A leave inside the window: from column `start` over `days` columns."""

    leave: Leave
    name: str
    start: int
    days: int

    @property
    def is_covered(self) -> bool:
        return self.leave.covered_by_id is not None


def calendar(first: date, days: int) -> list[Day]:
    """The next `days` days, each working or not by the bank's calendar (weekends rest unless it says so)."""
    dates = [first + timedelta(days=place) for place in range(days)]
    known = dict(CalendarDay.objects.filter(date__in=dates).values_list("date", "is_working"))
    return [Day(day, known.get(day, day.weekday() < 5)) for day in dates]


def absences(leaves: list[Leave], first: date, days: int) -> list[Absence]:
    """Cut leaves to the window."""
    last = first + timedelta(days=days)
    rows = []
    for leave in leaves:
        start, end = max(leave.during.lower, first), min(leave.during.upper, last)
        if start < end:
            rows.append(Absence(leave, leave.manager.user.name, (start - first).days, (end - start).days))
    return rows


def uncovered_days(leave: Leave, calendar_days: list[Day]) -> int:
    """Working days of the window on which nobody covers this manager."""
    if leave.covered_by_id:
        return 0
    return sum(
        day.is_working and leave.during.lower <= day.date < leave.during.upper for day in calendar_days
    )
