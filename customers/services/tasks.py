"""Tasks of Today: done, put off, taken back. Only an open task changes, under a row lock."""

from datetime import date, timedelta

from django.db import transaction

from customers.choices import TaskState
from customers.models import Task

SNOOZES = ("tomorrow", "monday", "week")


def complete_task(task: Task, *, at) -> Task:
    """Mark as done at `at` (datetime). A task that is already done stays as it is."""
    return _change(task, TaskState.DONE, done_at=at, snoozed_until=None)


def snooze_task(task: Task, *, until: date) -> Task:
    """Put off until `until`; it comes back to Today on that day."""
    return _change(task, TaskState.SNOOZED, done_at=None, snoozed_until=until)


def reopen_task(task: Task) -> Task:
    """Undo: the task is open again, whatever had been done with it."""
    return _change(task, TaskState.OPEN, done_at=None, snoozed_until=None)


def snooze_date(word: str, as_of: date) -> date:
    """The day that `tomorrow`, `monday` or `week` (seven days on) means on `as_of`; KeyError otherwise."""
    return {
        "tomorrow": as_of + timedelta(days=1),
        "monday": as_of + timedelta(days=7 - as_of.weekday()),
        "week": as_of + timedelta(days=7),
    }[word]


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
