"""The branch board and the lists behind its cases."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from customers.models import LoanState
from managers.choices import LeaveKind, Line
from managers.models import Leave
from service.models import Complaint
from tests.factories import make_account, make_customer, make_manager, make_product
from tests.performance.world import DAY, make_card, make_night, make_standing, publish

BOARD = reverse("performance:branch_board")


@pytest.fixture
def night(db):
    night = make_night()
    publish(night)
    return night


def cases_url(kind):
    return reverse("performance:board_cases", args=[kind])


def complain(customer, manager, *, days):
    today = timezone.localdate()
    return Complaint.objects.create(
        number=f"T{customer.pk}",
        customer=customer,
        manager=manager,
        source="self",
        cause="attitude",
        business="savings",
        received_on=today - timedelta(days=13),
        due_on=today + timedelta(days=days),
    )


def test_board_names_every_kind_of_case(as_user, supervisor, branch, manager, colleague, night):
    late = make_customer("江临仓储", branch=branch, lead=manager, kind="company")
    make_standing(late, night, overdue_days=63, loan_fen=320_000_000)
    watch = make_customer("云岫纸业", branch=branch, lead=manager, kind="company")
    make_standing(watch, night, overdue_days=31, loan_fen=10_000_000)
    pool = make_customer("无主客户", branch=branch)
    make_standing(pool, night)
    quiet = make_customer("顾明澜", branch=branch, lead=colleague, tier="diamond")
    make_standing(quiet, night, aum_fen=310_000_000)
    complain(watch, manager, days=2)
    today = timezone.localdate()
    Leave.objects.create(
        manager=manager, kind=LeaveKind.ANNUAL, during=(today + timedelta(3), today + timedelta(12))
    )
    loan = make_account(watch, make_product("L01", family=8))
    LoanState.objects.create(account=loan, customer=watch, date=DAY - timedelta(90), loan_class="pass")
    LoanState.objects.create(account=loan, customer=watch, date=DAY, loan_class="special_mention")
    make_card(manager, night)
    response = as_user(supervisor).get(BOARD)
    assert response.status_code == 200
    text = response.content.decode()
    for words in ("江临仓储", "无主客户", "顾明澜", "云岫纸业", "77.92"):
        assert words in text
    assert [case.kind for case in response.context["cases"]].count("danger") == 2
    assert len(response.context["cases"]) == 7


def test_board_before_any_night_says_so(as_user, supervisor, manager):
    response = as_user(supervisor).get(BOARD)
    assert response.status_code == 200
    assert response.context["facts"]["aum_fen"] is None
    # overdue loans are not known yet: the board must not call the day clear
    assert "circle-check" not in response.content.decode().split('id="s-cases"')[1].split("</section>")[0]


def test_board_is_no_page_for_managers_and_back_office(as_user, manager, back_office):
    assert as_user(manager.user).get(BOARD).status_code == 403
    assert as_user(back_office).get(BOARD).status_code == 403


def test_board_of_a_foreign_branch_does_not_exist(as_user, supervisor, other_branch):
    assert as_user(supervisor).get(f"{BOARD}?branch={other_branch.public_id}").status_code == 404
    assert as_user(supervisor).get(f"{BOARD}?branch=nonsense").status_code == 404


def test_readers_open_any_branch_and_start_at_head_office(
    as_user, admin_user, auditor, other_branch, head_office
):
    response = as_user(auditor).get(BOARD)
    assert response.context["scope"].branch == head_office
    assert [unit.branch.code for unit in response.context["units"]] == ["T1"]
    assert as_user(admin_user).get(f"{BOARD}?branch={other_branch.public_id}").status_code == 200


def test_board_shows_nothing_of_other_branches(as_user, supervisor, foreign_customer, night):
    make_standing(foreign_customer, night, overdue_days=99, loan_fen=1_000_000)
    text = as_user(supervisor).get(BOARD).content.decode()
    assert foreign_customer.name not in text


def test_board_takes_only_reads(as_user, supervisor):
    assert as_user(supervisor).post(BOARD).status_code == 405


@pytest.mark.parametrize("kind", ["overdue60", "overdue30", "unassigned", "silent", "complaints", "migrated"])
def test_list_behind_a_case_opens_even_when_empty(as_user, supervisor, night, kind):
    assert as_user(supervisor).get(cases_url(kind)).status_code == 200


def test_list_behind_a_case_links_to_the_customer(as_user, supervisor, branch, manager, night):
    late = make_customer("江临仓储", branch=branch, lead=manager, kind="company")
    make_standing(late, night, overdue_days=63, loan_fen=320_000_000)
    text = as_user(supervisor).get(cases_url("overdue60")).content.decode()
    assert reverse("customers:detail", args=[late.public_id]) in text


def test_unknown_case_does_not_exist(as_user, supervisor):
    assert as_user(supervisor).get(cases_url("deposits")).status_code == 404


def test_list_behind_a_case_is_no_page_for_managers(as_user, manager):
    assert as_user(manager.user).get(cases_url("silent")).status_code == 403


@pytest.mark.parametrize("size", [1, 3])
def test_board_asks_the_same_number_of_queries(
    as_user, supervisor, branch, night, size, django_assert_num_queries
):
    for place in range(size):
        mine = make_manager(f"05{place}", branch=branch, line=Line.RETAIL)
        customer = make_customer(f"张{place}", branch=branch, lead=mine, kind="company")
        make_standing(customer, night, overdue_days=70, loan_fen=1_000_000)
        complain(customer, mine, days=1)
        make_card(mine, night)
    client = as_user(supervisor)
    client.get(BOARD)
    with django_assert_num_queries(BOARD_QUERIES):
        assert client.get(BOARD).status_code == 200


BOARD_QUERIES = 25
