"""The contacts feed of a customer, and the promises in it that are still open."""

from dataclasses import dataclass
from datetime import date

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.utils.translation import gettext as _

from crm import keyset
from customers.choices import TaskKind, TaskState
from customers.models import Interaction, Task

FEED_PAGE = 20
SHOWN = ("all", "people", "channels")


@dataclass(frozen=True)
class Promise:
    """What was promised, by when; `task` where it already stands on Today."""

    step: str
    due_on: date
    made_on: date | None
    task: Task | None


def contacts_of(customer) -> QuerySet:
    """Every contact over every channel, newest first."""
    return (
        Interaction.objects.filter(customer=customer)
        .select_related("manager__user")
        .order_by("-happened_at", "-id")
    )


def contacts_page(
    customer, after=None, before=None, show: str = "all"
) -> tuple[keyset.Page, list[Interaction]]:
    """One page of the feed, newest first: two queries. `show`: "people", "channels" or "all" of them."""
    rows = Interaction.objects.filter(customer=customer)
    if show != "all":
        rows = rows.filter(manager__isnull=show == "channels")
    segments = [keyset.Segment(rows, ("-happened_at", "-id"))]
    page = keyset.read_page(segments, FEED_PAGE, after, before)
    rows = {row.pk: row for row in contacts_of(customer).filter(pk__in=page.keys)}
    return page, [rows[key] for key in page.keys]


def may_read_note(user, interaction) -> bool:
    """What was said in a confidential contact is for its author, his supervisors, and head office."""
    if not interaction.confidential:
        return True
    wrote = interaction.manager is not None and interaction.manager.user_id == user.pk
    return wrote or user.is_supervisor or user.sees_whole_bank


def last_contacts(customer, user) -> tuple[Interaction | None, Interaction | None]:
    """The latest contact over any channel, and the latest that a manager logged: one query."""
    rows = (
        contacts_of(customer)
        .readable_by(user.role)
        .annotate(is_logged=ExpressionWrapper(Q(manager__isnull=False), BooleanField()))
    )
    latest = list(rows.order_by("is_logged", "-happened_at", "-id").distinct("is_logged"))
    logged = next((row for row in latest if row.is_logged), None)
    return max(latest, key=lambda row: row.happened_at, default=None), logged


def open_promises(tasks: list[Task], logged: Interaction | None, as_of: date, user) -> list[Promise]:
    """Promises not yet kept: promise tasks, and the last contact's next step while it waits for its day.

    Every logged contact asks for a new next step, so that an older one is superseded. `tasks` are the
    customer's open tasks, `logged` is his latest contact that a manager logged; a confidential step
    is told only to whom it may be.
    """
    promises = [
        Promise(task.reason.get("step", ""), task.due_on, _made_on(task.interaction), task)
        for task in tasks
        if task.kind == TaskKind.PROMISE
    ]
    waits = logged and logged.next_date and logged.next_step and logged.next_date >= as_of
    if waits and not any(promise.step == logged.next_step for promise in promises):
        step = logged.next_step if may_read_note(user, logged) else _("confidential")
        promises.append(Promise(step, logged.next_date, _made_on(logged), None))
    return sorted(promises, key=lambda promise: promise.due_on)


def open_tasks(customer, as_of: date) -> list[Task]:
    """What is open about the customer, first things first, snoozed ones included."""
    return list(
        Task.objects.filter(customer=customer, state__in=[TaskState.OPEN, TaskState.SNOOZED])
        .select_related("interaction")
        .order_by("-rank", "id")[:20]
    )


def _made_on(interaction):
    return interaction.happened_at.date() if interaction else None
