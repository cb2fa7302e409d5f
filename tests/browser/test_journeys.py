"""A working day of each role, in Debian's Chromium, on a bank that was really loaded and analysed."""

import re

import pytest
from playwright.sync_api import expect

from customers.models import Interaction, Publication, Task
from managers.choices import Role
from performance.models import Night

# The bank is committed by a fixture of the module; the mark makes pytest-django set its database up.
pytestmark = pytest.mark.django_db


def test_a_manager_finds_a_customer_and_logs_a_call_with_the_keyboard_alone(sign_in, somebody):
    user = somebody(Role.MANAGER)
    customer = user.manager.led_customers.exclude(initials="").order_by("id").first()
    before = Interaction.objects.filter(customer=customer).count()

    page = sign_in(user.username)
    expect(page.get_by_role("heading", level=1)).to_have_text("今日")
    page.keyboard.press("/")
    page.keyboard.type(customer.number)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(rf"/customers/{customer.public_id}/"))  # a whole number opens the customer
    expect(page.get_by_role("heading", level=1)).to_contain_text(customer.name)

    page.keyboard.press("c")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("2")  # by phone
    page.locator("textarea[name=note]").fill("询问到期安排；客户要等学费定下来。")
    page.get_by_role("dialog").get_by_label("明天").check(force=True)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_text("询问到期安排")).to_be_visible()

    logged = Interaction.objects.filter(customer=customer).order_by("-id")[0]
    assert Interaction.objects.filter(customer=customer).count() == before + 1
    assert (logged.manager, logged.get_channel_display()) == (user.manager, "电话")
    customer.refresh_from_db()
    assert customer.next_date == logged.next_date


def test_a_contact_without_a_next_date_says_so_and_keeps_the_note(sign_in, somebody, server):
    user = somebody(Role.MANAGER)
    customer = user.manager.led_customers.order_by("id").first()
    before = Interaction.objects.count()
    page = sign_in(user.username)
    page.goto(f"{server}/customers/{customer.public_id}/contact/")
    page.locator("textarea[name=note]").fill("这一句不能丢")
    page.get_by_role("radio", name="不再联系").check(force=True)  # which asks for a reason, and none is given
    page.locator("textarea[name=note]").press("Control+Enter")
    expect(page.get_by_text("处需要修改")).to_be_visible()
    expect(page.locator("textarea[name=note]")).to_have_value("这一句不能丢")
    assert Interaction.objects.count() == before


def test_a_long_note_is_there_again_after_the_session_ended(sign_in, somebody, server, context):
    user = somebody(Role.MANAGER)
    customer = user.manager.led_customers.order_by("id").last()
    before = Interaction.objects.count()

    def open_form():
        page = sign_in(user.username)
        page.goto(f"{server}/customers/{customer.public_id}/")
        page.keyboard.press("c")
        expect(page.get_by_role("dialog").locator("textarea[name=note]")).to_have_value("")
        return page, page.get_by_role("dialog").locator("textarea[name=note]")

    page, note = open_form()
    with page.expect_response(re.compile("/drafts/")):  # two seconds after the last key
        note.fill("一段写了很久的话，会话却结束了。")
    expect(page.locator("[data-draft-said]")).not_to_be_empty()
    context.clear_cookies()
    page, note = open_form()
    page.locator(".draft-offer a").click()
    expect(note).to_have_value("一段写了很久的话，会话却结束了。")
    note.press("Control+Enter")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert Interaction.objects.count() == before + 1
    page.keyboard.press("c")
    expect(page.get_by_role("dialog").locator("textarea[name=note]")).to_be_visible()
    expect(page.locator(".draft-offer")).to_have_count(0)


def test_a_manager_settles_a_task_and_takes_it_back(sign_in, somebody):
    user = somebody(Role.MANAGER)
    open_tasks = Task.objects.filter(manager=user.manager, state="open")
    before = open_tasks.count()
    page = sign_in(user.username)
    row = page.locator(".first-three > li").first
    row.locator("summary").click()
    row.get_by_role("button", name="已办").click()
    expect(page.get_by_text("撤销")).to_be_visible()
    assert open_tasks.count() == before - 1
    page.get_by_text("撤销").click()
    expect(page.get_by_text("撤销")).to_be_hidden()
    assert open_tasks.count() == before


def test_the_seven_analyses_stand_on_the_customers_page(sign_in, somebody, server):
    user = somebody(Role.MANAGER)
    customer = user.manager.led_customers.order_by("id").first()
    page = sign_in(user.username)
    page.goto(f"{server}/customers/{customer.public_id}/")
    for name in ("概况", "忠诚", "利润", "性能", "未来", "产品", "促销"):
        expect(page.get_by_role("heading", name=re.compile(f"^{name}"), level=3)).to_be_visible()


def test_a_supervisor_drills_from_the_board_to_the_rows_behind_a_score(sign_in, somebody):
    page = sign_in(somebody(Role.SUPERVISOR).username)
    expect(page.get_by_role("heading", level=1)).to_contain_text("看板")
    page.locator("tbody th a.name").first.click()
    expect(page.get_by_text("五个维度").first).to_be_visible()
    page.goto(page.url.split("?")[0] + "I1/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("tbody tr")).not_to_have_count(0)


def test_an_administrator_sees_the_night_and_every_record(sign_in, somebody, server):
    page = sign_in(somebody(Role.ADMIN).username)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert Night.objects.filter(pk=Publication.objects.get().night_id, state="published").exists()
    page.goto(f"{server}/admin/customers/customer/")
    expect(page.locator("#result_list tbody tr")).not_to_have_count(0)


def test_the_day_works_on_a_phone(sign_in, somebody, server, page):
    page.set_viewport_size({"width": 390, "height": 844})
    sign_in(somebody(Role.MANAGER).username)
    for address in ("/today/", "/customers/", "/my-score/"):
        page.goto(server + address)
        overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert overflow <= 0, f"{address} scrolls sideways by {overflow} px"


def test_english_reads_english(sign_in, somebody):
    page = sign_in(somebody(Role.MANAGER).username)
    page.get_by_role("button", name="EN").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Today")
