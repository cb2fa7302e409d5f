"""Custody opens a customer for a while and ends by itself; it never moves a share."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import translation

from crm.wall import scope
from customers.models import Assignment, Custody, Customer
from customers.services.assignment import AssignmentRefused, assign
from customers.services.custody import end_custody, latest_end, take_into_custody
from tests.factories import make_manager

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


def take(customer, custodian, today, *, start=0, days=10):
    return take_into_custody(
        [customer.pk],
        custodian=custodian,
        from_date=today + timedelta(start),
        to_date=today + timedelta(start + days),
        as_of=today,
        reason="休假",
    )


def sees(manager, customer):
    by_code = Customer.objects.visible_to(manager.user).filter(pk=customer.pk).exists()
    with scope.of_user(manager.user_id):
        by_wall = Customer.objects.filter(pk=customer.pk).exists()
    assert by_code == by_wall
    return by_code


def test_a_custodian_sees_the_customer_while_it_lasts(customer, manager, colleague, today):
    assert not sees(colleague, customer)
    take(customer, colleague, today)
    assert sees(colleague, customer)
    assert sees(manager, customer)
    rows = Assignment.objects.filter(customer=customer).values_list("manager", "share")
    assert list(rows) == [(manager.pk, Decimal(1))]


@pytest.mark.parametrize(("start", "days"), [(-10, 10), (1, 10)], ids=["over", "to come"])
def test_outside_its_days_there_is_nobody(customer, manager, colleague, today, start, days):
    """Nothing runs: the range alone decides."""
    first = today + timedelta(start)
    Custody.objects.create(
        customer=customer, custodian=colleague, lead=manager, during=(first, first + timedelta(days))
    )
    assert not sees(colleague, customer)


def test_the_custodian_opens_and_serves(as_user, customer, colleague, today):
    take(customer, colleague, today)
    client = as_user(colleague.user)
    assert client.get(reverse("customers:detail", args=[customer.public_id])).status_code == 200
    assert client.get(reverse("customers:log_contact", args=[customer.public_id])).status_code == 200
    end_custody(Custody.objects.get(), on=today)
    assert client.get(reverse("customers:detail", args=[customer.public_id])).status_code == 404


def test_two_custodies_at_a_time_are_refused(customer, manager, colleague, branch, today):
    take(customer, colleague, today)
    with pytest.raises(AssignmentRefused, match="in custody in that time already"), transaction.atomic():
        take(customer, make_manager("0933", branch=branch), today, start=5)
    assert Custody.objects.count() == 1


def test_who_leads_takes_nobody_into_custody(customer, manager, today):
    with pytest.raises(AssignmentRefused, match="looks after"):
        take(customer, manager, today)


def test_five_months_at_most(customer, colleague, today):
    assert latest_end(date(2026, 10, 31)) == date(2027, 3, 28)
    with pytest.raises(AssignmentRefused, match="at most 5 months"):
        take(customer, colleague, today, days=160)


def test_a_past_day_is_refused(customer, colleague, today):
    with pytest.raises(AssignmentRefused, match="today or later"):
        take(customer, colleague, today, start=-1)


def test_another_lead_ends_it(customer, colleague, outsider, today):
    take(customer, colleague, today)
    assign(customer, manager=outsider, from_date=today, as_of=today)
    assert Custody.objects.count() == 0


def test_the_query_stays_an_index_condition(customer, manager):
    """The right by custody is read once, into an array: no filter over all customers."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = Customer.objects.visible_to(manager.user).explain()
    assert "BitmapOr" in plan and "InitPlan" in plan
