"""One bank and one server for all journeys; Debian's Chromium through Playwright."""

import os
import shutil

import pytest
from django.contrib.auth import get_user_model
from pytest_django.live_server_helper import LiveServer

from managers.management.commands.demo_logins import PASSWORD

# Playwright's sync API runs a loop in this thread; the ORM calls beside it are safe here.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/browser" in item.nodeid:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if not chromium:
        pytest.fail("No Chromium here: `make test` installs Debian's package `chromium`.")
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
    quiet += ["--disable-background-networking", "--disable-component-update", "--lang=zh-CN"]
    return {**browser_type_launch_args, "executable_path": chromium, "args": quiet}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    return {**browser_context_args, "locale": "zh-CN", "viewport": {"width": 1440, "height": 1000}}


@pytest.fixture(scope="module")
def server(demo_bank):
    live = LiveServer("127.0.0.1")
    yield live.url
    live.stop()


@pytest.fixture
def sign_in(page, server):
    """Sign `username` in through the login page; return the page. Fails on any script error or CSP report."""
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    # A form sent back for corrections is a 422, which Chromium notes as an error.
    page.on(
        "console", lambda line: line.type == "error" and "422" not in line.text and faults.append(line.text)
    )

    def go(username):
        page.goto(f"{server}/login/")
        page.locator("#id_username").fill(username)
        page.locator("#id_password").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/login/" not in url)
        return page

    yield go
    assert faults == []


@pytest.fixture
def somebody(demo_bank):
    """Return the user of a role with the most to do, as the demo logins pick them."""
    from managers.management.commands.demo_logins import Command

    def pick(role):
        user = Command()._pick(role)
        assert user in get_user_model().objects.filter(role=role)
        return user

    return pick
