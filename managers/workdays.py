"""Working days: the bank's calendar over the week's rule, and one manager's leave on top of it.

    working day   CalendarDay says so; without a line Monday to Friday
    away          a leave of the manager holds the day, and nobody covers it
    free day      a working day on which the manager is not away: next dates fall on such a day

A leave that somebody covers does not move a date, it is only told (`cover_on`): the customer is not put off.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

from managers.models import CalendarDay, Leave

MOST_DAYS = 400  # nobody is away, and no holiday lasts, for longer: a search for a free day ends


@dataclass(frozen=True)
class Absence:
    """A leave: [since, until), who covers it (a name) or nothing."""

    since: date
    until: date
    covered_by: str = ""

    def holds(self, day: date) -> bool:
        return self.since <= day < self.until


@dataclass(frozen=True)
class WorkCalendar:
    """Days that differ from the week's rule ({date: (works, note)}), and leaves of one manager."""

    days: dict[date, tuple[bool, str]] = field(default_factory=dict)
    leaves: tuple[Absence, ...] = ()

    def is_working(self, day: date) -> bool:
        return self.days[day][0] if day in self.days else day.weekday() < 5

    def note(self, day: date) -> str:
        """What the bank's calendar calls the day: 国庆节, 调休上班; empty for a plain day."""
        return self.days[day][1] if day in self.days else ""

    def leave_on(self, day: date) -> Absence | None:
        return next((leave for leave in self.leaves if leave.holds(day)), None)

    def cover_on(self, day: date) -> str:
        """Who covers on a day of leave; empty where one is there, or nobody covers."""
        leave = self.leave_on(day)
        return leave.covered_by if leave else ""

    def is_away(self, day: date) -> bool:
        leave = self.leave_on(day)
        return leave is not None and not leave.covered_by

    def is_free(self, day: date) -> bool:
        return self.is_working(day) and not self.is_away(day)

    def free_day(self, day: date) -> date:
        """`day`, or the first free day after it."""
        return self._first(day, 1, self.is_free)

    def free_day_before(self, day: date) -> date:
        """`day`, or the last free day before it."""
        return self._first(day, -1, self.is_free)

    def working_day(self, day: date) -> date:
        """`day`, or the first working day after it, whoever is away."""
        return self._first(day, 1, self.is_working)

    def add(self, day: date, number: int) -> date:
        """The `number`th working day after `day` (1 or more), whoever is away."""
        for _ in range(number):
            day = self.working_day(day + timedelta(days=1))
        return day

    def _first(self, day, step, suits):
        at = day
        for _ in range(MOST_DAYS):
            if suits(at):
                return at
            at += timedelta(days=step)
        return day  # a calendar without any working day: better the day asked for than none


WEEK = WorkCalendar()


def calendar_of(manager, first: date, last: date) -> WorkCalendar:
    """The bank's calendar and the leaves of `manager` (None: of nobody) in [first, last]; 2 queries."""
    days = CalendarDay.objects.filter(date__range=(first, last)).values_list("date", "is_working", "note")
    leaves = ()
    if manager is not None:
        rows = Leave.objects.filter(manager=manager, during__overlap=(first, last + timedelta(days=1)))
        leaves = tuple(
            Absence(leave.during.lower, leave.during.upper, leave.covered_by.name if leave.covered_by else "")
            for leave in rows.select_related("covered_by__user").order_by("during")
        )
    return WorkCalendar({day: (works, note) for day, works, note in days}, leaves)


def nth_step(anchor: date, every: str, number: int) -> date:
    """The `number`th day of a habit counted from `anchor`; a month's end stays the month's end.

    `every`: "week", "month" or "quarter". Each is counted from the anchor, so that 31 January gives
    28 February and then 31 March again.
    """
    if every == "week":
        return anchor + timedelta(days=7 * number)
    months = number * {"month": 1, "quarter": 3}[every]
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    return date(year, month + 1, min(anchor.day, _days_of(year, month + 1)))


def next_step(anchor: date, every: str, after: date) -> date:
    """The first day of the habit behind `after`, as counted: the caller moves it to a free day."""
    if every == "week":
        number = max((after - anchor).days // 7, 0)
    else:
        months = (after.year - anchor.year) * 12 + after.month - anchor.month
        number = max(months // {"month": 1, "quarter": 3}[every] - 1, 0)
    while nth_step(anchor, every, number) <= after:
        number += 1
    return nth_step(anchor, every, number)


def _days_of(year, month):
    following = date(year + month // 12, month % 12 + 1, 1)
    return (following - timedelta(days=1)).day
