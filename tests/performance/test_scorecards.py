"""Scorecards on database rows: attribution to the fen, each source of evidence, the stored result."""

import os
from datetime import date, datetime, time, timedelta
from decimal import Decimal as D
from itertools import pairwise

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.partitions import ensure_months
from crm.wall import scope
from customers.choices import Channel, CustomerKind, Family, LoanClass, TransactionKind
from customers.models import Assignment, Customer, LoanState, ProfileFact, ProfileField
from marketing.models import Opportunity
from performance import periods, scoring
from performance.evidence import rows_behind
from performance.flows import Window, attributed, flows_of_manager, flows_of_night, flows_of_pool
from performance.layouts import ROLLUP
from performance.models import IndicatorResult, Plan, Scorecard
from performance.scorecards import write_scorecards
from service.models import Complaint, PostLoanCheck, Survey
from tests.factories import (
    SHANGHAI,
    make_account,
    make_customer,
    make_interaction,
    make_manager,
    make_product,
    make_task,
)
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
    max_examples=int(os.environ.get("GUANHU_EXAMPLES", "12")),
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
        backwards = [flow for who in people for flow in flows_of_manager(WINDOW, who.pk, night.pk)]
        assert managers == attributed(by_manager) == attributed(backwards)
        assert {name: managers[name] + pool[name] for name in expected} == expected
        whole = _bank_by_rollup(night)
        assert {name: managers[name] + pool[name] for name in whole} == whole
        transaction.set_rollback(True)


def _bank_by_rollup(night) -> dict[str, int]:
    names = ("deposit", "loan", "nii", "el")
    with connection.cursor() as cursor:
        sums = ", ".join(
            f"sum({ROLLUP.sql(f'{name}_c', 'state')} - {ROLLUP.sql(f'q_{name}_c', 'state')})"
            for name in names
        )
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


# --- Each source on its own rows ---------------------------------------------------------------------------
def moment(n: int) -> datetime:
    return datetime.combine(day(n), time(10), tzinfo=SHANGHAI)


@pytest.fixture
def borrower(branch, manager, colleague, products):
    """70% the manager's, 30% his colleague's, the whole quarter; deposits 1,000, a loan of 2,000 yuan."""
    customer = make_customer("林野", branch=branch, lead=manager, co=colleague, risk="C2")
    deposit = make_account(customer, products[0])
    loan = make_account(customer, products[1], principal_fen=200_000)
    add_balances(deposit, (date(2026, 1, 1), 100_000), ftp=1650, rate=250)
    add_balances(loan, (date(2026, 1, 1), 200_000), ftp=2500, rate=4300, pd=120, lgd=40)
    customer.loan = loan
    return customer


@pytest.fixture
def saver(branch, manager, products):
    """All the manager's; nothing but 1,000 yuan of deposits until half of the quarter, then 3,000."""
    customer = make_customer("江雪", branch=branch, lead=manager)
    add_balances(make_account(customer, products[0]), (date(2026, 1, 1), 100_000), (day(45), 300_000))
    return customer


def write(night_of=AS_OF) -> dict[str, dict[str, tuple]]:
    """Write the night's scorecards; return staff number → code → (numerator, denominator, value)."""
    night = make_night(night_of)
    write_scorecards(night)
    found = {}
    rows = IndicatorResult.objects.filter(scorecard__night=night)
    for row in rows.select_related("scorecard__manager__user"):
        of_manager = found.setdefault(row.scorecard.manager.user.username, {})
        of_manager[row.code] = (row.numerator, row.denominator, row.value)
    return found


def test_money_against_plans(borrower, saver, products):
    Plan.objects.create(
        customer=saver,
        period="2026Q2",
        eva_fen=1_000,
        deposit_fen=100_000,
        deposit_base_fen=100_000,
        fee_fen=500,
    )
    add_posting(saver.accounts.get(), day(3), -400)
    results = write()["0931"]
    average = D(100_000 * 45 + 300_000 * 46) / 91
    growth = D("0.7") * 100_000 + average - 100_000
    assert results["E2"] == (growth.quantize(D("1e-6")), D(100_000), (growth / 100_000).quantize(D("1e-10")))
    assert results["E3"] == (D(400), D(500), D("0.8"))
    nii = (D("0.7") * (100_000 * 1400 + 200_000 * 1800) * 91 + 1400 * average * 91) / 36_000_000
    el = D("0.7") * 200_000 * 120 * 40 * 91 / 360_000_000
    cost = ((D("0.7") + 1) * 91 * 3600 + D("0.7") * 91 * 60_000) / 365
    eva = D("0.75") * (nii + 400 - cost - el) - D("0.7") * 200_000 * D("0.007875") * 91 / 360
    assert results["E1"][:2] == (eva.quantize(D("1e-6")), D(1000))
    assert results["E4"] == (None, None, None)


def test_answers_of_customers(borrower, saver, manager, colleague):
    def answer(who, kind, score, n, number):
        Survey.objects.create(
            ref=f"{number}",
            customer=saver,
            manager=who,
            kind=kind,
            sent_on=day(n),
            answered_on=day(n),
            score=score,
        )

    for number, score in enumerate((5, 4)):
        answer(manager, "csat", score, 10, f"c{number}")
    answer(colleague, "csat", 3, 10, "c9")
    answer(manager, "csat", 1, 91, "next quarter")
    for number, score in enumerate((10, 9, 7, 6)):
        answer(manager, "nps", score, 10, f"n{number}")
    results = write()
    assert results["0931"]["S1"] == (D(9), D(2), ((9 + 20 * D(4)) / 22).quantize(D("1e-10")))
    assert results["0931"]["S2"] == (D(100), D(4), D(25))
    assert results["0932"]["S2"] == (None, None, None)


def test_complaints(borrower, saver, manager, colleague):
    rows = [  # number, customer, received, due, closed, fault
        ("A", borrower, 1, 16, 10, True),
        ("B", borrower, 2, 17, 20, False),
        ("C", saver, 80, 95, None, None),
        ("D", saver, 3, 18, None, None),
    ]
    for number, customer, received, due, closed, fault in rows:
        Complaint.objects.create(
            number=number,
            customer=customer,
            manager=manager,
            source="self",
            cause="attitude",
            business="loans",
            received_on=day(received),
            due_on=day(due),
            closed_on=None if closed is None else day(closed),
            at_fault=fault,
        )
    results = write()
    assert results["0931"]["S3"][:2] == (D(1), D("1.7"))
    assert results["0932"]["S3"][:2] == (D(0), D("0.3"))
    assert results["0931"]["S4"][:2] == (D("0.7"), D("2.4"))
    assert results["0932"]["S4"] == (D("0.3"), D("0.6"), D(50))


def test_safety_of_loans(borrower, saver):
    states = [  # day, class, days overdue, overdue, due, received
        (-30, LoanClass.PASS, 0, 0, 900, 900),
        (1, LoanClass.SPECIAL_MENTION, 10, 9_100, 1000, 600),
        (11, LoanClass.SUBSTANDARD, 95, 18_200, 1000, 1000),
        (31, LoanClass.DOUBTFUL, 0, 0, 0, 0),
    ]
    for n, loan_class, days, overdue, due, received in states:
        LoanState.objects.create(
            account=borrower.loan,
            customer=borrower,
            date=day(n),
            loan_class=loan_class,
            overdue_days=days,
            overdue_fen=overdue,
            interest_due_fen=due,
            interest_received_fen=received,
        )
    for number, due, done in (("k1", 5, 5), ("k2", 6, 7), ("k3", 100, None)):
        PostLoanCheck.objects.create(
            ref=number,
            account=borrower.loan,
            customer=borrower,
            due_on=day(due),
            done_on=None if done is None else day(done),
            result=None if done is None else "normal",
        )
    results = write()["0931"]
    assert results["A1"] == (D(140_000), D(140_000), D(100))
    assert results["A2"] == (D("0.7") * (100 * 10 + 200 * 20), D(140_000), D("2.5"))
    assert results["A3"] == (D(1120), D(1400), D(80))
    assert results["A4"] == (D("0.7"), D("1.4"), D(50))
    assert results["A5"] == (None, None, None)


def test_suitable_sales(borrower, saver, branch):
    fund = make_product("F01", family=Family.FUND, risk="R3")
    safe = make_product("W01", family=Family.WEALTH, risk="R2")
    borrower.risk_tested_on = date(2025, 6, 1)
    borrower.save()
    make_account(borrower, fund, opened_on=day(2))  # above his appetite
    make_account(borrower, safe, opened_on=day(3))
    make_account(borrower, safe, opened_on=day(62))  # the test is older than a year
    make_account(saver, safe, opened_on=day(4))  # never tested
    assert write()["0931"]["A5"] == (D("0.7"), D("3.1"), (100 * D(7) / 31).quantize(D("1e-10")))


def test_information(borrower, saver, manager, colleague):
    phone = ProfileField.objects.create(code="phone", name="手机", name_en="Phone", weight=3)
    job = ProfileField.objects.create(
        code="job", name="职业", name_en="Job", weight=2, for_organisations=False
    )
    ProfileField.objects.create(
        code="licence", name="执照", name_en="Licence", weight=5, for_persons=False, for_organisations=True
    )

    def fact(customer, field, n, expires=None, verified=None):
        ProfileFact.objects.create(
            customer=customer,
            field=field,
            value="x",
            source="customer",
            noted_on=day(n),
            expires_on=expires,
            verified_on=verified,
        )

    fact(borrower, phone, 1, verified=AS_OF - timedelta(days=1090))
    fact(borrower, job, 2, expires=AS_OF - timedelta(days=1))
    fact(saver, job, 3, verified=day(3))
    fact(saver, phone, 95)  # next quarter's knowledge
    saver.identity.document_expires_on = AS_OF - timedelta(days=1)
    saver.identity.save()
    for n, quality, accepted in ((1, 3, True), (2, 2, True), (3, 1, True), (40, 3, False), (41, 2, True)):
        make_interaction(
            saver,
            manager=manager,
            happened_at=moment(n),
            feedback_quality=quality,
            feedback_accepted=accepted,
        )
    filed = {"feedback_kind": "need", "feedback_text": "要", "feedback_quality": 3, "feedback_accepted": True}
    for second in (1, 2):  # two in one minute: neither counts
        when = moment(20).replace(second=second)
        make_interaction(borrower, manager=manager, happened_at=moment(20), feedback_filed_at=when, **filed)
    results = write()
    assert results["0931"]["I1"][:2] == (D("0.7") * 3 + 2, D("0.7") * 5 + 5)
    assert results["0931"]["I2"][:2] == (D("0.7"), D("1.7"))
    assert results["0931"]["I3"] == (D(7), D(3), (D(7) / 3).quantize(D("1e-10")))
    assert results["0932"]["I3"] == (D(0), D(3), D(0))


def test_contact_cycles(branch, manager, products):
    for name, fen, last in (
        ("每月", 10_000_000_00, 60),
        ("每月", 10_000_000_00, 61),
        ("每季", 1_000_000_00, 0),
        ("半年", 5_000_00, -91),
        ("半年", 5_000_00, -92),
        ("新户", 5_000_00, None),
    ):
        customer = make_customer(
            name, branch=branch, lead=manager, since=day(80) if last is None else day(-900)
        )
        add_balances(make_account(customer, products[0]), (day(1), fen))
        if last is not None:
            make_interaction(customer, manager=manager, happened_at=moment(last))
            make_interaction(customer, manager=manager, happened_at=moment(89), outcome="no_answer")
            make_interaction(customer, happened_at=moment(89))
    assert write()["0931"]["F1"] == (D(3), D(5), D(60))


def test_receiver_has_thirty_days_of_grace(branch, manager, colleague, products):
    customer = make_customer(branch=branch)
    for who, first, end in ((colleague, day(-900), day(70)), (manager, day(70), None)):
        Assignment.objects.create(customer=customer, manager=who, role="lead", share=1, during=(first, end))
    assert write()["0931"]["F1"] == (None, None, None)
    assert write(day(100))["0931"]["F1"][1] == D(1)


def test_deals_and_tasks(borrower, saver, manager, colleague, products):
    for number, (who, opened, closed) in enumerate(((manager, 0, 10), (manager, 0, 20), (colleague, 0, 40))):
        Opportunity.objects.create(
            ref=f"o{number}",
            customer=saver,
            manager=who,
            product=products[0],
            stage="won",
            amount_fen=1,
            opened_on=day(opened),
            stage_since=day(closed),
            closed_on=day(closed),
        )
    due = {"kind": "silent", "due_on": day(5), "created_on": day(1)}
    make_task(saver, state="done", done_at=moment(5), **due)
    make_task(saver, state="done", done_at=moment(6), **due)
    make_task(saver, **due)
    make_task(saver, state="dropped", **due)
    make_task(saver, state="dropped", reason={"dropped_on": "2026-06-30"}, **due)
    make_task(saver, kind="silent", due_on=AS_OF, created_on=AS_OF)
    make_task(saver, state="done", done_at=moment(5), **due | {"kind": "manual"})  # one's own idea
    results = write()
    assert results["0931"]["F3"] == (D(15), D(20), D("0.75"))
    assert results["0931"]["F4"] == (D(1), D(4), D(25))


# --- The stored card ---------------------------------------------------------------------------------------
def test_few_assigned_days_leave_a_manager_unrated(branch, manager, colleague, products):
    for who, first in ((manager, day(47)), (colleague, day(46))):
        customer = make_customer(branch=branch, since=day(1))
        Assignment.objects.create(customer=customer, manager=who, role="lead", share=1, during=(first, None))
    write()
    cards = {card.manager_id: card for card in Scorecard.objects.all()}
    assert (cards[manager.pk].assigned_days, cards[manager.pk].total) == (44, None)
    assert (cards[colleague.pk].assigned_days, cards[colleague.pk].total is None) == (45, False)


def test_running_quarter_asks_for_as_large_a_part_of_its_days(borrower, saver, manager):
    write(day(9))
    card = Scorecard.objects.get(manager=manager)
    assert (card.assigned_days, card.total is None) == (10, False)


def test_writing_a_night_again_changes_nothing(borrower, saver, manager, colleague):
    night = make_night(AS_OF)
    first = write_scorecards(night)
    before = list(Scorecard.objects.values_list("public_id", "total", "grade", "points", "customers"))
    assert write_scorecards(night) == first
    assert list(Scorecard.objects.values_list("public_id", "total", "grade", "points", "customers")) == before
    assert first[0] == 2 == Scorecard.objects.count()
    assert IndicatorResult.objects.count() == 2 * len(scoring.REGISTRY)


@pytest.mark.parametrize("managers", [1, 3])
def test_statements_do_not_grow_with_managers(branch, products, managers, django_assert_max_num_queries):
    for number in range(managers):
        make_customer(branch=branch, lead=make_manager(f"1{number:03d}", branch=branch))
    night = make_night(AS_OF)
    periods.period_of(AS_OF)
    with django_assert_max_num_queries(14):
        write_scorecards(night)


# --- The rows behind ---------------------------------------------------------------------------------------
def test_rows_sum_to_what_was_stored(borrower, saver, manager, colleague, products):
    Plan.objects.create(customer=saver, period="2026Q2", eva_fen=1_003, deposit_fen=77, fee_fen=13)
    add_posting(saver.accounts.get(), day(3), -401)
    Complaint.objects.create(
        number="A",
        customer=saver,
        manager=manager,
        source="self",
        cause="attitude",
        business="loans",
        received_on=day(1),
        due_on=day(16),
        closed_on=day(9),
        at_fault=True,
    )
    Survey.objects.create(
        ref="s", customer=saver, manager=manager, kind="csat", sent_on=day(1), answered_on=day(2), score=4
    )
    for n, overdue in ((-9, 0), (3, 7_001), (40, 0)):
        LoanState.objects.create(
            account=borrower.loan,
            customer=borrower,
            date=day(n),
            loan_class=LoanClass.LOSS if overdue else LoanClass.PASS,
            overdue_days=1 if overdue else 0,
            overdue_fen=overdue,
            interest_due_fen=11,
            interest_received_fen=7,
        )
    ProfileField.objects.create(code="phone", name="手机", name_en="Phone", weight=3)
    make_interaction(
        saver, manager=manager, happened_at=moment(2), feedback_quality=2, feedback_accepted=True
    )
    write()
    checked = set()
    for card in Scorecard.objects.select_related("period__scheme", "night"):
        for result in card.results.exclude(numerator=None):
            found = rows_behind(card, result.code, card.manager.user)
            assert found.numerator == result.numerator, result.code
            if result.code != "I3":  # months are the manager's, not a row's
                assert found.denominator == result.denominator, result.code
            assert all(len(row.cells) == len(found.head) for row in found.rows), result.code
            assert len(found.total) == len(found.head), result.code
            checked.add(result.code)
    assert checked == {"E1", "E2", "E3", "S1", "S3", "S4", "A1", "A2", "A3", "I1", "I2", "I3", "F1"}


def test_rows_come_page_by_page(branch, manager, products):
    for number in range(5):
        customer = make_customer(f"户{number}", branch=branch, lead=manager)
        add_balances(make_account(customer, products[0]), (day(1), 100_00 * (number + 1)))
    write()
    card = Scorecard.objects.select_related("period__scheme", "night").get()
    names, after = [], ""
    for expected in (2, 2, 1):
        page = rows_behind(card, "E2", manager.user, limit=2, after=after)
        assert (len(page.rows), page.count) == (expected, 5)
        names += [row.name for row in page.rows]
        after = page.next
    assert (names, after) == (["户4", "户3", "户2", "户1", "户0"], "")
    assert page.rows[0].url == f"/customers/{page.rows[0].customer.public_id}/"


def test_who_was_handed_on_is_a_mask_and_a_number(branch, manager, colleague, supervisor, products):
    """Score to fact: the same rows and sums for all; a name only for who sees the customer today."""
    gone, kept = (make_customer(name, branch=branch, lead=manager) for name in ("欧阳娜娜", "沈知远"))
    firm = make_customer("青禾商贸", branch=branch, lead=manager, kind=CustomerKind.COMPANY)
    for customer in (gone, kept, firm):
        add_balances(make_account(customer, products[0]), (day(1), 100_00))
    write()
    Customer.objects.filter(pk__in=[gone.pk, firm.pk]).update(lead=colleague)
    card = Scorecard.objects.select_related("period__scheme", "night").get(manager=manager)
    seen = {}
    for reader in (manager.user, supervisor):
        with scope.of_user(reader.pk):
            found = rows_behind(card, "E2", reader)
        seen[reader] = {row.customer_id: (row.name, row.number, bool(row.url)) for row in found.rows}
        assert (found.count, found.numerator) == (3, card.results.get(code="E2").numerator)
    assert seen[manager.user] == {
        gone.pk: ("欧***", gone.number, False),
        kept.pk: ("沈知远", "", True),
        firm.pk: ("青禾商贸", firm.number, False),
    }
    assert {name for name, *_ in seen[supervisor].values()} == {"欧阳娜娜", "沈知远", "青禾商贸"}


def test_indicator_without_a_source_has_no_rows(borrower, manager):
    write()
    card = Scorecard.objects.select_related("period__scheme", "night").get(manager=manager)
    assert rows_behind(card, "S5", manager.user).rows == []
