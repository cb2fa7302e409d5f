"""Tasks of Today: done, put off, taken back, set by oneself. Only an open task changes, under a row lock."""

from datetime import date, timedelta

from django.db import transaction

from customers.choices import TaskKind, TaskState
from customers.models import Customer, Task
from customers.ranking import rank
from managers.workdays import WEEK, WorkCalendar

SNOOZES = ("tomorrow", "monday", "week")
MOST_DAYS = 90  # nothing is put off for good by putting it off


def create_task(customer: Customer, *, by, text: str, due_on: date, as_of: date, value_fen: int = 0) -> Task:
    """A task that `by` sets himself about `customer`; `value_fen` is what the customer holds."""
    return Task.objects.create(
        customer=customer,
        manager=by,
        kind=TaskKind.MANUAL,
        reason={"text": text},
        value_fen=value_fen,
        due_on=due_on,
        rank=rank(TaskKind.MANUAL, value_fen, due_on, as_of),
        created_on=as_of,
    )


def complete_task(task: Task, *, at) -> Task:
    """Mark as done at `at` (datetime). A task that is already done stays as it is."""
    return _change(task, TaskState.DONE, done_at=at, snoozed_until=None)


def snooze_task(task: Task, *, until: date, reason: str = "") -> Task:
    """Put off until `until`, with the reason if one was given; it comes back to Today on that day."""
    values = {"done_at": None, "snoozed_until": until, "snooze_reason": reason, "settled_by": None}
    return _change(task, TaskState.SNOOZED, **values)


def reopen_task(task: Task) -> Task:
    """Undo: the task is open again, whatever had been done with it; the contact it was done by stays."""
    values = {"done_at": None, "snoozed_until": None, "snooze_reason": "", "settled_by": None}
    return _change(task, TaskState.OPEN, **values)


def snooze_date(word: str, as_of: date, calendar: WorkCalendar = WEEK) -> date:
    """The free day that `tomorrow`, `monday` (the next week's first) or `week` (seven days on) means.

    KeyError for another word.
    """
    days = {"tomorrow": 1, "monday": 7 - as_of.weekday(), "week": 7}[word]
    return calendar.free_day(as_of + timedelta(days=days))


def _change(task, state, **values):
    with transaction.atomic():
        locked = Task.objects.select_for_update().get(pk=task.pk)
        if locked.state == state == TaskState.DONE:
            return locked
        locked.state = state
        for name, value in values.items():
            setattr(locked, name, value)
        locked.save(update_fields=["state", *values])
    return locked
