"""Logging a contact: one row however often it is sent, the customer's dates, the task it came from."""

from datetime import datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from customers.choices import Outcome, TaskKind, TaskState
from customers.forms import ContactForm, holds_secret, next_days
from customers.models import Interaction
from customers.services.contacts import ContactRefused, log_contact
from tests.factories import make_customer, make_interaction, make_task

REF = "web-" + "0" * 32


def url(customer, query=""):
    return reverse("customers:log_contact", args=[customer.public_id]) + query


def test_saves_one_contact_and_moves_the_dates(as_user, manager, customer, filled, today):
    response = as_user(manager.user).post(url(customer), filled)
    assert response.status_code == 303
    contact = Interaction.objects.get()
    assert (contact.customer, contact.manager, contact.channel, contact.purpose, contact.outcome) == (
        customer,
        manager,
        2,
        "maturity",
        "interested",
    )
    assert (contact.note, contact.next_step) == ("倾向拆成两笔", "两笔拆分后的利率方案")
    customer.refresh_from_db()
    assert (customer.last_contact_on, customer.next_date) == (today, today + timedelta(days=9))


def test_sent_twice_it_is_written_once(as_user, manager, customer, filled):
    client = as_user(manager.user)
    assert client.post(url(customer), filled).status_code == 303
    assert client.post(url(customer), filled).status_code == 303
    assert Interaction.objects.count() == 1


def test_a_form_used_for_another_customer_is_refused(as_user, branch, manager, customer, filled):
    other = make_customer("宋以宁", branch=branch, lead=manager)
    client = as_user(manager.user)
    client.post(url(customer), filled)
    response = client.post(url(other), filled)
    assert response.status_code == 422
    assert response.context["form"].non_field_errors()
    assert Interaction.objects.count() == 1


def test_somebody_elses_reference_is_refused(manager, colleague, customer):
    values = {
        "ref": REF,
        "channel": 2,
        "purpose": "sale",
        "outcome": "reached",
        "happened_at": timezone.now(),
    }
    log_contact(customer, by=manager, no_next_reason="无", **values)
    with pytest.raises(ContactRefused):
        log_contact(customer, by=colleague, no_next_reason="无", **values)


def test_closes_the_task_it_came_from(as_user, manager, customer, filled, today):
    task = make_task(customer, kind=TaskKind.SILENT, due_on=today, reason={"days": 96, "cycle_days": 90})
    other = make_task(customer, due_on=today)
    as_user(manager.user).post(url(customer), filled | {"task": str(task.public_id)})
    task.refresh_from_db()
    other.refresh_from_db()
    assert (task.state, other.state) == (TaskState.DONE, TaskState.OPEN)
    assert task.done_at is not None


def test_nobody_reached_puts_the_task_off_to_the_next_date(as_user, manager, customer, filled, today):
    task = make_task(customer, due_on=today)
    sent = filled | {"task": str(task.public_id), "outcome": Outcome.NO_ANSWER}
    as_user(manager.user).post(url(customer), sent)
    task.refresh_from_db()
    assert (task.state, task.snoozed_until) == (TaskState.SNOOZED, today + timedelta(days=9))


def test_a_task_of_another_customer_stays(as_user, branch, manager, customer, filled, today):
    task = make_task(make_customer("宋以宁", branch=branch, lead=manager), due_on=today)
    as_user(manager.user).post(url(customer), filled | {"task": str(task.public_id)})
    as_user(manager.user).get(url(customer), {"task": "no-uuid"})
    task.refresh_from_db()
    assert task.state == TaskState.OPEN


def test_no_next_contact_takes_a_reason_and_clears_the_date(as_user, manager, customer, filled):
    client = as_user(manager.user)
    sent = filled | {"when": "none", "no_next_reason": ""}
    response = client.post(url(customer), sent)
    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["no_next_reason"]
    client.post(url(customer), sent | {"no_next_reason": "客户已销户"})
    contact = Interaction.objects.get()
    assert (contact.next_date, contact.no_next_reason) == (None, "客户已销户")
    customer.refresh_from_db()
    assert customer.next_date is None


def test_a_contact_logged_late_does_not_move_the_dates(manager, customer, today):
    values = {"channel": 2, "purpose": "sale", "outcome": "reached"}
    log_contact(customer, by=manager, ref="a", happened_at=timezone.now(), next_date=today, **values)
    earlier = timezone.now() - timedelta(days=9)
    log_contact(customer, by=manager, ref="b", happened_at=earlier, no_next_reason="无", **values)
    customer.refresh_from_db()
    assert (customer.last_contact_on, customer.next_date) == (today, today)


def test_errors_keep_what_was_written(as_user, manager, customer, filled):
    response = as_user(manager.user).post(
        url(customer), filled | {"channel": "", "when": "other", "next_date": ""}
    )
    assert response.status_code == 422
    page = response.content.decode()
    assert "倾向拆成两笔" in page
    assert "两笔拆分后的利率方案" in page
    assert f'value="{REF}"' in page
    assert sorted(response.context["form"].errors) == ["channel", "next_date"]


def test_dates_out_of_range(as_user, manager, customer, filled, today):
    cases = {
        "happened_on": [today + timedelta(days=1), today - timedelta(days=32)],
        "next_date": [today - timedelta(days=1), today + timedelta(days=731)],
    }
    client = as_user(manager.user)
    for field, days in cases.items():
        for day in days:
            response = client.post(url(customer), filled | {field: day.isoformat()})
            assert list(response.context["form"].errors) == [field]
    assert Interaction.objects.count() == 0


def test_a_note_with_an_identity_or_mobile_number_asks_first(as_user, manager, customer, filled):
    client = as_user(manager.user)
    sent = filled | {"note": "请打 138 0000 0000"}
    response = client.post(url(customer), sent)
    assert list(response.context["form"].errors) == ["note"]
    assert 'name="keep_note"' in response.content.decode()
    assert client.post(url(customer), sent | {"keep_note": "on"}).status_code == 303


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("110101190001010014", True),
        ("身份证11010119000101009X。", True),
        ("138-0000-0000", True),
        ("转账 20 万，13 日前", False),
        ("6200000000000013", False),
        ("合同 2026070112345", False),
        ("", False),
    ],
)
def test_what_looks_like_a_secret(text, expected):
    assert holds_secret(text) is expected


def test_next_days_offer_the_eve_of_a_maturity():
    wednesday = datetime(2026, 7, 1).date()  # noqa: DTZ001
    days = [day.isoformat() for day, _words in next_days(wednesday, wednesday + timedelta(days=14))]
    assert days == ["2026-07-02", "2026-07-03", "2026-07-08", "2026-07-14", "2026-07-31"]
    assert len(next_days(wednesday, wednesday + timedelta(days=1))) == 4


def test_save_and_next_goes_to_the_next_thing_of_today(as_user, branch, manager, customer, filled, today):
    other = make_customer("宋以宁", branch=branch, lead=manager)
    task = make_task(other, due_on=today)
    client = as_user(manager.user)
    response = client.post(url(customer), filled | {"then": "next"})
    assert response["Location"] == url(other, f"?task={task.public_id}")
    drawer = client.post(
        url(customer), filled | {"ref": "web-2", "then": "next"}, headers={"HX-Request": "true"}
    )
    assert drawer.status_code == 200
    assert drawer.context["customer"] == other
    assert "toast" in drawer["HX-Trigger"]


def test_save_and_next_follows_the_list(as_user, branch, manager, filled, today):
    first, second = (
        make_customer(name, branch=branch, lead=manager, next_date=today + timedelta(days=n))
        for n, name in enumerate(("陆怀瑜", "宋以宁"))
    )
    # saving moves the first one behind the second: who comes next was asked before
    response = as_user(manager.user).post(url(first, "?list=book"), filled | {"then": "next"})
    assert response["Location"] == url(second, "?list=book")


def test_in_the_drawer_it_returns_to_the_page_behind(as_user, manager, customer, filled):
    response = as_user(manager.user).post(
        url(customer),
        filled,
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/today/"},
    )
    assert (response.status_code, response["HX-Redirect"]) == (204, "/today/")


def test_who_may_log(
    as_user, manager, colleague, supervisor, outsider, admin_user, auditor, customer, filled
):
    for user, status in (
        (manager.user, 200),
        (colleague.user, 404),
        (outsider.user, 404),
        (supervisor, 403),
        (admin_user, 403),
        (auditor, 403),
    ):
        client = as_user(user)
        assert client.get(url(customer)).status_code == status
        if status != 200:
            assert client.post(url(customer), filled).status_code == status
    assert as_user(manager.user).delete(url(customer)).status_code == 405
    assert Interaction.objects.count() == 0


def test_a_co_manager_may_log(as_user, branch, manager, colleague, filled):
    customer = make_customer("苏棠", branch=branch, lead=manager, co=colleague)
    assert as_user(colleague.user).post(url(customer), filled).status_code == 303
    assert Interaction.objects.get().manager == colleague


def test_an_unknown_channel_or_extra_field_changes_nothing(as_user, manager, customer, filled):
    client = as_user(manager.user)
    assert client.post(url(customer), filled | {"channel": "9"}).status_code == 422
    client.post(url(customer), filled | {"feedback_quality": "3", "feedback_accepted": "on", "manager": "1"})
    contact = Interaction.objects.get()
    assert (contact.feedback_quality, contact.feedback_accepted, contact.manager) == (None, False, manager)


def test_feed_is_newest_first_and_pages(as_user, manager, outsider, customer, monkeypatch):
    monkeypatch.setattr("customers.selectors.contacts.FEED_PAGE", 2)
    for n in range(5):
        make_interaction(customer, note=f"第 {n} 次", happened_at=timezone.now() - timedelta(days=n))
    client = as_user(manager.user)
    address = reverse("customers:contacts", args=[customer.public_id])
    response, seen = client.get(address), []
    while True:
        seen += [item["text"] for item in response.context["items"]]
        if not response.context["next_url"]:
            break
        response = client.get(address + response.context["next_url"])
    assert seen == [f"第 {n} 次" for n in range(5)]
    assert client.get(address, {"after": "bad"}).status_code == 400
    assert as_user(outsider.user).get(address).status_code == 404


def test_a_confidential_note_is_for_author_and_supervisor(
    as_user, branch, manager, colleague, supervisor, today
):
    customer = make_customer("苏棠", branch=branch, lead=manager, co=colleague)
    make_interaction(customer, manager=manager, note="秘密报价", confidential=True, next_date=today)
    address = reverse("customers:contacts", args=[customer.public_id])
    assert "秘密报价" in as_user(manager.user).get(address).content.decode()
    assert "秘密报价" in as_user(supervisor).get(address).content.decode()
    assert "秘密报价" not in as_user(colleague.user).get(address).content.decode()


def test_pick_finds_ones_own_customers(as_user, manager, supervisor, customer, foreign_customer):
    address = reverse("customers:contact_pick")
    client = as_user(manager.user)
    make_interaction(customer, manager=manager)
    assert client.get(address).context["found"] == [customer]
    assert client.get(address, {"q": "知远"}).context["found"] == [customer]
    assert client.get(address, {"q": "怀瑜"}).context["found"] == []
    assert as_user(supervisor).get(address).status_code == 403


def test_blank_form_is_valid_but_for_nothing(today):
    blank = {name: str(value) for name, value in ContactForm.blank(today).items() if value is not None}
    form = ContactForm(blank, as_of=today)
    assert form.is_valid(), form.errors
