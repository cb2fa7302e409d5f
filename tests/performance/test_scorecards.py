"""Scorecards on database rows: attribution to the fen, each source of evidence, the stored result."""

from datetime import date, timedelta
from decimal import Decimal as D
from itertools import pairwise

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.partitions import ensure_months
from customers.choices import Channel, Family, TransactionKind
from customers.models import Assignment
from performance import periods
from performance.flows import Window, attributed, flows_of_manager, flows_of_night, flows_of_pool
from performance.models import Plan
from tests.factories import make_account, make_customer, make_manager, make_product
from tests.performance.ledger import add_balances, add_posting, level_on, make_night

START, AS_OF = date(2026, 4, 1), date(2026, 6, 30)
WINDOW = Window("2026Q2", START, date(2026, 7, 1))


def day(n: int) -> date:
    """The n-th day of the quarter, from 0."""
    return START + timedelta(n)


def test_quarters():
    assert periods.quarter_range(date(2026, 6, 30)) == (date(2026, 4, 1), date(2026, 7, 1))
    assert periods.quarter_range(date(2026, 12, 31)) == (date(2026, 10, 1), date(2027, 1, 1))
    assert periods.quarter_code(date(1994, 1, 31)) == "1994Q1"


def test_period_stands_under_the_default_scheme(db):
    period = periods.period_of(date(1994, 3, 31))
    assert (period.code, period.scheme.code, period.during.lower) == ("1994Q1", "default", date(1994, 1, 1))
    assert periods.days_so_far(period, date(1994, 1, 31)) == (date(1994, 1, 1), date(1994, 2, 1))


# --- Attribution -------------------------------------------------------------------------------------------
@pytest.fixture
def products(db):
    return make_product("D01"), make_product("L01", family=Family.LOAN, ftp_e5=2500, rate_e5=4300)


@pytest.fixture
def third(branch):
    return make_manager("0933", branch=branch, name="沈青")


@st.composite
def histories(draw):
    """Cuts of a time around the quarter, and who holds each part: nobody, one manager, or two at 70/30."""
    cuts = sorted(draw(st.sets(st.integers(-20, 110), min_size=2, max_size=6)))
    holders = [(), (0,), (1,), (0, 1), (1, 2), (2, 0)]
    return [(a, b, draw(st.sampled_from(holders))) for a, b in pairwise(cuts)]


balances = st.lists(
    st.tuples(st.integers(-200, 95), st.integers(0, 5_000_000_00)), max_size=5, unique_by=lambda row: row[0]
).map(sorted)
fees = st.lists(st.tuples(st.integers(-5, 95), st.integers(1, 50_000)), max_size=4)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
@given(st.lists(st.tuples(histories(), balances, balances, fees), min_size=1, max_size=3))
def test_managers_and_pool_sum_to_the_bank(branch, manager, colleague, third, products, bank):
    people, (deposit, loan) = (manager, colleague, third), products
    for table in ("customers_dailybalance", "customers_transaction"):  # once, not in every example
        ensure_months(table, day(-200), day(95))
    with transaction.atomic():
        expected = dict.fromkeys(("deposit", "loan", "fee", "days"), 0)
        for history, deposits, loans, paid in bank:
            customer = make_customer(branch=branch)
            for first, end, held in history:
                for place, who in enumerate(held):
                    share = D(1) if len(held) == 1 else (D("0.7"), D("0.3"))[place]
                    Assignment.objects.create(
                        customer=customer,
                        manager=people[who],
                        role="co" if place else "lead",
                        share=share,
                        during=(day(first), day(end)),
                    )
            for product, rows, name in ((deposit, deposits, "deposit"), (loan, loans, "loan")):
                account = make_account(customer, product)
                rows = [(day(n), fen) for n, fen in rows]
                add_balances(account, *rows, ftp=product.ftp_e5, rate=product.rate_e5, pd=120, lgd=40)
                expected[name] += sum(level_on(rows, day(n)) for n in range(91))
            for n, fen in paid:
                add_posting(account, day(n), -fen)
                expected["fee"] += fen if 0 <= n < 91 else 0
            expected["days"] += 91
        night = make_night(AS_OF)
        of_night = flows_of_night(WINDOW, night.pk)
        by_manager = [flow for who in people for flow in flows_of_manager(WINDOW, who.pk)]
        managers, pool = attributed(of_night), attributed(flows_of_pool(WINDOW))
        assert managers == attributed(by_manager)
        assert {name: managers[name] + pool[name] for name in expected} == expected
        whole = _bank_by_rollup(night)
        assert {name: managers[name] + pool[name] for name in whole} == whole
        transaction.set_rollback(True)


def _bank_by_rollup(night) -> dict[str, int]:
    names = ("deposit", "loan", "nii", "el")
    with connection.cursor() as cursor:
        sums = ", ".join(f"sum({name}_c - q_{name}_c)" for name in names)
        cursor.execute(f"SELECT {sums} FROM performance_rollup WHERE night_id = %s", [night.pk])
        return dict(zip(names, cursor.fetchone(), strict=True))


def test_plan_and_base_move_with_the_customer(branch, manager, colleague, products):
    customer = make_customer(branch=branch)
    for who, first, end in ((manager, START, day(42)), (colleague, day(42), None)):
        Assignment.objects.create(
            customer=customer, manager=who, role="lead", share=D(1), during=(first, end)
        )
    Plan.objects.create(customer=customer, period="2026Q2", eva_fen=2_600_000, deposit_base_fen=91)
    mine = attributed(flows_of_manager(WINDOW, manager.pk))
    assert mine["plan_eva"] / 91 == 1_200_000
    assert (mine["base"], mine["days"]) == (91 * 42, 42)
    assert attributed(flows_of_manager(WINDOW, colleague.pk))["plan_eva"] / 91 == 1_400_000


def test_costs_follow_postings_and_accounts(branch, manager, products):
    customer = make_customer(branch=branch, lead=manager)
    account = make_account(customer, products[0], opened_on=day(80))
    make_account(customer, products[1], opened_on=day(1), closed_on=day(11))
    for channel in (Channel.COUNTER, Channel.APP, Channel.APP, Channel.SMS):
        add_posting(account, day(85), 100, kind=TransactionKind.TRANSFER_IN, channel=channel)
    add_posting(account, day(85), 100, kind=TransactionKind.SALARY, channel=Channel.SYSTEM)
    expected = {"counter_n": 1, "digital_n": 2, "other_n": 1, "accounts": 11, "loans": 10}
    for flows in (flows_of_night(WINDOW, make_night(AS_OF).pk), flows_of_manager(WINDOW, manager.pk)):
        assert {name: attributed(flows)[name] for name in expected} == expected
