"""Lists of tasks: a manager's own (open, ahead, done), and what is overdue in a supervisor's team."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Count, Q
from django.utils import timezone

from crm import keyset
from customers.choices import TaskState
from customers.models import Task
from customers.selectors.today import due_tasks
from managers.models import Manager

PAGE = 30
DONE_DAYS = 30
NAMED = 200  # managers whose tasks are looked up one by one; a larger bank walks the index of due dates
OPEN = [TaskState.OPEN, TaskState.SNOOZED]
OWN = ("open", "ahead", "done")


@dataclass(frozen=True)
class Late:
    """One manager of the team and how many of his tasks are overdue."""

    manager: Manager
    count: int


def own_segments(user, manager, show: str, as_of: date) -> list[keyset.Segment]:
    """A manager's list: "open" as on Today, "ahead" what waits for a day, "done" in the last 30 days."""
    mine = Task.objects.visible_to(user).filter(manager=manager)
    if show == "done":
        start = timezone.make_aware(datetime.combine(as_of - timedelta(days=DONE_DAYS), time.min))
        rows = mine.filter(state=TaskState.DONE, done_at__gte=start)
        return [keyset.Segment(rows, ("-done_at", "-id"))]
    due = due_tasks(user, manager, as_of)
    if show == "ahead":
        rows = mine.filter(state__in=OPEN).exclude(pk__in=due.order_by().values("pk"))
        return [keyset.Segment(rows, ("due_on", "id"))]
    return [keyset.Segment(due, ("-rank", "-id"))]


def overdue(user, as_of: date, manager: Manager | None = None):
    """Open tasks whose day is over, of those whom `user` may see (index customers_task_overdue)."""
    rows = Task.objects.visible_to(user).filter(state__in=OPEN, due_on__lt=as_of)
    if manager is not None:
        return rows.filter(manager=manager)
    team = list(Manager.objects.visible_to(user).values_list("pk", flat=True)[: NAMED + 1])
    return rows if len(team) > NAMED else rows.filter(Q(manager__in=team) | Q(manager=None))


def overdue_segments(user, as_of: date, manager: Manager | None = None) -> list[keyset.Segment]:
    return [keyset.Segment(overdue(user, as_of, manager), ("due_on", "id"))]


def late_managers(user, as_of: date) -> list[Late]:
    """How many each has, the most first; nothing for more than NAMED managers."""
    team = list(Manager.objects.visible_to(user).select_related("user")[: NAMED + 1])
    if len(team) > NAMED:
        return []
    rows = Task.objects.filter(manager__in=team, state__in=OPEN, due_on__lt=as_of)
    counts = dict(rows.order_by().values_list("manager").annotate(n=Count("pk")))
    late = [Late(manager, counts[manager.pk]) for manager in team if counts.get(manager.pk)]
    return sorted(late, key=lambda row: (-row.count, row.manager.user.username))


def tasks_page(segments, after=None, before=None) -> tuple[keyset.Page, list[Task]]:
    """One page of a list: two queries."""
    page = keyset.read_page(segments, PAGE, after, before)
    rows = Task.objects.select_related("customer", "manager__user", "settled_by").in_bulk(page.keys)
    return page, [rows[key] for key in page.keys if key in rows]
