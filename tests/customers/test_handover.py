"""Hand-over: prepared, sent, three signatures and an approval, and the rest by itself."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from crm.approvals import services as approvals
from customers.choices import Family, HandoverState, TaskState
from customers.models import Assignment, Custody, Customer, Handover, HandoverItem, Task
from customers.moves.handover import ask_handover
from customers.services.assignment import assign
from customers.services.handover import (
    HandoverRefused,
    Terms,
    cancel,
    carry_out,
    mark_problems,
    prepare,
    sign,
    what_moves,
)
from customers.services.turn import turn
from managers.choices import Role
from marketing.models import Opportunity
from service.models import Survey
from tests.factories import make_account, make_customer, make_product, make_task, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.fixture
def region_head(region):
    return make_user("0301s", role=Role.SUPERVISOR, branch=region, name="宋聿")


@pytest.fixture
def terms(manager, colleague, supervisor, today):
    def make(**extra):
        told = {
            "giver": manager,
            "receiver": colleague,
            "effective_on": today,
            "reason": "balance",
            "witness": supervisor,
        }
        return Terms(**(told | extra))

    return make


def send(handover, maker, checker, *, signed=True):
    """Send it, let all sign, let `checker` approve."""
    approval = ask_handover(handover, maker=maker, reason="平衡工作量")
    if signed:
        sign_all(handover)
    return approvals.decide(approval, checker, True)


def sign_all(handover):
    for party in ("giver", "receiver", "witness"):
        who = handover.witness if party == "witness" else getattr(handover, party).user
        sign(handover, who, as_party=party, at=timezone.now())


def leads(*customers):
    return [Customer.objects.get(pk=customer.pk).lead for customer in customers]


# --- The rule of the bank ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("reason", "same_team", "instalments", "with_balance", "moves"),
    [
        ("leaver", False, 1, False, "both"),
        ("reposting", False, None, False, "both"),
        ("long_leave", True, 2, False, "both"),
        ("balance", False, 3, True, "customer"),
        ("balance", False, 2, True, "nothing"),
        ("request", False, None, True, "both"),
        ("request", False, None, False, "customer"),
        ("balance", True, 1, True, "both"),
    ],
)
def test_what_moves_by_the_rule(reason, same_team, instalments, with_balance, moves):
    told = what_moves(reason, same_team=same_team, instalments=instalments, with_balance=with_balance)
    assert told == moves


def test_to_another_team_a_loan_decides(terms, branch, manager, outsider, today):
    product = make_product("L1", family=Family.LOAN)
    kept, moved, plain = (make_customer(name, branch=branch, lead=manager) for name in ("甲", "乙", "丙"))
    make_account(kept, product, matures_on=today + timedelta(40))
    make_account(moved, product, matures_on=today + timedelta(400))
    handover, stays = prepare(
        terms(receiver=outsider), [kept.pk, moved.pk, plain.pk], prepared_by=manager.user, as_of=today
    )
    assert stays == [kept.pk]
    items = HandoverItem.objects.filter(handover=handover).values_list("customer", "with_balance")
    assert sorted(items) == sorted([(moved.pk, False), (plain.pk, True)])
    assert handover.ref.startswith(f"HO-{today.year}-")


# --- From draft to effect ---------------------------------------------------------------------------------
def test_a_hand_over_today(terms, customer, manager, colleague, branch, region_head, today):
    co_led = make_customer("江晚", branch=branch, lead=manager, co=colleague)
    task = make_task(customer)
    done = make_task(customer, state=TaskState.DONE, done_at=timezone.now())
    deal = Opportunity.objects.create(
        ref="O1", customer=customer, manager=manager, product=make_product(), stage="lead", amount_fen=1,
        opened_on=today, stage_since=today,
    )  # fmt: skip
    handover, _stays = prepare(terms(), [customer.pk, co_led.pk], prepared_by=manager.user, as_of=today)
    assert send(handover, manager.user, region_head).state == "done"

    handover.refresh_from_db()
    assert handover.state == HandoverState.EFFECTIVE
    assert leads(customer, co_led) == [colleague, colleague]
    rows = Assignment.objects.filter(customer=customer).order_by("during")
    assert [(row.manager, row.during.lower, row.during.upper) for row in rows] == [
        (manager, customer.since, today),
        (colleague, today, None),
    ]
    assert Assignment.objects.get(customer=co_led, during__endswith=None).share == Decimal(1)
    task.refresh_from_db(), done.refresh_from_db(), deal.refresh_from_db()
    assert (task.manager, done.manager, deal.manager) == (colleague, manager, colleague)
    assert not Customer.objects.visible_to(manager.user).exists()


def test_a_hand_over_on_a_day_to_come_takes_effect_by_itself(
    terms, customer, manager, colleague, region_head, today
):
    day = today + timedelta(3)
    handover, _stays = prepare(terms(effective_on=day), [customer.pk], prepared_by=manager.user, as_of=today)
    task = make_task(customer)
    send(handover, manager.user, region_head)
    handover.refresh_from_db()
    assert (handover.state, leads(customer)) == (HandoverState.SIGNED, [manager])
    assert turn(today)["in effect"] == 0
    assert turn(day) == {"leads": 1, "carried out": 0, "in effect": 1, "asked": 0}
    assert turn(day) == {"leads": 0, "carried out": 0, "in effect": 0, "asked": 0}
    handover.refresh_from_db(), task.refresh_from_db()
    assert (handover.state, leads(customer), task.manager) == ("effective", [colleague], colleague)


def test_the_last_signature_may_come_after_the_approval(
    terms, customer, manager, colleague, region_head, today
):
    handover, _stays = prepare(terms(), [customer.pk], prepared_by=manager.user, as_of=today)
    send(handover, manager.user, region_head, signed=False)
    assert leads(customer) == [manager]
    sign_all(handover)
    later = today + timedelta(2)
    assert carry_out(handover, as_of=later)
    assert not carry_out(handover, as_of=later)
    handover.refresh_from_db()
    assert (handover.effective_on, handover.state) == (later, "effective")  # never backdated


def test_a_month_later_the_customers_are_asked_once(
    terms, customer, manager, colleague, branch, region_head, today
):
    gone = make_customer("戚夏", branch=branch, lead=manager)
    handover, _stays = prepare(terms(), [customer.pk, gone.pk], prepared_by=manager.user, as_of=today)
    send(handover, manager.user, region_head)
    assign(gone, manager=manager, from_date=today, as_of=today)
    assert turn(today + timedelta(29))["asked"] == 0
    assert turn(today + timedelta(30))["asked"] == 1
    assert turn(today + timedelta(31))["asked"] == 0
    survey = Survey.objects.get()
    assert (survey.customer, survey.manager, survey.sent_on) == (customer, colleague, today + timedelta(30))


def test_problem_items_stay_marked_and_are_frozen_by_a_signature(terms, customer, manager, supervisor, today):
    handover, _stays = prepare(terms(), [customer.pk], prepared_by=manager.user, as_of=today)
    mark_problems(handover, {customer.pk: (True, "抵押物未登记")})
    ask_handover(handover, maker=manager.user, reason="x")
    sign(handover, supervisor, as_party="witness", at=timezone.now())
    with pytest.raises(HandoverRefused, match="the problem list stands"):
        mark_problems(handover, {customer.pk: (False, "")})
    assert HandoverItem.objects.get().on_problem_list


def test_nobody_signs_for_another(terms, customer, manager, colleague, today):
    handover, _stays = prepare(terms(), [customer.pk], prepared_by=manager.user, as_of=today)
    with pytest.raises(HandoverRefused, match="not been sent"):
        sign(handover, manager.user, as_party="giver", at=timezone.now())
    ask_handover(handover, maker=manager.user, reason="x")
    for user, party in ((manager.user, "receiver"), (colleague.user, "giver"), (manager.user, "bystander")):
        with pytest.raises(HandoverRefused, match="not yours to give"):
            sign(handover, user, as_party=party, at=timezone.now())


def test_sent_anew_the_signatures_fall(terms, customer, manager, region_head, today):
    handover, _stays = prepare(terms(), [customer.pk], prepared_by=manager.user, as_of=today)
    approval = ask_handover(handover, maker=manager.user, reason="x")
    sign(handover, manager.user, as_party="giver", at=timezone.now())
    approvals.decide(approval, region_head, False, "写明原因")
    handover.refresh_from_db()
    ask_handover(handover, maker=manager.user, reason="y")
    assert handover.giver_signed_at is None


# --- Somebody was quicker ---------------------------------------------------------------------------------
def test_who_was_handed_over_a_minute_ago_stops_it_unless_the_rest_goes_on(
    terms, customer, manager, colleague, outsider, branch, region_head, today
):
    other, left = (make_customer(name, branch=branch, lead=manager) for name in ("桑榆", "程亦"))
    handover, _stays = prepare(
        terms(), [customer.pk, other.pk, left.pk], prepared_by=manager.user, as_of=today
    )
    assign(other, manager=outsider, from_date=today, as_of=today)
    Customer.objects.filter(pk=left.pk).update(closed_on=today)
    approval = send(handover, manager.user, region_head)
    assert approval.state == "failed"
    assert "2 of its customers can no longer" in approval.fault
    assert leads(customer) == [manager]

    handover.refresh_from_db()
    Handover.objects.filter(pk=handover.pk).update(go_on=True)
    handover.refresh_from_db()
    assert send(handover, manager.user, region_head).state == "done"
    assert leads(customer, other, left) == [colleague, outsider, manager]
    told = dict(HandoverItem.objects.values_list("customer", "left_out"))
    assert told == {
        customer.pk: "",
        other.pk: f"is looked after by {outsider.name} now",
        left.pk: "has left the bank or was merged into another",
    }


def test_given_up_it_is_not_carried_out(terms, customer, manager, region_head, today):
    handover, _stays = prepare(terms(), [customer.pk], prepared_by=manager.user, as_of=today)
    approval = ask_handover(handover, maker=manager.user, reason="x")
    sign_all(handover)
    cancel(handover)
    assert approvals.decide(approval, region_head, True).state == "failed"
    assert leads(customer) == [manager]


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ({"effective_on": date(2020, 1, 1)}, "today or later"),
        ({"receiver": "giver"}, "two managers"),
    ],
)
def test_terms_that_cannot_be(terms, customer, manager, today, extra, said):
    extra = {key: manager if value == "giver" else value for key, value in extra.items()}
    with pytest.raises(HandoverRefused, match=said):
        prepare(terms(**extra), [customer.pk], prepared_by=manager.user, as_of=today)
    assert not Handover.objects.exists()


def test_the_number_of_statements_does_not_grow(terms, manager, branch, region_head, today):
    def statements(count):
        ids = [make_customer(f"客户{n}", branch=branch, lead=manager).pk for n in range(count)]
        handover, _stays = prepare(terms(), ids, prepared_by=manager.user, as_of=today)
        ask_handover(handover, maker=manager.user, reason="x")
        sign_all(handover)
        Handover.objects.filter(pk=handover.pk).update(approved_at=timezone.now())
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert carry_out(handover, as_of=today)
        return len(seen)

    assert statements(2) == statements(40)


def test_custody_ends_with_the_hand_over(terms, customer, manager, colleague, region_head, today):
    Custody.objects.create(
        customer=customer, custodian=colleague, lead=manager, during=(today, today + timedelta(9))
    )
    handover, _stays = prepare(terms(), [customer.pk], prepared_by=manager.user, as_of=today)
    send(handover, manager.user, region_head)
    assert not Custody.objects.exists()
    assert Task.objects.count() == 0
