"""Pool, assignment, hand-over and leaving through the pages, by role: done, asked for, or not to be seen."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from crm.approvals import services as approvals
from crm.approvals.models import Approval
from customers.models import Assignment, Custody, Customer, Handover, HandoverItem
from customers.services.turn import turn
from managers.choices import LeaveKind, Role
from managers.models import Leave, User
from tests.factories import make_customer, make_manager, make_task, make_user

pytestmark = pytest.mark.django_db
POOL, ASSIGN = reverse("customers:pool"), reverse("customers:assign")


@pytest.fixture(autouse=True)
def english(client, settings):
    """Sentences are compared as they are written, on pages too."""
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    with translation.override("en"):
        yield


@pytest.fixture
def region_head(region):
    return make_user("0301s", role=Role.SUPERVISOR, branch=region, name="宋聿")


@pytest.fixture
def pooled(branch):
    return make_customer("柳如眉", branch=branch, tier="gold")


def lead_of(customer):
    return Customer.objects.get(pk=customer.pk).lead


def approve(checker):
    approval = Approval.objects.get(state="asked")
    return approvals.decide(approval, checker, True)


def assign_url(*customers):
    return f"{ASSIGN}?" + "&".join(f"c={customer.public_id}" for customer in customers)


def terms(**extra):
    told = {"act": "assign", "from_date": timezone.localdate().isoformat(), "reason": "熟悉客户"}
    return told | extra


# --- The pool ---------------------------------------------------------------------------------------------
def test_a_supervisor_sees_a_suggestion_with_its_reason_and_assigns(as_user, supervisor, manager, pooled):
    page = as_user(supervisor).get(POOL).content.decode()
    assert "柳如眉" in page and manager.name in page and "same branch" in page
    data = {"customer": [pooled.public_id], "act": "suggested"}
    assert as_user(supervisor).post(POOL, data).status_code == 303
    assert lead_of(pooled) == manager
    assert not Approval.objects.exists()


def test_a_manager_reads_his_branchs_pool_masked_and_asks(as_user, manager, supervisor, pooled, other_branch):
    make_customer("江别处", branch=other_branch)
    page = as_user(manager.user).get(POOL).content.decode()
    assert "柳**" in page and "柳如眉" not in page and "江" not in page
    as_user(manager.user).post(POOL, {"customer": [pooled.public_id], "act": "claim"})
    assert lead_of(pooled) is None
    approval = approve(supervisor)
    assert (approval.state, lead_of(pooled)) == ("done", manager)
    assert f"Load of {manager.user}" in [line[0] for line in approval.effect["en"]["lines"]]


def test_a_claim_comes_too_late(as_user, manager, colleague, supervisor, pooled):
    as_user(manager.user).post(POOL, {"customer": [pooled.public_id], "act": "claim"})
    as_user(supervisor).post(assign_url(pooled), terms(manager=str(colleague.public_id)))
    approval = approve(supervisor)
    assert (approval.state, lead_of(pooled)) == ("failed", colleague)
    assert "Somebody else is in charge by now" in approval.fault


def test_the_other_branchs_pool_is_not_there_to_claim(as_user, manager, other_branch):
    elsewhere = make_customer("江别处", branch=other_branch)
    as_user(manager.user).post(POOL, {"customer": [elsewhere.public_id], "act": "claim"})
    assert not Approval.objects.exists()


@pytest.mark.parametrize("count", [1, 3])
def test_the_pool_asks_a_constant_number_of_queries(
    as_user, supervisor, manager, branch, count, django_assert_max_num_queries
):
    for number in range(count):
        make_customer(f"客{number}", branch=branch)
    client = as_user(supervisor)
    client.get(POOL)
    with django_assert_max_num_queries(15):
        assert client.get(POOL).status_code == 200


# --- One customer -----------------------------------------------------------------------------------------
def test_within_the_branch_the_supervisor_decides_alone(as_user, supervisor, customer, manager, colleague):
    page = as_user(supervisor).get(assign_url(customer)).content.decode()
    assert "within 青禾支行: its supervisor decides" in page
    data = terms(manager=str(colleague.public_id), co=str(manager.public_id), co_percent="40")
    assert as_user(supervisor).post(assign_url(customer), data).status_code == 303
    rows = Assignment.objects.filter(customer=customer, during__endswith=None).order_by("role")
    assert [(row.manager, float(row.share)) for row in rows] == [(manager, 0.4), (colleague, 0.6)]


def test_across_sub_branches_the_region_decides(
    as_user, supervisor, region_head, customer, manager, outsider
):
    as_user(supervisor).post(assign_url(customer), terms(manager=str(outsider.public_id)))
    approval = Approval.objects.get()
    assert (approval.scope_path, lead_of(customer)) == ("HQ/T1/", manager)
    assert ["level", "", "across sub-branches: the supervisor of 青禾分行 decides"] in (
        approval.effect["en"]["lines"]
    )
    with pytest.raises(approvals.Refused):
        approvals.decide(approval, supervisor, True)
    approve(region_head)
    assert lead_of(customer) == outsider


def test_the_region_itself_moves_across_its_sub_branches(as_user, region_head, customer, outsider):
    as_user(region_head).post(assign_url(customer), terms(manager=str(outsider.public_id)))
    assert lead_of(customer) == outsider
    assert not Approval.objects.exists()


def test_a_manager_asks_to_give_a_customer_back(as_user, supervisor, customer, manager):
    make_task(customer)
    as_user(manager.user).post(assign_url(customer), terms(act="return"))
    assert lead_of(customer) == manager
    approve(supervisor)
    assert lead_of(customer) is None
    assert (
        as_user(manager.user).get(reverse("customers:detail", args=[customer.public_id])).status_code == 404
    )


def test_a_past_day_is_a_correction_that_two_people_decide(
    as_user, supervisor, admin_user, customer, colleague
):
    since = (timezone.localdate() - timedelta(3)).isoformat()
    data = terms(manager=str(colleague.public_id), from_date=since)
    as_user(supervisor).post(assign_url(customer), data)
    assert Approval.objects.get().kind == "customers.backdated_assignment"
    approve(admin_user)
    assert Assignment.objects.get(customer=customer, manager=colleague).during.lower.isoformat() == since


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"manager": ""}, "Choose the manager."),
        ({"act": "custody"}, "Say when the custody ends."),
        ({"from_date": "2026-02-31"}, "Enter a valid date"),
        ({"reason": ""}, "This field is required"),
        ({"co_percent": "100"}, "less than or equal to 99"),
    ],
)
def test_what_is_missing_is_said_and_nothing_changes(
    as_user, supervisor, customer, manager, colleague, data, said
):
    told = terms(manager=str(colleague.public_id)) | data
    answer = as_user(supervisor).post(assign_url(customer), told)
    assert (answer.status_code, lead_of(customer)) == (422, manager)
    assert said in answer.content.decode()


def test_custody_by_the_supervisor_and_its_end(as_user, supervisor, customer, colleague, manager):
    until = (timezone.localdate() + timedelta(9)).isoformat()
    data = terms(act="custody", manager=str(colleague.public_id), to_date=until)
    as_user(supervisor).post(assign_url(customer), data)
    custody = Custody.objects.get()
    assert (custody.custodian, custody.lead, lead_of(customer)) == (colleague, manager, manager)
    care = as_user(supervisor).get(reverse("customers:care", args=[customer.public_id])).content.decode()
    assert colleague.name in care
    end = reverse("customers:custody_end", args=[custody.public_id])
    assert as_user(colleague.user).post(end).status_code == 403
    assert as_user(supervisor).post(end).status_code == 303
    assert not Custody.objects.exists()


@pytest.mark.parametrize("role", ["auditor", "back_office"])
def test_who_reads_does_not_assign(as_user, request, customer, role):
    assert as_user(request.getfixturevalue(role)).get(assign_url(customer)).status_code == 403


def test_a_foreign_customer_does_not_exist_here(as_user, supervisor, foreign_customer):
    assert as_user(supervisor).get(assign_url(foreign_customer)).status_code == 404


# --- Hand-over --------------------------------------------------------------------------------------------
def confirmed(client):
    """Sign-in within five minutes, as the signature asks for."""
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": timezone.now().timestamp()}]
    session.save()
    return client


def test_a_hand_over_from_the_wizard_to_the_404(
    as_user, manager, colleague, supervisor, region_head, customer, branch
):
    make_customer("桑榆", branch=branch, lead=manager)
    data = {
        "receiver": str(colleague.public_id),
        "witness": str(supervisor.public_id),
        "effective_on": timezone.localdate().isoformat(),
        "reason": "balance",
        "with_balance": "on",
        "scope": "all",
        "brief": "两户",
    }
    assert as_user(manager.user).post(reverse("customers:handover_new"), data).status_code == 303
    paper = Handover.objects.get()
    address = reverse("customers:handover", args=[paper.public_id])
    items = list(HandoverItem.objects.order_by("pk"))
    assert len(items) == 2
    send = {
        "item": [item.pk for item in items],
        f"problem-{items[0].pk}": "on",
        f"note-{items[0].pk}": "抵押",
    }
    as_user(manager.user).post(reverse("customers:handover_send", args=[paper.public_id]), send)
    seen = as_user(colleague.user).get(address).content.decode()
    assert "沈**" in seen and "沈知远" not in seen
    sign = reverse("customers:handover_sign", args=[paper.public_id])
    for user, party in ((manager.user, "giver"), (colleague.user, "receiver"), (supervisor, "witness")):
        assert confirmed(as_user(user)).post(sign, {"party": party}).status_code == 303
    approve(region_head)
    paper.refresh_from_db()
    assert (paper.state, lead_of(customer)) == ("effective", colleague)
    assert HandoverItem.objects.get(on_problem_list=True).note == "抵押"
    detail = reverse("customers:detail", args=[customer.public_id])
    assert as_user(manager.user).get(detail).status_code == 404
    assert as_user(colleague.user).get(detail).status_code == 200
    protocol = reverse("customers:handover_protocol", args=[paper.public_id])
    assert "沈知远" in as_user(colleague.user).get(protocol).content.decode()


def test_a_strangers_hand_over_does_not_exist(as_user, manager, colleague, outsider, customer, today):
    paper = Handover.objects.create(
        ref="HO-1", giver=manager, receiver=colleague, effective_on=today, reason="balance"
    )
    assert (
        as_user(outsider.user).get(reverse("customers:handover", args=[paper.public_id])).status_code == 404
    )


# --- Leaving ----------------------------------------------------------------------------------------------
@pytest.fixture
def book(branch, manager, colleague):
    third = make_manager("0933", branch=branch, name="沈三")
    made = [make_customer(f"客{n}", branch=branch, lead=manager) for n in range(6)]
    helped = make_customer("协办", branch=branch, lead=colleague, co=manager)
    return {"made": made, "helped": helped, "third": third}


def test_a_leavers_book_is_spread_and_his_sign_in_ends(
    as_user, supervisor, region_head, manager, colleague, book
):
    his = Client()
    his.force_login(manager.user)
    address = reverse("customers:leaver", args=[manager.public_id])
    page = as_user(supervisor).get(address).content.decode()
    assert "leads 6 customers, helps with 1" in page
    by_hand = book["made"][0]
    data = {
        "last_day_off": timezone.localdate().isoformat(),
        "reason": "离职",
        "act": "ask",
        "receiver": [str(colleague.public_id), str(book["third"].public_id)],
        f"to-{by_hand.public_id}": "pool",
    }
    assert as_user(supervisor).post(address, data).status_code == 303
    assert User.objects.get(pk=manager.user_id).is_active
    assert approve(region_head).state == "done"
    leads = [lead_of(customer) for customer in book["made"]]
    assert leads[0] is None
    assert {leads.count(colleague), leads.count(book["third"])} == {2, 3}
    helped = Customer.objects.get(pk=book["helped"].pk)
    assert (helped.lead, helped.co) == (colleague, None)
    assert not User.objects.get(pk=manager.user_id).is_active
    papers = Handover.objects.filter(giver=manager)
    assert {paper.state for paper in papers} == {"effective"}
    click = his.get(reverse("customers:detail", args=[by_hand.public_id]))
    assert (click.status_code, click.headers["Location"].partition("?")[0]) == (302, reverse("login"))


def test_a_leaver_of_a_day_to_come(as_user, supervisor, region_head, manager, colleague, book, today):
    day = today + timedelta(5)
    data = {
        "last_day_off": day.isoformat(),
        "reason": "离职",
        "act": "ask",
        "receiver": str(colleague.public_id),
    }
    as_user(supervisor).post(reverse("customers:leaver", args=[manager.public_id]), data)
    assert approve(region_head).state == "done"
    assert lead_of(book["made"][0]) == manager
    turn(day - timedelta(1))
    assert User.objects.get(pk=manager.user_id).is_active
    turn(day)
    assert lead_of(book["made"][0]) == colleague
    assert not User.objects.get(pk=manager.user_id).is_active


def test_nobody_with_customers_is_switched_off_in_the_administrators_site(
    as_user, admin_user, manager, customer
):
    user = manager.user
    address = reverse("admin:managers_user_change", args=[user.pk])
    data = {"username": user.username, "name": user.name, "role": "manager", "branch": user.branch_id}
    answer = as_user(admin_user).post(address, data, follow=True)
    assert User.objects.get(pk=user.pk).is_active
    assert "still looks after 1 customers" in answer.content.decode()


def test_a_customer_who_came_after_the_plan_stops_it(as_user, supervisor, region_head, manager, book, branch):
    data = {
        "last_day_off": timezone.localdate().isoformat(),
        "reason": "离职",
        "act": "ask",
        "receiver": str(book["third"].public_id),
    }
    as_user(supervisor).post(reverse("customers:leaver", args=[manager.public_id]), data)
    late = make_customer("迟到", branch=branch, lead=manager)
    approval = approve(region_head)
    assert (approval.state, lead_of(late)) == ("failed", manager)
    assert "came to him since the plan was made" in approval.fault


# --- Leave and cover --------------------------------------------------------------------------------------
def test_a_leave_is_covered_in_one_click(as_user, supervisor, manager, colleague, customer, today):
    away = Leave.objects.create(manager=manager, during=(today, today + timedelta(7)), kind=LeaveKind.ANNUAL)
    address = reverse("customers:leave")
    assert colleague.name in as_user(supervisor).get(address).content.decode()
    data = {"leave": away.public_id, "custodian": colleague.public_id}
    assert as_user(supervisor).post(address, data).status_code == 303
    custody = Custody.objects.get()
    assert (custody.custodian, custody.during.upper) == (colleague, today + timedelta(7))
    assert as_user(manager.user).post(address, data).status_code == 403
