"""Prospects: added by whoever found them, warned of who is alike, their contacts the owner's alone."""

from datetime import date

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from crm.wall import roles
from customers.models import Assignment, Customer, Interaction
from tests.factories import make_customer, make_interaction

ENGLISH = {"Accept-Language": "en"}
ADD = "customers:prospect_add"


def add(client, **data):
    told = {"kind": "person", "name": "顾长风"} | data
    return client.post(reverse(ADD), told, headers=ENGLISH)


def test_a_prospect_is_added_with_his_owner(as_user, manager, today):
    answer = add(
        as_user(manager.user), mobile="+86 138 0000 1234", born_on="1980-02-29", address="青禾市城东区"
    )
    made = Customer.objects.get()
    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        reverse("customers:detail", args=[made.public_id]),
    )
    assert (made.lifecycle, made.lead, made.branch, made.since, made.initials, made.number[:1]) == (
        "prospect",
        manager,
        manager.branch,
        today,
        "gzf",
        "P",
    )
    assert (made.identity.mobile, made.identity.address) == ("13800001234", "青禾市城东区")
    row = Assignment.objects.get()
    assert (row.manager, row.role, row.share, row.during.lower, row.during.upper) == (
        manager,
        "lead",
        1,
        today,
        None,
    )
    page = as_user(manager.user).get(reverse("customers:detail", args=[made.public_id]))
    assert page.status_code == 200


def test_an_organisation_has_its_code_checked(as_user, manager):
    client = as_user(manager.user)
    wrong = add(client, kind="company", name="云岫纸业", code="91100000MA0000007A")
    assert "The check digit should be 3, not A" in wrong.content.decode()
    assert "no such code" in add(client, code="91100000MA00000073").content.decode()
    assert add(client, kind="company", name="云岫纸业", code="91100000MA00000073").status_code == 303
    assert Customer.objects.get().identity.document_number == "91100000MA00000073"
    again = add(client, kind="company", name="云岫造纸", code="91100000MA00000073")
    assert (again.status_code, "same company code" in again.content.decode()) == (422, True)


@pytest.mark.parametrize("data", [{"mobile": "13800001234"}, {"name": "沈知远"}])
def test_who_is_alike_is_shown_first(as_user, manager, customer, data):
    customer.identity.mobile = "13800001234"
    customer.identity.save()
    client = as_user(manager.user)
    first = add(client, **data)
    assert (first.status_code, [each.customer for each in first.context["found"]]) == (422, [customer])
    assert Customer.objects.count() == 1
    assert add(client, **data, is_another="on").status_code == 303
    assert Customer.objects.count() == 2


def test_a_birth_date_tells_two_of_one_name_apart(as_user, manager, branch):
    make_customer("沈知远", branch=branch, lead=manager, born_on=date(1970, 1, 1))
    assert add(as_user(manager.user), name="沈知远", born_on="1990-01-01").status_code == 303


def test_nobody_is_told_of_a_customer_he_may_not_see(as_user, manager, foreign_customer):
    foreign_customer.identity.mobile = "13800001234"
    foreign_customer.identity.save()
    assert add(as_user(manager.user), name=foreign_customer.name, mobile="13800001234").status_code == 303


@pytest.mark.parametrize(
    "data", [{"name": ""}, {"name": "沈"}, {"mobile": "1380000123"}, {"born_on": "2199-01-01"}, {"kind": "x"}]
)
def test_bad_input_is_said_and_nothing_is_added(as_user, manager, data):
    assert add(as_user(manager.user), **data).status_code == 422
    assert not Customer.objects.exists()


def test_contacts_with_a_prospect_are_their_owners(
    as_user, manager, supervisor, back_office, auditor, branch, today
):
    prospect = make_customer("顾长风", branch=branch, lead=manager, lifecycle="prospect")
    make_interaction(prospect, manager=manager, note="谈代发意向", happened_at=timezone.now())
    shown = {}
    for user in (manager.user, supervisor, back_office, auditor):
        client = as_user(user)
        for page in ("detail", "timeline", "contacts"):
            answer = client.get(reverse(f"customers:{page}", args=[prospect.public_id]))
            shown.setdefault(user.username, set()).add("谈代发意向" in answer.content.decode())
    assert shown == {"0931": {True}, "0102": {False}, "0301": {False}, "0009": {True}}
    Customer.objects.update(lifecycle="new")
    page = as_user(supervisor).get(reverse("customers:timeline", args=[prospect.public_id]))
    assert "谈代发意向" in page.content.decode()


def test_the_second_wall_hides_them_too(manager, supervisor, branch):
    prospect = make_customer("顾长风", branch=branch, lead=manager, lifecycle="prospect")
    make_interaction(prospect, manager=manager)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {roles.BRANCH}")
        cursor.execute("SELECT set_config('app.branch', %s, true)", [branch.path])
        assert (Customer.objects.count(), Interaction.objects.count()) == (1, 0)
        cursor.execute("RESET ROLE")


@pytest.mark.parametrize("setting", ["", "0"])
def test_the_function_knows_its_manager_from_the_request_alone(db, setting):
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.manager', %s, true)", [setting])
        cursor.execute("SELECT customers_add_prospect('person', '甲', 'j', NULL, NULL)")
