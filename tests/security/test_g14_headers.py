"""G14: what browsers are told, on every page; Django's own deployment check is clean."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.urls import reverse

from tests.test_access import RULES, address, cast  # noqa: F401 (the same cast at the same addresses)

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parent.parent.parent
# of the embedded bank, and of the browser tests that ran in this process before
NOT_THERE = {"DEMO_SIGN_IN", "GUANHU_STATE", "DJANGO_ALLOW_ASYNC_UNSAFE"}
PRODUCTION = {
    "DATABASE_URL": "postgresql://bank:x@db/bank",
    "REDIS_URL": "redis://redis/0",
    "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "ALLOWED_HOSTS": "crm.bank.example",
}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def in_production(code: str) -> str:
    """Run `code` with production's settings in a process of its own; nothing connects to a server."""
    clean = {k: v for k, v in os.environ.items() if k not in NOT_THERE}
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=clean | PRODUCTION | {"DJANGO_SETTINGS_MODULE": "crm.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_the_deployment_check_finds_nothing():
    code = "import django; django.setup()\nfrom django.core.management import call_command\n"
    said = in_production(code + "call_command('check', '--deploy', '--fail-level', 'WARNING')")
    assert "no issues" in said


def test_every_cookie_of_production_belongs_to_this_host_alone():
    names = "SESSION", "CSRF", "LANGUAGE"
    code = "from django.conf import settings as s\n" + "\n".join(
        f"print(s.{name}_COOKIE_NAME, s.{name}_COOKIE_SECURE, s.{name}_COOKIE_DOMAIN, s.{name}_COOKIE_PATH)"
        for name in names
    )
    for line in in_production(code).splitlines():
        assert re.fullmatch(r"__Host-\w+ True None /", line), line


def test_sessions_and_messages_leave_no_other_cookie(client, manager, settings):
    manager.user.set_password("correct horse battery")
    manager.user.save()
    client.get(reverse("login"))
    client.post(reverse("login"), {"login": manager.user.username, "password": "correct horse battery"})
    client.post(reverse("signin:end"))  # says something
    client.get("/sign-ins/")
    assert set(client.cookies) == {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME}
    cookie = client.cookies[settings.SESSION_COOKIE_NAME]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["max-age"]) == (
        True,
        "Lax",
        "/",
        "",
    )


@pytest.mark.parametrize("role", ["stranger", "manager", "admin"])
def test_every_page_says_no_store_and_its_policy(role, client, cast, address):  # noqa: F811
    for name in sorted(RULES):
        for method in ("get", "post"):
            if cast[role]:
                client.force_login(cast[role])
            response = getattr(client, method)(address(name))
            assert "no-store" in response.headers["Cache-Control"], (name, method)
            policy = response.headers["Content-Security-Policy"]
            assert "script-src 'self'" in policy, (name, method)
            assert "unsafe" not in policy, (name, method)
            assert {key: response.headers.get(key) for key in HEADERS} == HEADERS, (name, method)


@pytest.mark.parametrize("status", [403, 404])
def test_answers_of_refusal_have_them_too(client, manager, status):
    client.force_login(manager.user)
    response = client.get({403: "/staff-sign-in/", 404: "/nothing/here/"}[status])
    assert response.status_code == status
    assert response.headers["Cache-Control"] == "no-store"
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]


def test_no_template_holds_an_inline_script_or_style():
    texts = {path: path.read_text() for path in (ROOT / "templates").rglob("*.html")}
    data = re.compile(r'<script(?![^>]*\bsrc=)(?![^>]*type="application/json")[^>]*>')
    wrong = [str(path) for path, text in texts.items() if data.search(text) or re.search(r"\son\w+=", text)]
    styled = [str(path) for path, text in texts.items() if re.search(r"<style|\sstyle=", text)]
    assert (wrong, styled) == ([], [])
