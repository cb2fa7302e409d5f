"""Signing in, staying and leaving, as a person sees it, in Debian's Chromium."""

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from playwright.sync_api import expect

from managers.choices import Role
from managers.management.commands.demo_logins import PASSWORD

pytestmark = pytest.mark.django_db


def code_of(secret) -> str:
    return format_hotp_value(hotp_value(secret, list(yield_hotp_counters_from_time())[1]))


def test_back_after_signing_out_shows_nothing(sign_in, somebody, server):
    user = somebody(Role.MANAGER)
    customer = user.manager.led_customers.order_by("id").first()
    page = sign_in(user.username)
    page.goto(f"{server}/customers/{customer.public_id}/")
    expect(page.get_by_role("heading", level=1)).to_contain_text(customer.name)
    page.locator(".who").click()
    page.get_by_role("button", name="退出").first.click()
    page.wait_for_url("**/login/**")
    page.go_back()
    page.wait_for_load_state()
    expect(page.locator("#id_username")).to_be_visible()
    expect(page.get_by_text(customer.name)).to_have_count(0)


def test_what_was_written_comes_back_after_the_session_ended(sign_in, somebody, server, settings):
    user = somebody(Role.MANAGER)
    customer = user.manager.led_customers.order_by("id").first()
    page = sign_in(user.username)
    page.goto(f"{server}/customers/{customer.public_id}/contact/")
    page.locator("textarea[name=note]").fill("这一句不能丢")
    settings.SESSION_IDLE_SECONDS = 0  # the server runs in this process: whoever asks now was away too long
    page.locator("textarea[name=note]").press("Control+Enter")
    page.wait_for_url("**/login/**")
    settings.SESSION_IDLE_SECONDS = 600
    page.locator("#id_username").fill(user.username)
    page.locator("#id_password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/contact/")  # back where it was
    expect(page.locator("textarea[name=note]")).to_have_value("这一句不能丢")


def test_the_page_asks_before_the_idle_limit_and_then_leaves(sign_in, somebody, server, settings):
    page = sign_in(somebody(Role.SUPERVISOR).username)
    page.clock.install()
    page.goto(f"{server}/sign-ins/")
    page.clock.fast_forward(545_000)
    expect(page.locator("#leaving")).to_be_visible()
    settings.SESSION_IDLE_SECONDS = 0
    page.clock.fast_forward(60_000)
    page.wait_for_url("**/login/?next=%2Fsign-ins%2F&ended=idle")


def test_an_app_is_enrolled_and_a_security_key_added(sign_in, somebody, server, page):
    user = somebody(Role.BACK_OFFICE)
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "usb", "hasResidentKey": True, "hasUserVerification": True}
    options |= {"isUserVerified": True, "automaticPresenceSimulation": True}
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    host = server.replace("127.0.0.1", "localhost")  # WebAuthn wants a name
    page.goto(f"{host}/login/")
    page.locator("#id_username").fill(user.username)
    page.locator("#id_password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/login/" not in url)

    page.goto(f"{host}/second-factor/app/")
    secret = page.locator(".secret code").inner_text()
    page.locator("#id_code").fill(code_of(secret))
    page.keyboard.press("Enter")
    page.wait_for_url("**/second-factor/codes/")
    expect(page.locator(".codes li")).to_have_count(10)

    page.goto(f"{host}/second-factor/keys/add/")
    page.locator("#key-button").click()
    page.wait_for_url("**/sign-ins/")
    page.locator(".who").click()
    page.get_by_role("button", name="退出").first.click()
    page.wait_for_url("**/login/**")

    page.locator("#id_username").fill(user.username)
    page.locator("#id_password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/login/code/")
    page.locator("#key-button").click()
    page.wait_for_url(lambda url: "/login/" not in url)
