"""G6: whoever assigns whatever at the same moment, a customer has exactly one lead manager and no gap.

16 threads assign, end and claim the same few customers on days of their own choosing. 10,000 attempts under
`soak`, a tenth otherwise.
"""

import random
import threading
from datetime import date, timedelta
from itertools import pairwise

import pytest
from django.db import connection, transaction

from customers.models import Assignment, Customer
from customers.services.assignment import AssignmentRefused, assign
from tests.factories import make_customer, make_manager
from tests.soak import sizes

pytestmark = pytest.mark.django_db(transaction=True)
ATTEMPTS = sizes(1_000, 10_000)
THREADS, CUSTOMERS, DAYS = 16, 5, 30
TODAY = date(2026, 6, 30)


def _race(dice, customers, managers, attempts, refused, broken):
    try:
        for _ in range(attempts):
            one, other = dice.sample(managers, 2)
            from_date = TODAY + timedelta(dice.randrange(DAYS))
            with_co = {"co": other} if dice.random() < 0.3 else {}
            try:
                assign(dice.choice(customers), manager=one, from_date=from_date, as_of=TODAY, **with_co)
            except AssignmentRefused as refusal:
                refused.append(str(refusal))
    except Exception as error:
        broken.append(repr(error))
    finally:
        connection.close()


@pytest.mark.parametrize("attempts", ATTEMPTS)
def test_at_any_moment_exactly_one_lead_and_no_gap(branch, attempts):
    managers = [make_manager(f"09{number}", branch=branch, name=f"经理{number}") for number in range(4)]
    customers = [
        make_customer(f"客户{number}", branch=branch, lead=managers[0]) for number in range(CUSTOMERS)
    ]
    refused, broken = [], []
    threads = [
        threading.Thread(
            target=_race,
            args=(random.Random(seed), customers, managers, attempts // THREADS, refused, broken),
        )
        for seed in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (broken, refused) == ([], [])
    for customer in customers:
        leads = Assignment.objects.filter(customer=customer, role="lead").order_by("during")
        spans = [(row.during.lower, row.during.upper) for row in leads]
        assert spans[0][0] == customer.since
        assert spans[-1][1] is None
        assert all(end == begin for (_, end), (begin, _) in pairwise(spans))
        with transaction.atomic():
            in_force = leads.get(during__contains=TODAY)
            assert Customer.objects.get(pk=customer.pk).lead_id == in_force.manager_id
