"""What the night puts on Today: causes of every kind, order and limits, and what the reader did with it."""

from datetime import date, datetime, time, timedelta

import pytest
from django.db import connection

from customers.choices import Family, LoanClass, TaskKind, TaskState
from customers.models import Interaction, LoanState, Standing, Task
from customers.reasons import sentence
from marketing.models import Campaign, Invitation, Opportunity
from performance.models import Night
from performance.task_kinds import KINDS
from performance.today import NEW_A_NIGHT, write_tasks
from service.models import Complaint, PostLoanCheck, ServiceRequest
from tests.factories import SHANGHAI, make_account, make_customer, make_interaction, make_product
from tests.performance.ledger import add_balances

AS_OF = date(2026, 6, 30)
STANDING = {
    "aum_fen": 0,
    "deposit_fen": 0,
    "loan_fen": 0,
    "tier": "basic",
    "months": [None] * 13,
    "overdue_days": 0,
}


def day(n: int) -> date:
    return AS_OF + timedelta(n)


def moment(n: int) -> datetime:
    return datetime.combine(day(n), time(10), tzinfo=SHANGHAI)


def make_night(as_of=AS_OF, *, previous=None) -> Night:
    night = Night.objects.create(business_date=as_of, version="test", upto_load=1, previous=previous)
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TABLE customers_standing_test{night.pk} PARTITION OF customers_standing "
            f"FOR VALUES IN ({night.pk})"
        )
    return night


def stand(night, customer, **values):
    """The customer's line in the night's standing."""
    Standing.objects.create(night_id=night.pk, customer=customer, **STANDING | values)


@pytest.fixture
def night(db):
    return make_night()


@pytest.fixture
def products(db):
    return make_product("T01", family=Family.TIME_DEPOSIT), make_product("L01", family=Family.LOAN)


def written(kind=None) -> list[tuple]:
    tasks = Task.objects.filter(kind=kind) if kind else Task.objects.all()
    return [(task.kind, task.reason, task.value_fen, task.due_on) for task in tasks.order_by("due_on", "id")]


def test_promise_stands_until_the_next_contact(night, branch, manager):
    kept, broken, far = (make_customer(name, branch=branch, lead=manager) for name in ("甲", "乙", "丙"))
    for customer in (kept, broken, far):
        stand(night, customer, aum_fen=700)
    make_interaction(kept, manager=manager, happened_at=moment(-9), next_date=day(-5), next_step="回电")
    make_interaction(kept, manager=manager, happened_at=moment(-5))
    make_interaction(broken, manager=manager, happened_at=moment(-9), next_date=day(-5), next_step="回电")
    make_interaction(broken, happened_at=moment(-2))  # a channel's, not a person's
    make_interaction(far, manager=manager, happened_at=moment(-9), next_date=day(4), next_step="回电")
    assert write_tasks(night)[0] == 1
    assert written() == [("promise", {"step": "回电", "date": "2026-06-25"}, 700, day(-5))]
    assert Task.objects.get().interaction == Interaction.objects.get(customer=broken, manager=manager)


def test_deposits_and_loans_that_mature(night, branch, manager, products):
    customer = make_customer(branch=branch, lead=manager)
    stand(night, customer)
    for product, days in ((products[0], (-1, 0, 30, 31)), (products[1], (60, 61))):
        for n in days:
            account = make_account(customer, product, matures_on=day(n))
            add_balances(account, (day(-90), 5_000_00), rate=1550)
    empty = make_account(customer, products[0], matures_on=day(3))
    add_balances(empty, (day(-90), 5_000_00), (day(-1), 0))
    write_tasks(night)
    assert written() == [
        ("deposit_matures", {"amount_fen": 500_000, "date": "2026-06-30", "rate_e5": 1550}, 500_000, day(0)),
        ("deposit_matures", {"amount_fen": 500_000, "date": "2026-07-30", "rate_e5": 1550}, 500_000, day(30)),
        ("loan_matures", {"amount_fen": 500_000, "date": "2026-08-29"}, 500_000, day(60)),
    ]


def test_arrears_ask_anew_in_the_next_bucket(night, branch, manager, products):
    customer = make_customer(branch=branch, lead=manager)
    loan = make_account(customer, products[1])

    def state(n, days):
        LoanState.objects.create(
            account=loan,
            customer=customer,
            date=day(n),
            loan_class=LoanClass.PASS,
            overdue_days=days,
            overdue_fen=100,
        )

    state(-5, 26)
    stand(night, customer, loan_fen=9_000, overdue_days=26)
    write_tasks(night)
    assert written() == [("overdue", {"days": 31, "overdue_fen": 100}, 9_000, day(-29))]
    Task.objects.update(state=TaskState.DONE, done_at=moment(0))
    later = make_night(day(2), previous=night)
    state(2, 33)
    stand(later, customer, loan_fen=9_000, overdue_days=33)
    write_tasks(later)
    assert [(task.state, task.reason["days"]) for task in Task.objects.order_by("id")] == [
        ("done", 31),
        ("open", 33),
    ]


def test_churn_is_high_or_jumped(night, branch, manager):
    high, jumped, crept, low = (make_customer(name, branch=branch, lead=manager) for name in "甲乙丙丁")
    before = make_night(day(-1))
    night.previous = before
    night.save()
    for customer, was, now in ((high, 3600, 3500), (jumped, 500, 1500), (crept, 2400, 3399), (low, 0, 1400)):
        stand(before, customer, churn_bp=was)
        stand(night, customer, churn_bp=now, aum_fen=100, aum_change_bp=-900)
    write_tasks(night)
    assert {task.customer: task.reason for task in Task.objects.all()} == {
        high: {"churn_bp": 3500, "drop_bp": 900},
        jumped: {"churn_bp": 1500, "drop_bp": 900},
    }


def test_silence_beyond_the_cycle(night, branch, manager):
    cases = [  # name, deposits, tier, days since contact, expected
        ("每月", 10_000_000_00, "basic", 31, True),
        ("每月", 10_000_000_00, "basic", 29, False),
        ("每季", 1_000_000_00, "basic", 91, True),
        ("半年", 500_00, "gold", 182, True),
        ("半年", 500_00, "gold", 181, False),
        ("普通", 500_00, "basic", 900, False),
    ]
    expected = []
    for name, deposit, tier, silent, told in cases:
        customer = make_customer(name, branch=branch, lead=manager, last_contact_on=day(-silent))
        stand(night, customer, deposit_fen=deposit, aum_fen=deposit, tier=tier)
        expected += [silent] if told else []
    write_tasks(night)
    assert sorted(reason["days"] for _kind, reason, _value, _due in written("silent")) == sorted(expected)


def test_documents_tests_and_birthdays(night, branch, manager):
    first = make_customer("甲", branch=branch, lead=manager, risk="C3", risk_tested_on=date(2025, 7, 20))
    first.identity.document, first.identity.document_expires_on = "resident_id", day(20)
    first.identity.save()
    second = make_customer("乙", branch=branch, lead=manager, born_on=date(1980, 7, 3))
    plain = make_customer("丙", branch=branch, lead=manager, born_on=date(1980, 7, 3))
    for customer, tier in ((first, "gold"), (second, "gold"), (plain, "basic")):
        stand(night, customer, aum_fen=100, tier=tier)
        customer.last_contact_on = AS_OF
        customer.save()
    write_tasks(night)
    assert written() == [
        ("birthday", {"date": "2026-07-03"}, 100, day(3)),
        ("id_expires", {"document": "resident_id", "date": "2026-07-20"}, 100, day(20)),
        ("risk_test", {"date": "2026-07-20"}, 100, day(20)),
    ]


@pytest.mark.parametrize(
    ("born", "expected"), [(date(2000, 2, 29), date(2026, 2, 28)), (date(2000, 3, 6), None)]
)
def test_birthday_of_a_leap_day(db, branch, manager, born, expected):
    night = make_night(date(2026, 2, 26))
    customer = make_customer(branch=branch, lead=manager, born_on=born, last_contact_on=date(2026, 2, 20))
    stand(night, customer, tier="gold")
    write_tasks(night)
    assert [due for *_rest, due in written()] == ([expected] if expected else [])


def test_campaign_calls_whom_it_may(night, branch, manager):
    campaign = Campaign.objects.create(code="K1", name="夏日", starts_on=day(-5), ends_on=day(5))
    for name, consent, arm, responded in (
        ("甲", True, "treatment", None),
        ("乙", False, "treatment", None),
        ("丙", True, "control", None),
        ("丁", True, "treatment", day(-1)),
    ):
        customer = make_customer(name, branch=branch, lead=manager, marketing_consent=consent)
        stand(night, customer)
        Invitation.objects.create(
            campaign=campaign,
            customer=customer,
            arm=arm,
            channel=2 if arm == "treatment" else None,
            invited_on=day(-3),
            responded_on=responded,
        )
    write_tasks(night)
    assert [task.customer.name for task in Task.objects.all()] == ["甲"]
    assert written() == [("campaign", {"name": "夏日", "ends_on": "2026-07-05"}, 0, day(5))]


def test_checks_requests_and_deals(night, branch, manager, products):
    customer = make_customer(branch=branch, lead=manager)
    stand(night, customer, loan_fen=77, aum_fen=55)
    loan = make_account(customer, products[1])
    for number, n in (("k1", 14), ("k2", 15)):
        PostLoanCheck.objects.create(ref=number, account=loan, customer=customer, due_on=day(n))
    for number, n in (("r1", 0), ("r2", 1)):
        ServiceRequest.objects.create(
            number=number,
            customer=customer,
            manager=manager,
            kind="授信审批",
            department="credit",
            opened_at=moment(-9),
            due_at=moment(n),
        )
    for number, n in (("o1", -15), ("o2", -14)):
        Opportunity.objects.create(
            ref=number,
            customer=customer,
            manager=manager,
            product=products[0],
            stage="proposal",
            amount_fen=33,
            opened_on=day(-30),
            stage_since=day(n),
        )
    write_tasks(night)
    assert written() == [
        (
            "request",
            {"number": "r1", "kind": "授信审批", "department": "Credit approval", "due": "2026-06-30"},
            55,
            day(0),
        ),
        ("opportunity", {"product": "产品T01", "stage": "Proposal", "days": 15}, 33, day(3)),
        ("check_due", {"date": "2026-07-14"}, 77, day(14)),
    ]


def test_complaint_never_goes_to_whom_it_concerns(night, branch, manager, colleague):
    cases = [  # lead, co, concerned, expected
        (manager, None, colleague, manager),
        (manager, colleague, manager, colleague),
        (manager, None, manager, None),
    ]
    expected = {}
    for number, (lead, co, concerned, told) in enumerate(cases):
        customer = make_customer(branch=branch, lead=lead, co=co)
        stand(night, customer)
        Complaint.objects.create(
            number=f"T{number}",
            customer=customer,
            manager=concerned,
            source="self",
            cause="attitude",
            business="loans",
            received_on=day(-12),
            due_on=day(3),
        )
        expected[f"T{number}"] = told
    write_tasks(night)
    assert {task.reason["number"]: task.manager for task in Task.objects.all()} == expected


def test_every_reason_reads_as_a_sentence(night, branch, manager, products):
    test_checks_requests_and_deals(night, branch, manager, products)
    for task in Task.objects.all():
        assert sentence(task, AS_OF) != task.get_kind_display()


# --- Order and limits --------------------------------------------------------------------------------------
def test_rank_is_value_times_likelihood_times_urgency(night, branch, manager, products):
    customer = make_customer(branch=branch, lead=manager)
    stand(night, customer, churn_bp=2500)
    for n in (1, 10, 30):
        account = make_account(customer, products[0], matures_on=day(n))
        add_balances(account, (day(-90), 100_000_00))
    write_tasks(night)
    tasks = Task.objects.filter(kind="deposit_matures").order_by("-rank")
    assert [(task.due_on, task.rank) for task in tasks] == [
        (day(1), 10_000_000 * 25 // 100),
        (day(10), 10_000_000 * 25 * 40 // 10_000),
        (day(30), 10_000_000 * 25 * 25 // 10_000),
    ]


def test_a_manager_is_not_buried(night, branch, manager, products):
    limits = {kind.code: kind.most for kind in KINDS}
    customer = make_customer(branch=branch, lead=manager)
    stand(night, customer)
    for n in range(25):
        account = make_account(customer, products[0], matures_on=day(n))
        add_balances(account, (day(-90), 100_000_00))
        LoanState.objects.create(
            account=make_account(customer, products[1]),
            customer=customer,
            date=AS_OF,
            loan_class=LoanClass.PASS,
            overdue_days=3,
            overdue_fen=100,
        )
    with connection.cursor() as cursor:
        cursor.execute("UPDATE customers_standing SET overdue_days = 3")
    write_tasks(night)
    assert Task.objects.filter(kind="deposit_matures").count() == limits["deposit_matures"] < 25
    assert Task.objects.filter(kind="overdue").count() == 25
    assert sum(limit for limit in limits.values() if limit) > NEW_A_NIGHT


# --- What the reader did -----------------------------------------------------------------------------------
@pytest.fixture
def three(night, branch, manager, products):
    """Three deposits that mature: the tasks of one is done, of the second put off, of the third open."""
    customer = make_customer(branch=branch, lead=manager)
    stand(night, customer)
    accounts = [make_account(customer, products[0], matures_on=day(n)) for n in (5, 6, 7)]
    for account in accounts:
        add_balances(account, (day(-90), 100_000_00))
    write_tasks(night)
    done, snoozed, _open = Task.objects.order_by("due_on")
    Task.objects.filter(pk=done.pk).update(state=TaskState.DONE, done_at=moment(0))
    Task.objects.filter(pk=snoozed.pk).update(state=TaskState.SNOOZED, snoozed_until=day(3))
    return accounts


def states() -> list[str]:
    return list(Task.objects.order_by("due_on").values_list("state", flat=True))


def test_writing_again_changes_nothing(night, three):
    before = list(Task.objects.order_by("id").values())
    first = write_tasks(night)
    assert write_tasks(night) == first
    assert list(Task.objects.order_by("id").values()) == before


def test_cause_that_is_gone_takes_its_task_along(night, three):
    for account in three:
        account.closed_on = AS_OF
        account.save()
    write_tasks(night)
    assert states() == ["done", "snoozed", "dropped"]
    assert Task.objects.get(state="dropped").reason["dropped_on"] == "2026-06-30"
    later = make_night(day(3), previous=night)
    write_tasks(later)
    assert states() == ["done", "dropped", "dropped"]


def test_cause_that_returns_opens_its_task_anew(night, three):
    three[2].closed_on = AS_OF
    three[2].save()
    write_tasks(night)
    three[2].closed_on = None
    three[2].save()
    later = make_night(day(1), previous=night)
    stand(later, three[2].customer)
    write_tasks(later)
    task = Task.objects.order_by("due_on").last()
    assert (task.state, task.created_on, "dropped_on" in task.reason) == ("open", day(1), False)


def test_tasks_follow_the_customer_to_his_new_manager(night, three, colleague):
    customer = three[0].customer
    customer.lead = colleague
    customer.save()
    write_tasks(night)
    assert [task.manager for task in Task.objects.order_by("due_on")] == [
        Task.objects.get(state="done").manager,
        colleague,
        colleague,
    ]


def test_what_a_person_wrote_is_left_alone(night, three, customer):
    mine = Task.objects.create(
        customer=customer, kind=TaskKind.MANUAL, due_on=AS_OF, created_on=AS_OF, reason={"text": "x"}
    )
    write_tasks(night)
    mine.refresh_from_db()
    assert mine.state == "open"


def test_an_older_night_leaves_today_alone(night, three):
    Night.objects.filter(pk=night.pk).update(published_at=moment(0))
    assert write_tasks(make_night(day(-1))) == (0, "")
    assert states() == ["done", "snoozed", "open"]
