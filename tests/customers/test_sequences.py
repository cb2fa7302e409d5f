"""Whatever is done in whatever order, a customer's days have one lead and shares that sum to 1, without a gap
between the first lead and the last but what was given to the pool."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customers.models import Assignment, Custody, Customer
from customers.services.assignment import AssignmentRefused, place
from customers.services.custody import take_into_custody
from customers.services.turn import turn
from tests.factories import make_customer, make_manager

pytestmark = pytest.mark.django_db
ACTS = st.tuples(
    st.sampled_from(["place", "pool", "custody", "days"]),
    st.integers(0, 2),  # who
    st.integers(0, 2),  # with whom
    st.integers(0, 20),  # days ahead
    st.sampled_from([Decimal("0.1"), Decimal("0.3"), Decimal("0.5")]),
)


@pytest.fixture
def world(branch):
    managers = [make_manager(f"095{n}", branch=branch, name=f"经理{n}") for n in range(3)]
    return managers, [make_customer(f"客{n}", branch=branch, lead=managers[0]) for n in range(2)]


def act(kind, who, other, ahead, share, world, day):
    managers, customers = world
    ids = [customer.pk for customer in customers[: 1 + ahead % 2]]
    start = day + timedelta(ahead)
    if kind == "place":
        co = {"co": managers[other], "co_share": share} if other != who else {}
        place(ids, manager=managers[who], from_date=start, as_of=day, **co)
    elif kind == "pool":
        place(ids, manager=None, from_date=start, as_of=day)
    elif kind == "custody":
        end = start + timedelta(1 + other)
        take_into_custody(ids, custodian=managers[who], from_date=start, to_date=end, as_of=day)


def check(customer, day, gaps):
    rows = list(Assignment.objects.filter(customer=customer).order_by("during"))
    edges = sorted(
        {row.during.lower for row in rows} | {row.during.upper for row in rows if row.during.upper}
    )
    for edge in edges:
        running = [row for row in rows if row.during.lower <= edge and (row.during.upper or edge) >= edge]
        running = [row for row in running if row.during.upper is None or row.during.upper > edge]
        if not running:
            assert edge in gaps
            continue
        assert sum(row.share for row in running) == 1
        assert [row.role for row in running].count("lead") == 1
    today = [
        row
        for row in rows
        if row.during.lower <= day and (row.during.upper is None or row.during.upper > day)
    ]
    stored = Customer.objects.get(pk=customer.pk)
    assert stored.lead_id == next((row.manager_id for row in today if row.role == "lead"), None)
    assert stored.co_id == next((row.manager_id for row in today if row.role == "co"), None)
    held = [(row.during.lower, row.during.upper) for row in Custody.objects.filter(customer=customer)]
    assert all(one[1] <= two[0] for one, two in zip(sorted(held), sorted(held)[1:], strict=False))


@given(steps=st.lists(ACTS, min_size=1, max_size=10))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_sequence_leaves_one_lead_and_no_gap(world, today, steps):
    day, gaps = today, set()
    with transaction.atomic():
        for kind, who, other, ahead, share in steps:
            if kind == "days":
                day += timedelta(ahead % 5)
                turn(day)
            else:
                if kind == "pool":
                    gaps.add(day + timedelta(ahead))
                try:
                    act(kind, who, other, ahead, share, world, day)
                except AssignmentRefused:
                    continue
            for customer in world[1]:
                check(customer, day, gaps)
        transaction.set_rollback(True)
    assert not connection.needs_rollback
