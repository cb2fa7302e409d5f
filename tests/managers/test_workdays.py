"""Working days on hand-worked tables: holidays with make-up days, weekends, leave, habits."""

import csv
from datetime import date
from pathlib import Path

import pytest

from managers.choices import LeaveKind
from managers.models import CalendarDay, Leave
from managers.workdays import WEEK, Absence, WorkCalendar, calendar_of, next_step, nth_step

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "calendar" / "calendar.csv"


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.fixture(scope="module")
def china():
    """The example file as a calendar: what the State Council announced for 2025 and 2026."""
    with EXAMPLE.open(encoding="utf-8") as stream:
        return WorkCalendar(
            {day(row["date"]): (row["is_working"] == "1", row["note"]) for row in csv.DictReader(stream)}
        )


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("2026-09-30", "2026-09-30"),  # Wednesday before the holiday
        ("2026-10-01", "2026-10-08"),  # National Day, seven days
        ("2026-10-04", "2026-10-08"),  # a Sunday inside it
        ("2026-10-10", "2026-10-10"),  # a Saturday that is worked
        ("2026-10-11", "2026-10-12"),  # a plain Sunday
        ("2026-02-14", "2026-02-14"),  # worked Saturday before Spring Festival
        ("2026-02-15", "2026-02-24"),  # nine days
        ("2026-02-28", "2026-02-28"),
        ("2026-01-02", "2026-01-04"),  # the Sunday is worked
        ("2025-10-01", "2025-10-09"),  # National Day and Mid-Autumn, eight days
        ("2025-05-02", "2025-05-06"),
        ("2027-02-06", "2027-02-09"),  # statutory days only: the rest is not announced
    ],
)
def test_next_working_day(china, asked, expected):
    assert china.working_day(day(asked)) == day(expected)


@pytest.mark.parametrize(
    ("asked", "number", "expected"),
    [
        ("2026-09-30", 1, "2026-10-08"),
        ("2026-10-08", 2, "2026-10-10"),  # Friday, then the worked Saturday
        ("2026-10-08", 3, "2026-10-12"),
        ("2026-06-18", 1, "2026-06-22"),  # Dragon Boat
    ],
)
def test_working_days_later(china, asked, number, expected):
    assert china.add(day(asked), number) == day(expected)


def test_without_a_calendar_the_week_rules():
    assert [WEEK.is_working(date(2026, 6, n)) for n in range(1, 8)] == [True] * 5 + [False] * 2
    assert WEEK.free_day_before(day("2026-06-07")) == day("2026-06-05")


def test_leave_moves_unless_somebody_covers():
    away = Absence(day("2026-06-08"), day("2026-06-13"))  # Monday to Friday; back on the 13th, a Saturday
    covered = Absence(day("2026-06-22"), day("2026-06-24"), "白屿")
    calendar = WorkCalendar({}, (away, covered))
    assert calendar.free_day(day("2026-06-08")) == day("2026-06-15")
    assert calendar.free_day_before(day("2026-06-12")) == day("2026-06-05")
    assert calendar.free_day(day("2026-06-22")) == day("2026-06-22")
    assert (calendar.cover_on(day("2026-06-22")), calendar.cover_on(day("2026-06-08"))) == ("白屿", "")
    assert calendar.working_day(day("2026-06-08")) == day("2026-06-08")


def test_a_calendar_without_working_days_ends():
    never = WorkCalendar({}, (Absence(date(2020, 1, 1), date(2040, 1, 1)),))
    assert never.free_day(day("2026-06-08")) == day("2026-06-08")


@pytest.mark.parametrize(
    ("every", "days"),
    [
        ("week", ["2026-01-31", "2026-02-07", "2026-02-14"]),
        ("month", ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]),
        ("quarter", ["2026-01-31", "2026-04-30", "2026-07-31", "2026-10-31", "2027-01-31"]),
    ],
)
def test_a_habit_counts_from_its_anchor(every, days):
    assert [nth_step(day("2026-01-31"), every, n) for n in range(len(days))] == [day(one) for one in days]


@pytest.mark.parametrize(
    ("every", "after", "expected"),
    [
        ("week", "2026-01-30", "2026-01-31"),
        ("week", "2026-01-31", "2026-02-07"),
        ("week", "2026-06-01", "2026-06-06"),
        ("month", "2026-01-01", "2026-01-31"),
        ("month", "2026-02-27", "2026-02-28"),
        ("month", "2026-02-28", "2026-03-31"),
        ("month", "2028-02-28", "2028-02-29"),
        ("quarter", "2026-04-30", "2026-07-31"),
    ],
)
def test_next_day_of_a_habit(every, after, expected):
    assert next_step(day("2026-01-31"), every, day(after)) == day(expected)


@pytest.mark.django_db
def test_calendar_of_a_manager(manager, colleague, django_assert_num_queries):
    CalendarDay.objects.create(date=day("2026-06-19"), is_working=False, note="端午节")
    CalendarDay.objects.create(date=day("2027-01-01"), is_working=False, note="元旦")
    kinds = {"kind": LeaveKind.ANNUAL, "manager": manager}
    Leave.objects.create(during=(day("2026-06-08"), day("2026-06-10")), **kinds)
    Leave.objects.create(during=(day("2026-06-22"), day("2026-06-23")), covered_by=colleague, **kinds)
    Leave.objects.create(during=(day("2026-06-29"), day("2026-06-30")), kind="sick", manager=colleague)
    with django_assert_num_queries(2):
        calendar = calendar_of(manager, day("2026-06-01"), day("2026-06-30"))
    assert calendar == WorkCalendar(
        {day("2026-06-19"): (False, "端午节")},
        (
            Absence(day("2026-06-08"), day("2026-06-10")),
            Absence(day("2026-06-22"), day("2026-06-23"), "白屿"),
        ),
    )
