"""What managers carry: counts weighted by tier, and the published night's sums, before and after a move."""

from decimal import Decimal

import pytest

from customers.selectors.load import Load, load_of_customers, loads_of, preview
from tests.customers.conftest import NIGHT, make_standing
from tests.factories import make_customer

pytestmark = pytest.mark.django_db


def test_loads_weigh_by_tier_and_sum_the_night(branch, manager, colleague, published, today):
    gold = make_customer("甲", branch=branch, lead=manager, tier="gold")
    basic = make_customer("乙", branch=branch, lead=manager)
    make_standing(gold, churn_bp=4000)
    make_standing(basic, overdue_days=3, months=[None] * 13)
    loads = loads_of([manager, colleague], NIGHT, today)
    assert loads[manager.pk] == Load(
        customers=2,
        weight=Decimal("1.8"),
        capacity=250,
        aum_fen=164_000_000,
        average_fen=164_000_000,
        eva_fen=952_500,
        risky=1,
        overdue=1,
    )
    assert loads[colleague.pk] == Load(capacity=250)
    moved = load_of_customers([gold.pk], NIGHT, today)
    giver, taker = preview({colleague: moved}, {manager: moved}, NIGHT, today)
    assert (giver.manager, giver.after.weight, giver.after.risky) == (manager, Decimal("0.8"), 0)
    assert (taker.manager, taker.after.customers, taker.after.share) == (colleague, 1, 0.004)
