"""Today: in order of rank, each with its reason and one action; done, put off and taken back."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from customers.choices import Family, TaskKind, TaskState
from customers.models import Task
from customers.services.tasks import snooze_date
from tests.customers.conftest import NIGHT_BEFORE, make_standing
from tests.factories import make_account, make_customer, make_interaction, make_product, make_task

TODAY = reverse("customers:today")


def task_url(name, task):
    return reverse(f"customers:task_{name}", args=[task.public_id])


def numbers(response):
    return [row["task"].pk for row in response.context["first"] + response.context["rest"]]


@pytest.fixture
def tasks(customer, today):
    """Five tasks of one customer, rank 1–5, 100 yuan each."""
    return [make_task(customer, due_on=today, rank=rank, value_fen=10_000) for rank in (1, 2, 3, 4, 5)]


def test_first_three_then_the_rest_by_rank(as_user, manager, tasks, published):
    response = as_user(manager.user).get(TODAY)
    assert numbers(response) == [task.pk for task in reversed(tasks)]
    assert len(response.context["first"]) == 3
    assert response.context["totals"] == {"count": 5, "value_fen": 50_000, "done": 0, "snoozed": 0}


def test_only_ones_own_open_tasks(as_user, manager, colleague, customer, foreign_customer, outsider, today):
    mine = make_task(customer, due_on=today)
    make_task(customer, manager=colleague, due_on=today)
    make_task(foreign_customer, manager=outsider, due_on=today)
    make_task(customer, due_on=today, state=TaskState.SNOOZED, snoozed_until=today + timedelta(days=1))
    back = make_task(customer, due_on=today, state=TaskState.SNOOZED, snoozed_until=today)
    make_task(customer, due_on=today, state=TaskState.DONE, done_at=timezone.now())
    response = as_user(manager.user).get(TODAY)
    assert sorted(numbers(response)) == sorted([mine.pk, back.pk])
    assert response.context["totals"]["done"] == 1
    assert response.context["totals"]["snoozed"] == 1


def test_a_task_on_a_customer_handed_over_is_gone(as_user, manager, colleague, customer, tasks):
    type(customer).objects.filter(pk=customer.pk).update(lead=colleague)
    assert numbers(as_user(manager.user).get(TODAY)) == []


def test_action_carries_the_task_into_the_form(as_user, manager, customer, today):
    task = make_task(
        customer, kind=TaskKind.OVERDUE, due_on=today, reason={"days": 2, "overdue_fen": 8_600_000}
    )
    client = as_user(manager.user)
    url = client.get(TODAY).context["first"][0]["action_url"]
    form = client.get(url).context["form"]
    assert form.initial["purpose"] == "collection"
    assert form.initial["task"] == task.public_id


def test_maturing_deposits_come_from_the_ledger_or_the_principal(as_user, manager, customer, today):
    product = make_product("TD", family=Family.TIME_DEPOSIT)
    for days in (3, 12, 29, 30, -1):
        make_account(customer, product, matures_on=today + timedelta(days=days), principal_fen=1_000_000)
    response = as_user(manager.user).get(TODAY)
    days = [(deposit.account.matures_on - today).days for deposit in response.context["maturing"]]
    assert days == [3, 12, 29]
    assert response.context["maturing_fen"] == 3_000_000


def test_week_holds_seven_days_with_what_is_agreed(as_user, manager, customer, today):
    type(customer).objects.filter(pk=customer.pk).update(next_date=today)
    make_interaction(customer, manager=manager, happened_at=timezone.now(), next_date=today)
    days = as_user(manager.user).get(TODAY).context["days"]
    assert len(days) == 7
    assert next(day for day in days if day["date"] == today)["agreed"] == ["沈知远"]
    assert next(day for day in days if day["date"] == today)["contacts"] == ["沈知远"]


def test_changes_since_the_night_before(as_user, branch, manager, customer, published):
    same = make_customer("宋以宁", branch=branch, lead=manager)
    for person in (customer, same):
        make_standing(person, night=NIGHT_BEFORE, tier="gold", churn_bp=1400)
    make_standing(customer, tier="platinum", churn_bp=1600)
    make_standing(same, tier="gold", churn_bp=900)
    changes = as_user(manager.user).get(TODAY).context["changes"]
    assert [(change["customer"], change["kind"], change["is_up"]) for change in changes] == [
        (customer, "tier", True),
        (customer, "risk", True),
    ]


def test_everybody_starts_on_his_own_page(as_user, manager, supervisor, admin_user, auditor, back_office):
    home = reverse("customers:home")
    assert as_user(manager.user).get(home).url == TODAY
    assert as_user(supervisor).get(home).url == reverse("performance:branch_board")
    assert as_user(admin_user).get(home).url == reverse("performance:nights")
    assert as_user(auditor).get(home).url == reverse("performance:nights")
    assert as_user(back_office).get(home).url == reverse("customers:book")
    assert as_user(supervisor).get(TODAY).url == home


def test_done_and_undo(as_user, manager, tasks):
    client = as_user(manager.user)
    response = client.post(task_url("done", tasks[4]))
    assert (response.status_code, response["Location"]) == (303, TODAY)
    assert numbers(client.get(TODAY)) == [task.pk for task in reversed(tasks[:4])]
    client.post(task_url("undo", tasks[4]))
    assert numbers(client.get(TODAY)) == [task.pk for task in reversed(tasks)]


def test_the_toast_offers_undo(as_user, manager, tasks):
    client = as_user(manager.user)
    client.post(task_url("done", tasks[0]))
    assert task_url("undo", tasks[0]) in client.get(TODAY).content.decode()


def test_snooze(as_user, manager, tasks, today):
    client = as_user(manager.user)
    for word in ("tomorrow", "monday", "week"):
        client.post(task_url("snooze", tasks[0]), {"until": word})
        tasks[0].refresh_from_db()
        assert (tasks[0].state, tasks[0].snoozed_until) == (TaskState.SNOOZED, snooze_date(word, today))
    assert client.post(task_url("snooze", tasks[1]), {"until": "never"}).status_code == 400
    assert Task.objects.get(pk=tasks[1].pk).state == TaskState.OPEN


def test_monday_is_always_ahead(today):
    monday = today - timedelta(days=today.weekday())
    assert {snooze_date("monday", monday + timedelta(days=n)) for n in range(7)} == {
        monday + timedelta(days=7)
    }


def test_whose_task_it_is(as_user, manager, colleague, supervisor, outsider, admin_user, tasks):
    for name, data in (("done", {}), ("snooze", {"until": "week"}), ("undo", {})):
        url = task_url(name, tasks[0])
        assert as_user(outsider.user).post(url, data).status_code == 404
        assert as_user(colleague.user).post(url, data).status_code == 404
        assert as_user(supervisor).post(url, data).status_code == 403
        assert as_user(admin_user).post(url, data).status_code == 403
        assert as_user(manager.user).get(url).status_code == (200 if name == "snooze" else 405)
    assert Task.objects.get(pk=tasks[0].pk).state == TaskState.OPEN


def test_a_return_address_elsewhere_is_not_followed(as_user, manager, tasks):
    response = as_user(manager.user).post(task_url("done", tasks[0]), {"next": "https://evil.example/"})
    assert response["Location"] == TODAY


def test_number_of_queries_does_not_grow(
    as_user, branch, manager, published, today, django_assert_num_queries
):
    client = as_user(manager.user)
    product = make_product("TD", family=Family.TIME_DEPOSIT)
    for size, queries in ((1, 16), (3, 16), (20, 16)):
        while Task.objects.count() < size:
            customer = make_customer("客户", branch=branch, lead=manager, next_date=today)
            make_standing(customer)
            make_standing(customer, night=NIGHT_BEFORE, tier="gold")
            make_task(customer, due_on=today)
            make_account(customer, product, matures_on=today)
            make_interaction(customer, manager=manager, happened_at=timezone.now(), next_date=today)
        client.get(TODAY)
        with django_assert_num_queries(queries):
            client.get(TODAY)
