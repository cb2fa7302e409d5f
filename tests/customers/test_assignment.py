"""One lead manager at any moment, shares of a day sum to 1, nobody outside his time in post."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError

from customers.choices import AssignmentRole
from customers.models import Assignment
from customers.services.assignment import SENTENCES, AssignmentRefused, assign, end_assignment
from tests.factories import make_customer, make_manager


def rows(customer):
    found = Assignment.objects.filter(customer=customer).order_by("during", "-role")
    return [(row.manager, row.role, row.share, row.during.lower, row.during.upper) for row in found]


def test_a_new_lead_ends_the_old_one_that_day(customer, manager, colleague, today):
    assign(customer, manager=colleague, from_date=today, as_of=today)
    assert rows(customer) == [
        (manager, "lead", Decimal(1), customer.since, today),
        (colleague, "lead", Decimal(1), today, None),
    ]
    customer.refresh_from_db()
    assert (customer.lead, customer.co) == (colleague, None)


def test_lead_and_co_share_a_day(customer, manager, colleague, today):
    assign(customer, manager=manager, co=colleague, from_date=today, as_of=today)
    assert rows(customer)[1:] == [
        (manager, "lead", Decimal("0.7"), today, None),
        (colleague, "co", Decimal("0.3"), today, None),
    ]
    customer.refresh_from_db()
    assert (customer.lead, customer.co) == (manager, colleague)


def test_a_later_date_leaves_todays_lead(customer, manager, colleague, today):
    assign(customer, manager=colleague, from_date=today + timedelta(days=3), as_of=today)
    customer.refresh_from_db()
    assert customer.lead == manager
    assert rows(customer)[0][4] == today + timedelta(days=3)


def test_the_same_day_again_replaces(customer, manager, colleague, today):
    assign(customer, manager=colleague, from_date=today, as_of=today)
    assign(customer, manager=manager, from_date=today, as_of=today)
    assert rows(customer) == [
        (manager, "lead", Decimal(1), customer.since, today),
        (manager, "lead", Decimal(1), today, None),
    ]


def test_back_to_the_pool(customer, manager, today):
    end_assignment(customer, from_date=today, as_of=today)
    assert rows(customer) == [(manager, "lead", Decimal(1), customer.since, today)]
    customer.refresh_from_db()
    assert customer.lead is None


def test_from_the_pool(branch, manager, today):
    customer = make_customer("苏棠", branch=branch)
    assign(customer, manager=manager, from_date=today, as_of=today)
    customer.refresh_from_db()
    assert customer.lead == manager


@pytest.mark.parametrize("when", [-1, -400])
def test_the_past_is_refused(customer, colleague, today, when):
    before = rows(customer)
    for change in (
        lambda day: assign(customer, manager=colleague, from_date=day, as_of=today),
        lambda day: end_assignment(customer, from_date=day, as_of=today),
    ):
        with pytest.raises(AssignmentRefused):
            change(today + timedelta(days=when))
    assert rows(customer) == before


def test_a_refusal_changes_nothing_and_says_which_rule(customer, manager, colleague, branch, today):
    left = make_manager("0999", branch=branch, in_post=(today - timedelta(days=90), today))
    before = rows(customer)
    cases = [
        ({"manager": left}, "customers_assignment_inside_time_in_post"),
        (
            {"manager": manager, "co": colleague, "co_share": Decimal("1.5")},
            "customers_assignment_share_0_to_1",
        ),
        ({"manager": manager, "co": manager}, "customers_assignment_manager_once"),
    ]
    for values, name in cases:
        with pytest.raises(AssignmentRefused) as refusal:
            assign(customer, from_date=today, as_of=today, **values)
        assert str(refusal.value) == str(SENTENCES[name])
        assert rows(customer) == before
    customer.refresh_from_db()
    assert customer.lead == manager


def test_the_database_allows_one_lead_only(customer, colleague, today):
    with pytest.raises(IntegrityError, match="customers_assignment_one_lead"), transaction.atomic():
        Assignment.objects.create(
            customer=customer, manager=colleague, role=AssignmentRole.LEAD, share=1, during=(today, None)
        )


@pytest.mark.parametrize("share", ["0.2", "0.9"])
def test_the_database_wants_shares_that_sum_to_1(customer, colleague, today, share):
    with pytest.raises(IntegrityError, match="not to 1"), transaction.atomic():
        Assignment.objects.create(
            customer=customer, manager=colleague, role=AssignmentRole.CO, share=share, during=(today, None)
        )
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_what_carries_history_cannot_be_deleted(customer, manager):
    for record in (customer, manager, manager.user, manager.branch):
        with pytest.raises(ProtectedError):
            record.delete()
