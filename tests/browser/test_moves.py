"""A hand-over of fifty customers and a leaver's book, as people do them, in Debian's Chromium."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from playwright.sync_api import expect

from crm.approvals import services as approvals
from crm.approvals.models import Approval
from customers.models import Customer, Handover
from managers.choices import Role
from managers.management.commands.demo_logins import PASSWORD
from managers.models import Manager, User

pytestmark = pytest.mark.django_db
MANY = 50


@pytest.fixture
def people(somebody):
    """Giver, receiver of the same branch and line, the branch's supervisor, and a supervisor above."""
    giver = somebody(Role.MANAGER).manager
    beside = Manager.objects.filter(branch=giver.branch, user__is_active=True).exclude(pk=giver.pk)
    receiver = beside.filter(line=giver.line).first() or beside.first()
    over = User.objects.filter(role=Role.SUPERVISOR, is_active=True)
    return {
        "giver": giver.user,
        "receiver": receiver.user,
        "witness": over.get(branch=giver.branch),
        "above": over.filter(branch=giver.branch.parent).first() or over.get(branch__parent=None),
    }


def decided(approval, by):
    """The decision, committed on a connection of its own: the server is another process."""

    def decide():
        try:
            return approvals.decide(approval, by, True)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as beside:
        return beside.submit(decide).result()


def leave(page):
    page.context.clear_cookies()


def test_fifty_customers_are_handed_over(sign_in, server, people):
    giver, receiver = people["giver"].manager, people["receiver"].manager
    page = sign_in(people["giver"].username)
    page.goto(f"{server}/handovers/new/")
    boxes = page.locator("input[name=customer]")
    assert boxes.count() >= MANY
    chosen = [boxes.nth(n).get_attribute("value") for n in range(MANY)]
    for number in range(MANY):
        boxes.nth(number).check()
    page.locator("select[name=receiver]").select_option(str(receiver.public_id))
    page.locator("select[name=witness]").select_option(str(people["witness"].public_id))
    page.locator("textarea[name=brief]").fill("五十户一次移交")
    page.locator("button[data-save]").click()
    page.wait_for_url("**/handovers/*-*/")
    address = page.url
    page.locator("input[name^=problem-]").first.check()
    page.locator("input[name^=note-]").first.fill("抵押物未登记")
    page.locator("button[formaction$='/send/']").click()
    page.wait_for_load_state()
    page.locator("button[name=party][value=giver]").click()
    page.wait_for_load_state()
    expect(page.locator("button[name=party]")).to_have_count(0)
    for party in ("receiver", "witness"):
        leave(page)
        sign_in(people[party].username)
        page.goto(address)
        page.locator(f"button[name=party][value={party}]").click()
        page.wait_for_load_state()
        expect(page.locator("button[name=party]")).to_have_count(0)

    decided(Approval.objects.get(kind="customers.handover"), people["above"])
    paper = Handover.objects.get(giver=giver, receiver=receiver, approval__isnull=False)
    assert (paper.state, paper.items.filter(left_out="").count()) == ("effective", MANY)
    assert Customer.objects.filter(public_id__in=chosen, lead=receiver).count() == MANY
    page.goto(f"{server}/customers/{chosen[0]}/")  # the witness, a supervisor, still sees him
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    leave(page)
    sign_in(people["giver"].username)
    assert page.request.get(f"{server}/customers/{chosen[0]}/").status == 404


def test_a_leavers_book_is_placed_and_his_session_ends(sign_in, server, people, browser):
    leaver = people["receiver"].manager
    his = browser.new_context(locale="zh-CN").new_page()
    his.goto(f"{server}/login/")
    his.locator("#id_username").fill(leaver.user.username)
    his.locator("#id_password").fill(PASSWORD)
    his.keyboard.press("Enter")
    his.wait_for_url(lambda url: "/login/" not in url)

    page = sign_in(people["witness"].username)
    page.goto(f"{server}/leavers/{leaver.public_id}/")
    page.locator("button[value=ask]").click()
    page.wait_for_url("**/approvals/mine/")
    assert Customer.objects.filter(lead=leaver).exists()
    request = decided(Approval.objects.get(kind="customers.leaver"), people["above"])
    assert (request.state, request.fault) == ("done", "")
    assert not Customer.objects.filter(lead=leaver).exists()
    his.goto(f"{server}/customers/")
    assert "/login/" in his.url
