"""Tasks: set oneself, put off with a reason, done by a contact; all one's tasks; the team's overdue."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from customers.choices import TaskKind, TaskState
from customers.models import Interaction, Task
from customers.ranking import rank
from customers.services.tasks import snooze_date
from managers.models import CalendarDay
from managers.workdays import WorkCalendar
from tests.customers.conftest import make_standing
from tests.customers.test_contacts import url as log_url
from tests.factories import make_customer, make_manager, make_task
from tests.queries import OfPage

pytestmark = pytest.mark.django_db
LIST = reverse("customers:tasks")


def url(name, record):
    return reverse(f"customers:task_{name}", args=[record.public_id])


@pytest.fixture(autouse=True)
def every_day_is_worked(today):
    CalendarDay.objects.bulk_create(
        CalendarDay(date=today + timedelta(days=n), is_working=True) for n in range(40)
    )


# --- Set oneself --------------------------------------------------------------------------------------------
def test_a_task_of_ones_own(as_user, manager, customer, published, today):
    make_standing(customer, aum_fen=300_000_000)
    client = as_user(manager.user)
    due = today + timedelta(days=5)
    response = client.post(url("new", customer), {"text": " 送  合同 ", "due_on": due.isoformat()})
    assert response["Location"] == reverse("customers:today")
    task = Task.objects.get()
    assert (task.kind, task.manager, task.reason, task.due_on) == (
        "manual",
        manager,
        {"text": "送 合同"},
        due,
    )
    assert (task.value_fen, task.rank) == (300_000_000, rank("manual", 300_000_000, due, today))
    page = client.get(reverse("customers:today"))
    assert "送 合同" in page.content.decode()


def test_it_stands_on_today_a_week_ahead(as_user, manager, customer, today):
    make_task(customer, due_on=today + timedelta(days=7))
    later = make_task(customer, due_on=today + timedelta(days=8))
    client = as_user(manager.user)
    shown = client.get(reverse("customers:today")).context["first"]
    assert [row["task"].due_on for row in shown] == [today + timedelta(days=7)]
    ahead = client.get(LIST, {"show": "ahead"}).context["rows"]
    assert [row["task"] for row in ahead] == [later]


def test_a_day_off_moves_on(as_user, manager, customer, today):
    CalendarDay.objects.filter(date=today + timedelta(days=3)).update(is_working=False, note="国庆节")
    due = (today + timedelta(days=3)).isoformat()
    as_user(manager.user).post(url("new", customer), {"text": "送合同", "due_on": due})
    assert Task.objects.get().due_on == today + timedelta(days=4)


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"text": ""}, "text"),
        ({"text": "打 13800000000"}, "text"),
        ({"text": "x" * 121}, "text"),
        ({"due_on": "昨天"}, "due_on"),
        ({"due_on": "2020-01-01"}, "due_on"),
        ({"due_on": "2999-01-01"}, "due_on"),
    ],
)
def test_a_task_that_is_not_whole_is_asked_for(as_user, manager, customer, today, sent, field):
    whole = {"text": "送合同", "due_on": today.isoformat()}
    response = as_user(manager.user).post(url("new", customer), whole | sent)
    assert (response.status_code, list(response.context["form"].errors)) == (422, [field])
    assert not Task.objects.exists()


# --- Put off ------------------------------------------------------------------------------------------------
def test_put_off_to_a_day_of_ones_own_with_the_reason(as_user, manager, customer, today):
    task = make_task(customer, due_on=today)
    client = as_user(manager.user)
    assert client.get(url("snooze", task)).status_code == 200
    until = today + timedelta(days=12)
    assert client.post(url("snooze", task), {"until": until.isoformat(), "why": ""}).status_code == 422
    client.post(url("snooze", task), {"until": until.isoformat(), "why": "客户出差"})
    task.refresh_from_db()
    assert (task.state, task.snoozed_until, task.snooze_reason) == (TaskState.SNOOZED, until, "客户出差")
    client.post(url("undo", task))
    task.refresh_from_db()
    assert (task.state, task.snoozed_until, task.snooze_reason) == (TaskState.OPEN, None, "")


@pytest.mark.parametrize("days", [0, 91])
def test_nothing_is_put_off_for_good(as_user, manager, customer, today, days):
    task = make_task(customer, due_on=today)
    sent = {"until": (today + timedelta(days=days)).isoformat(), "why": "x"}
    response = as_user(manager.user).post(url("snooze", task), sent)
    assert list(response.context["form"].errors) == ["until"]


def test_words_mean_free_days():
    """Wednesday 30 September 2026, before seven days of holiday."""
    wednesday = date(2026, 9, 30)
    holiday = {wednesday + timedelta(days=n): (False, "国庆节") for n in range(1, 8)}
    calendar = WorkCalendar(holiday)
    words = ("tomorrow", "monday", "week")
    assert [snooze_date(word, wednesday, calendar).isoformat() for word in words] == ["2026-10-08"] * 3
    with pytest.raises(KeyError):
        snooze_date("never", wednesday, calendar)


# --- Done ---------------------------------------------------------------------------------------------------
def test_done_with_the_contact_it_was_done_by(as_user, manager, customer, filled, today):
    task = make_task(customer, kind=TaskKind.SILENT, due_on=today, reason={"days": 96, "cycle_days": 90})
    client = as_user(manager.user)
    client.post(log_url(customer), filled | {"task": str(task.public_id)})
    task.refresh_from_db()
    assert (task.state, task.settled_by) == (TaskState.DONE, Interaction.objects.get())
    (row,) = client.get(LIST, {"show": "done"}).context["rows"]
    assert row["task"].settled_by == task.settled_by
    client.post(url("undo", task))
    task.refresh_from_db()
    assert (task.state, task.settled_by) == (TaskState.OPEN, None)


# --- Lists --------------------------------------------------------------------------------------------------
def walk(client, query, take):
    seen, page = [], client.get(LIST, query)
    while True:
        seen += [take(row) for row in page.context["rows"]]
        if not page.context["next_url"]:
            return seen
        page = client.get(LIST + page.context["next_url"])


def test_every_list_pages(as_user, manager, supervisor, customer, today, monkeypatch):
    monkeypatch.setattr("customers.selectors.task_lists.PAGE", 2)
    for n in range(5):
        make_task(customer, due_on=today - timedelta(days=n + 1), rank=n)
        make_task(customer, due_on=today, state=TaskState.DONE, done_at=timezone.now() - timedelta(days=n))
    client = as_user(manager.user)
    assert walk(client, {}, lambda row: row["task"].rank) == [4, 3, 2, 1, 0]
    done = walk(client, {"show": "done"}, lambda row: row["task"].done_at)
    assert len(done) == 5
    assert done == sorted(done, reverse=True)
    assert client.get(LIST, {"after": "bad"}).status_code == 400
    late = walk(as_user(supervisor), {}, lambda row: (today - row["task"].due_on).days)
    assert late == [5, 4, 3, 2, 1]


def test_a_supervisor_sees_what_is_overdue_in_his_team(
    as_user, branch, manager, colleague, supervisor, outsider, foreign_customer, customer, today
):
    beside = make_customer("顾长风", branch=branch, lead=colleague)
    yesterday = today - timedelta(days=1)
    mine = make_task(customer, due_on=yesterday)
    older = make_task(beside, due_on=today - timedelta(days=9))
    nobodys = make_task(customer, due_on=today - timedelta(days=3))
    Task.objects.filter(pk=nobodys.pk).update(manager=None)
    make_task(customer, due_on=today)
    make_task(customer, due_on=yesterday, state=TaskState.DONE, done_at=timezone.now())
    make_task(foreign_customer, due_on=yesterday)
    client = as_user(supervisor)
    page = client.get(LIST)
    assert [row["task"] for row in page.context["rows"]] == [older, nobodys, mine]
    assert {row.manager: row.count for row in page.context["late"]} == {manager: 1, colleague: 1}
    one = client.get(LIST, {"manager": colleague.public_id})
    assert [row["task"] for row in one.context["rows"]] == [older]
    assert client.get(LIST, {"manager": outsider.public_id}).status_code == 404
    assert client.get(LIST, {"manager": "nobody"}).status_code == 404


def test_a_larger_team_costs_the_same_statements(as_user, branch, manager, supervisor, customer, today):
    client, counts = as_user(supervisor), []
    make_task(customer, due_on=today - timedelta(days=1))
    for number in (1, 3):
        for n in range(number):
            other = make_manager(f"08{number}{n}", branch=branch)
            make_task(make_customer(branch=branch, lead=other), due_on=today - timedelta(days=2))
        client.get(LIST)
        with OfPage(connection) as captured:
            client.get(LIST)
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 15
