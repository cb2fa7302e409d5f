"""G6: what a page may write of assignments, tried past every view: from today on, in its subtree."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, ProgrammingError, transaction
from django.utils import timezone, translation

from crm.wall import scope
from customers.models import Assignment, Custody, Customer
from customers.services.assignment import AssignmentRefused, place

pytestmark = pytest.mark.django_db


@pytest.fixture
def today():
    return timezone.localdate()


def refused(act, *expected):
    with pytest.raises(expected or IntegrityError) as said, transaction.atomic():
        act()
    return str(said.value)


def test_a_supervisor_assigns_from_today_in_his_subtree(supervisor, customer, colleague, today):
    with scope.of_user(supervisor.pk):
        place([customer.pk], manager=colleague, from_date=today, as_of=today)
    assert Customer.objects.get(pk=customer.pk).lead == colleague


def test_not_to_a_manager_of_another_branch(supervisor, customer, outsider, today):
    with scope.of_user(supervisor.pk), translation.override("en"):
        told = refused(
            lambda: place([customer.pk], manager=outsider, from_date=today, as_of=today), AssignmentRefused
        )
    assert "another branch" in told


def test_not_on_a_day_that_is_past_whoever_approves(supervisor, customer, colleague, today):
    past = today - timedelta(5)
    with scope.of_user(supervisor.pk):
        refused(
            lambda: place([customer.pk], manager=colleague, from_date=past, as_of=today, approved=True),
            AssignmentRefused,
        )
        refused(lambda: Assignment.objects.update(during=(past - timedelta(9), None)))
        refused(lambda: Assignment.objects.all().delete())


def test_not_a_lead_without_his_assignment(supervisor, customer, colleague):
    with scope.of_user(supervisor.pk):
        refused(lambda: Customer.objects.filter(pk=customer.pk).update(lead=colleague))


@pytest.mark.parametrize("role", ["manager", "back_office", "auditor", "admin_user"])
def test_nobody_else_writes_assignments_or_custody(request, role, customer, manager, colleague, today):
    user = request.getfixturevalue(role)
    with scope.of_user(getattr(user, "user_id", user.pk)):
        rights = (ProgrammingError, IntegrityError)
        refused(
            lambda: Assignment.objects.create(
                customer=customer, manager=colleague, role="co", share="0.1", during=(today, None)
            ),
            *rights,
        )
        refused(
            lambda: Custody.objects.create(
                customer=customer, custodian=colleague, during=(today, today + timedelta(3))
            ),
            *rights,
        )
    assert Assignment.objects.count() == 1
