"""The calendar: what stands on which day, leave in it, the file and the private address."""

from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from crm.audit.models import AuditRecord
from customers.choices import Family, TaskKind
from customers.models import Customer
from customers.selectors.calendar import span_of
from managers.calendar_links import holder_of, make_link, token_of
from managers.choices import Role
from managers.models import CalendarDay, CalendarLink, Leave
from tests.crm.test_icalendar import unfold
from tests.factories import SHANGHAI, make_account, make_customer, make_interaction, make_product, make_task
from tests.queries import OfPage

pytestmark = pytest.mark.django_db
PAGE, FILE, LINK = (reverse(f"customers:{name}") for name in ("calendar", "calendar_file", "calendar_link"))
MONDAY = date(2026, 6, 29)
LATE = datetime(2026, 6, 29, 23, 30, tzinfo=SHANGHAI)


def days(span):
    return [((entry.day - MONDAY).days, entry.kind, entry.customer.name) for entry in span.entries]


def test_what_stands_on_which_day(branch, manager, colleague, customer, foreign_customer):
    other = make_customer("宋以宁", branch=branch, lead=colleague, next_date=MONDAY)
    Customer.objects.filter(pk=customer.pk).update(next_date=MONDAY + timedelta(days=2))
    make_interaction(customer, manager=manager, happened_at=LATE)
    make_interaction(other, manager=colleague)
    make_task(customer, due_on=MONDAY + timedelta(days=1))
    make_task(customer, kind=TaskKind.PROMISE, due_on=MONDAY + timedelta(days=2))  # stands as agreed
    deposit = make_product("T1", family=Family.TIME_DEPOSIT)
    for n in (-1, 3, 7):
        make_account(customer, deposit, matures_on=MONDAY + timedelta(days=n), principal_fen=500)
    make_account(customer, make_product("C1"), matures_on=MONDAY + timedelta(days=3))
    span = span_of(manager.user, manager, MONDAY, MONDAY + timedelta(days=6), MONDAY)
    assert days(span) == [
        (0, "done", "沈知远"),
        (1, "task", "沈知远"),
        (2, "agreed", "沈知远"),
        (3, "deposit", "沈知远"),
    ]


def test_leave_and_cover_and_what_lies_in_them(branch, manager, colleague, customer):
    Customer.objects.filter(pk=customer.pk).update(next_date=MONDAY + timedelta(days=1))
    inside = (MONDAY, MONDAY + timedelta(days=3))
    leave = Leave.objects.create(manager=manager, during=inside, kind="annual")
    Leave.objects.create(
        manager=colleague,
        during=(MONDAY + timedelta(4), MONDAY + timedelta(5)),
        kind="sick",
        covered_by=manager,
    )
    span = span_of(manager.user, manager, MONDAY, MONDAY + timedelta(days=6), MONDAY)
    assert [(away.name, away.since == MONDAY) for away in span.away] == [("", True), (colleague.name, False)]
    assert [entry.customer for entry in span.in_leave()] == [customer]
    leave.covered_by = colleague
    leave.save()
    covered = span_of(manager.user, manager, MONDAY, MONDAY + timedelta(days=6), MONDAY)
    assert covered.in_leave() == []


def test_the_page_shows_week_and_month(as_user, manager, customer, today):
    Customer.objects.filter(pk=customer.pk).update(next_date=today)
    CalendarDay.objects.create(date=date(2026, 10, 1), is_working=False, note="国庆节")
    client = as_user(manager.user)
    page = client.get(PAGE)
    assert [day["date"] for day in page.context["days"] if day["entries"]] == [today]
    assert page.context["is_this_week"]
    october = client.get(PAGE, {"week": "2026-W40"})
    assert october.context["days"][3]["note"] == "国庆节"
    assert len(october.context["month"]["weeks"]) == 5
    for nonsense in ("2026-W60", "x", "2026-W", "9999-W01", "0001-W01", "-W-"):
        assert client.get(PAGE, {"week": nonsense}).context["is_this_week"]


def test_a_full_week_costs_the_same_statements(as_user, branch, manager, customer, today):
    client, counts = as_user(manager.user), []
    for number in (1, 4):
        for _ in range(number):
            one = make_customer(branch=branch, lead=manager, next_date=today)
            make_task(one, due_on=today)
            make_interaction(one, manager=manager, happened_at=timezone.now())
        client.get(PAGE)
        with OfPage(connection) as captured:
            client.get(PAGE)
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 15


# --- The file -----------------------------------------------------------------------------------------------
@pytest.fixture
def agreed(customer, today):
    Customer.objects.filter(pk=customer.pk).update(next_date=today + timedelta(days=3))
    make_task(customer, due_on=today + timedelta(days=4), reason={"text": "秘密"})
    deposit = make_product("T1", family=Family.TIME_DEPOSIT)
    make_account(customer, deposit, matures_on=today + timedelta(days=5), principal_fen=12_345_600)
    return customer


def test_the_file_names_nobody(as_user, manager, agreed, settings):
    client = as_user(manager.user)
    answer = client.get(FILE)
    body = answer.content.decode()
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert body.count("BEGIN:VEVENT") == 3
    assert agreed.number in body
    for secret in (agreed.name, "秘密", "12345", "123,456"):
        assert secret not in body
    assert AuditRecord.objects.filter(act="export", user_id=manager.user_id).count() == 1
    settings.CALENDAR_NAMES = True
    lines = unfold(client.get(FILE).content)
    assert any(line.endswith(agreed.name) for line in lines if line.startswith("SUMMARY"))


# --- The private address ------------------------------------------------------------------------------------
def feed(user):
    return reverse("customers:calendar_feed", args=[token_of(make_link(user))])


def test_the_address_opens_without_a_session_and_ends_at_once(client, as_user, manager, agreed):
    address = feed(manager.user)
    answer = client.get(address)
    assert (answer.status_code, agreed.number in answer.content.decode()) == (200, True)
    assert answer.headers["Cache-Control"] == "no-store"
    assert CalendarLink.objects.get().read_at is not None
    assert AuditRecord.objects.filter(act="export", user_id=manager.user_id).count() == 1
    newer = feed(manager.user)
    assert (client.get(address).status_code, client.get(newer).status_code) == (404, 200)
    as_user(manager.user).post(LINK, {"end": "1"})
    client.logout()
    assert client.get(newer).status_code == 404


def test_the_address_dies_with_the_rights(client, manager, agreed, other_branch):
    user = manager.user
    for change in ({"is_active": False}, {"role": Role.BACK_OFFICE}, {"branch": other_branch}):
        address = feed(user)
        assert client.get(address).status_code == 200
        before = {name: getattr(user, name) for name in change}
        type(user).objects.filter(pk=user.pk).update(**change)
        assert client.get(address).status_code == 404
        type(user).objects.filter(pk=user.pk).update(**before)
        user.refresh_from_db()
    address = feed(user)
    user.set_password("ganz neu und lang genug")
    user.save()
    assert client.get(address).status_code == 404


def test_the_address_shows_what_its_owner_may_see_now(client, manager, colleague, agreed):
    address = feed(manager.user)
    Customer.objects.filter(pk=agreed.pk).update(lead=colleague)
    body = client.get(address).content.decode()
    assert agreed.number not in body


@pytest.mark.parametrize("token", ["x", "eyJ.x", "W10.W10", "AAAA.AAAA.AAAA"])
def test_an_address_that_is_made_up_does_not_exist(client, token):
    assert holder_of(token) is None
    assert client.get(reverse("customers:calendar_feed", args=[token])).status_code == 404


def test_a_bank_may_switch_addresses_off(client, as_user, manager, agreed, settings):
    address = feed(manager.user)
    settings.CALENDAR_LINKS = False
    assert client.get(address).status_code == 404
    assert as_user(manager.user).get(PAGE).context["link"] == ""
