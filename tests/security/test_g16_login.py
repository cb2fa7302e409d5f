"""G16: staff number, password and a second factor for everybody; five tries in fifteen minutes; who unlocks.

Production's way in: every test here switches the demo bank's waiver off.
"""

import io
import os
import re
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from axes.models import AccessAttempt
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crm.audit.models import AuditRecord
from crm.secrets.keys import Keyring, keyring, write
from crm.signin import factors
from crm.signin.names import canonical

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parent.parent.parent
PASSWORD = "correct horse battery"
HASH = make_password(PASSWORD)  # once: argon2 takes its time on purpose
USED = set()


@pytest.fixture(autouse=True)
def production_way_in(settings):
    settings.DEMO_SIGN_IN = False
    cache.clear()  # allauth remembers used codes there


@pytest.fixture
def staff(manager, admin_user, supervisor):
    for user in (manager.user, admin_user, supervisor):
        user.password = HASH
        user.save()
    return manager.user


def give_app(user) -> str:
    """Enrol an authenticator app; return its secret."""
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def code_of(secret) -> str:
    return format_hotp_value(hotp_value(secret, list(yield_hotp_counters_from_time())[1]))


def enter(client, number, password=PASSWORD, **extra):
    return client.post(reverse("login"), {"login": number, "password": password}, **extra)


def acts(*names):
    return list(AuditRecord.objects.filter(act__in=names).order_by("pk").values_list("act", flat=True))


def test_password_then_code_opens_the_system(client, staff):
    secret = give_app(staff)
    first = enter(client, staff.username)
    assert (first.status_code, first["Location"]) == (302, reverse("mfa_authenticate"))
    assert client.get(reverse("customers:today"))["Location"].startswith(reverse("login"))

    second = client.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
    assert second.status_code == 302
    assert client.get(reverse("customers:today")).status_code == 200
    assert acts("sign_in") == ["sign_in"]


def test_a_wrong_code_and_a_used_code_do_not(client, staff):
    secret = give_app(staff)
    enter(client, staff.username)
    assert client.post(reverse("mfa_authenticate"), {"code": "000000"}).status_code == 200
    code = code_of(secret)
    client.post(reverse("mfa_authenticate"), {"code": code})
    again = Client()
    enter(again, staff.username)
    assert again.post(reverse("mfa_authenticate"), {"code": code}).status_code == 200


def test_a_code_is_good_once_whatever_redis_forgets(client, staff):
    """allauth remembers codes in Redis for 30 seconds; a code with its tolerance is good for 90."""
    secret = give_app(staff)
    code = code_of(secret)
    for expected in (302, 200):
        cache.clear()
        other = Client()
        enter(other, staff.username)
        assert other.post(reverse("mfa_authenticate"), {"code": code}).status_code == expected
    early = format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
    assert other.post(reverse("mfa_authenticate"), {"code": early}).status_code == 200  # an older one
    assert AccessAttempt.objects.get().failures_since_start == 2


def test_the_code_that_enrolled_an_app_opens_nothing_more(client, staff):
    enter(client, staff.username)
    secret = client.get(reverse("mfa_activate_totp")).context["form"].secret
    code = code_of(secret)
    client.post(reverse("mfa_activate_totp"), {"code": code})
    other = Client()
    enter(other, staff.username)
    assert other.post(reverse("mfa_authenticate"), {"code": code}).status_code == 200


def test_secrets_of_factors_lie_under_the_banks_keys_and_move_with_them(client, staff, tmp_path, settings):
    settings.SECRET_KEYS_FILE = str(tmp_path / "keys.json")
    write(Keyring.new(), tmp_path / "keys.json")
    secret = give_app(staff)
    RecoveryCodes.activate(staff)
    codes = RecoveryCodes(Authenticator.objects.get(type="recovery_codes")).generate_codes()
    assert factors.masters_in_use() == {"k1"}
    call_command("rotate_keys", "--new", "--retire", stdout=io.StringIO())
    assert set(keyring().masters) == factors.masters_in_use() == {"k2"}
    settings.SECRET_KEY = "another " * 8  # hangs on nothing else
    for code in (code_of(secret), codes[3]):
        other = Client()
        enter(other, staff.username)
        assert other.post(reverse("mfa_authenticate"), {"code": code}).status_code == 302
    write(Keyring.new(), tmp_path / "keys.json")
    other = Client()
    enter(other, staff.username)
    lost = other.post(reverse("mfa_authenticate"), {"code": "123456"})
    assert (lost.status_code, AccessAttempt.objects.count()) == (200, 0)
    assert "key file" in str(lost.context["form"].errors) or "密钥" in str(lost.context["form"].errors)
    keyring.cache_clear()


@pytest.mark.parametrize("who", ["manager", "supervisor", "admin"])
def test_without_a_second_factor_everything_leads_to_enrolment(client, who, staff, admin_user, supervisor):
    user = {"manager": staff, "supervisor": supervisor, "admin": admin_user}[who]
    enter(client, user.username)
    for url in ("/", "/customers/", "/admin/", "/sign-ins/", "/staff-sign-in/", "/second-factor/codes/"):
        response = client.get(url)
        assert (response.status_code, response["Location"]) == (302, "/second-factor/"), url
    part = client.get("/customers/", headers={"HX-Request": "true"})
    assert (part.status_code, part["HX-Redirect"]) == (204, "/second-factor/")
    assert client.post(reverse("signin:end")).status_code == 302


def test_enrolling_the_app_gives_recovery_codes_that_work_once(client, staff):
    enter(client, staff.username)
    page = client.get(reverse("mfa_activate_totp"))
    assert b"data:image/svg+xml;base64," in page.content
    secret = page.context["form"].secret
    done = client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)})
    assert done["Location"] == reverse("mfa_view_recovery_codes")
    codes = client.get(done["Location"]).context["unused_codes"]
    assert len(codes) == 10
    assert client.get(reverse("customers:today")).status_code == 200
    stored = Authenticator.objects.get(user=staff, type="totp").data["secret"]
    assert secret not in stored  # encrypted at rest

    for expected in (302, 200):  # the second time the same code is a wrong one
        other = Client()
        enter(other, staff.username)
        assert other.post(reverse("mfa_authenticate"), {"code": codes[0]}).status_code == expected


def test_enrolling_ends_sessions_that_had_no_second_factor(client, staff):
    thief = Client()
    enter(thief, staff.username)
    enter(client, staff.username)
    secret = client.get(reverse("mfa_activate_totp")).context["form"].secret
    client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)})
    assert thief.get("/customers/")["Location"].startswith(reverse("login"))


def test_the_only_second_factor_cannot_be_removed(client, staff):
    secret = give_app(staff)
    enter(client, staff.username)
    client.post(reverse("mfa_authenticate"), {"code": code_of(secret)})
    client.post(reverse("mfa_deactivate_totp"))
    assert Authenticator.objects.filter(user=staff, type="totp").exists()


def test_django_admin_has_no_door_of_its_own(client, staff, admin_user):
    response = client.get("/admin/login/")
    assert response["Location"].startswith(reverse("login"))
    client.post("/admin/login/", {"username": admin_user.username, "password": PASSWORD})
    assert client.get("/admin/")["Location"].startswith(("/admin/login/", "/login/"))


@pytest.mark.parametrize("url", ["/signup/", "/accounts/signup/", "/password/reset/", "/email/"])
def test_nobody_registers_or_resets_by_mail(client, url):
    assert client.get(url).status_code in {302, 404}
    assert "/signup" not in client.get(reverse("login")).content.decode()


@pytest.mark.parametrize("spelling", ["0931", "０９３１", " 0931 ", "09\u200b31"])
def test_every_spelling_of_a_number_is_the_same_number(client, staff, spelling):
    assert canonical(spelling) == "0931"
    assert enter(client, spelling).status_code == 302


@pytest.mark.parametrize(("a", "b"), [("Ａ１７", "a17"), ("Straße", "STRASSE"), ("ﬁ7", "FI7"), ("Å1", "Å1")])
def test_unicode_variants_share_one_count(a, b):
    assert canonical(a) == canonical(b)


def test_five_wrong_tries_in_any_spelling_lock_the_account_and_no_more_passwords_are_looked_at(client, staff):
    for spelling in ("0931", "０９３１", " 0931", "０931", "09\u200b31"):
        assert AccessAttempt.objects.filter(username="0931").count() <= 1
        last = enter(client, spelling, "wrong")
    assert last.status_code == 429
    assert "account/locked.html" in [template.name for template in last.templates]
    assert enter(client, "0931").status_code == 429  # the right one
    assert enter(Client(REMOTE_ADDR="10.9.8.7"), "0931").status_code == 429  # from elsewhere
    assert acts("locked")[0] == "locked"


def test_the_count_outlives_redis(client, staff):
    for _ in range(4):
        enter(client, "0931", "wrong")
    cache.clear()  # what a restart of an unsaved Redis leaves
    assert enter(client, "0931", "wrong").status_code == 429
    cache.clear()
    assert enter(client, "0931").status_code == 429


def test_a_lock_ends_after_fifteen_minutes_and_tries_during_it_do_not_prolong_it(client, staff):
    for _ in range(7):
        enter(client, "0931", "wrong")
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=15, seconds=1))
    assert enter(client, "0931").status_code == 302


def test_a_branch_behind_one_address_goes_on(client, staff, supervisor):
    for number in ("0931", "7001", "7002", "7003"):
        for _ in range(5):
            enter(client, number, "wrong")
    assert enter(client, supervisor.username).status_code == 302


def test_an_unknown_number_reads_like_a_known_one(client, staff):
    known, unknown = (enter(Client(), number, "wrong") for number in ("0931", "8888"))
    assert known.context["form"].non_field_errors() == unknown.context["form"].non_field_errors()
    for _ in range(5):
        locked = enter(client, "8888", "wrong")
    assert locked.status_code == 429
    assert "8888" not in str(list(AuditRecord.objects.filter(act="sign_in_failed").values()))


def test_wrong_codes_count_with_wrong_passwords(client, staff):
    secret = give_app(staff)
    enter(client, "0931", "wrong")
    enter(client, "0931", "wrong")
    enter(client, "0931")
    for _ in range(3):
        last = client.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert last.status_code == 429
    assert client.post(reverse("mfa_authenticate"), {"code": code_of(secret)}).status_code == 429


def test_axes_keeps_neither_passwords_nor_codes(client, staff):
    enter(client, "0931", "a secret typed wrong")
    kept = str(list(AccessAttempt.objects.values()))
    assert "a secret typed wrong" not in kept
    assert "csrfmiddlewaretoken=" not in kept or "****" in kept


@pytest.mark.django_db(transaction=True)
def test_sixteen_tries_at_once_are_five(staff):
    answers = []

    def guess(number):
        try:
            answers.append(enter(Client(), "0931", f"wrong {number}").status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=guess, args=[number]) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200] * 4 + [429] * 12
    assert sum(AccessAttempt.objects.values_list("failures_since_start", flat=True)) == 5


def test_supervisor_and_admin_unlock_their_own_staff_only(
    as_user, staff, supervisor, admin_user, outsider, settings
):
    settings.DEMO_SIGN_IN = True  # how they signed in is not the question here
    for number in ("0931", outsider.user.username):
        for _ in range(5):
            enter(Client(), number, "wrong")
    page = as_user(supervisor).get(reverse("signin:staff"))
    assert [row["user"] for row in page.context["rows"]] == [staff]
    foreign = reverse("signin:unlock", args=[outsider.user.public_id])
    assert as_user(supervisor).post(foreign).status_code == 404
    assert enter(Client(), outsider.user.username).status_code == 429
    assert as_user(supervisor).post(reverse("signin:unlock", args=[staff.public_id])).status_code == 303
    assert enter(Client(), "0931").status_code == 302
    assert as_user(admin_user).post(foreign).status_code == 303
    assert acts("unlock") == ["unlock", "unlock"]


def test_nobody_helps_himself_or_upwards(as_user, supervisor, admin_user, settings, manager):
    settings.DEMO_SIGN_IN = True
    for by, whom, status in (
        (supervisor, supervisor, 404),
        (supervisor, admin_user, 404),
        (admin_user, admin_user, 404),
        (manager.user, supervisor, 403),
    ):
        for name in ("signin:unlock", "signin:reset"):
            assert as_user(by).post(reverse(name, args=[whom.public_id])).status_code == status


def test_a_lost_phone_ends_in_a_link_good_once(as_user, staff, supervisor, settings):
    give_app(staff)
    user, theirs = Client(), Client()
    user.force_login(staff)
    settings.DEMO_SIGN_IN = True
    page = as_user(supervisor).post(reverse("signin:reset", args=[staff.public_id]), {"factor": "1"})
    settings.DEMO_SIGN_IN = False
    path = page.context["link"].removeprefix("http://testserver")
    assert not Authenticator.objects.filter(user=staff).exists()
    assert user.get("/customers/")["Location"].startswith(reverse("login"))
    assert enter(Client(), "0931").status_code == 200  # the old password is gone

    form = theirs.get(path, follow=True)
    new = "another horse staple"
    weak = theirs.post(form.context["action_url"], {"password1": "0931", "password2": "0931"})
    assert weak.context["form"].errors
    done = theirs.post(form.context["action_url"], {"password1": new, "password2": new})
    assert done["Location"] == reverse("account_reset_password_from_key_done")
    assert enter(Client(), "0931", new).status_code == 302
    assert Client().get(path).context["token_fail"] is True
    assert acts("reset_password") == ["reset_password", "reset_password"]  # the link, then his own


def test_one_changes_ones_password_with_the_old_one(client, staff, settings):
    """ASVS 6.2.2, 6.2.3, 6.2.6, 6.2.7, 6.2.9: nothing is cut, nothing is in the way of a password manager."""
    settings.DEMO_SIGN_IN = True
    url, long = reverse("account_change_password"), "青禾 correct horse battery staple " * 4
    enter(client, staff.username)
    for page, fields in ((client.get(url), 3), (Client().get(reverse("login")), 1)):
        inputs = re.findall(r"<input[^>]*name=\"[^\"]*password[^>]*>", page.content.decode())
        assert len(inputs) == fields
        for tag in inputs:
            assert 'type="password"' in tag
            assert re.search(r'autocomplete="(current|new)-password"', tag)
            assert "onpaste" not in tag
            assert int((re.findall(r'maxlength="(\d+)"', tag) or ["128"])[0]) >= 128
    wrong = client.post(url, {"oldpassword": "wrong", "password1": long, "password2": long})
    assert wrong.context["form"].errors
    assert enter(Client(), "0931").status_code == 302
    client.post(url, {"oldpassword": PASSWORD, "password1": long, "password2": long})
    assert enter(Client(), "0931").status_code == 200
    assert enter(Client(), "0931", long[:-1]).status_code == 200
    assert enter(Client(), "0931", long).status_code == 302


def test_passwords_are_argon2(staff):
    assert staff.password.startswith("argon2$")


def run_settings(**variables):
    """Import the settings in a process of their own, as production would with `variables`."""
    clean = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "REDIS_URL", "DEMO_SIGN_IN"}}
    return subprocess.run(
        [sys.executable, "-c", "import crm.settings as s; print(s.EMBEDDED, s.DEMO_SIGN_IN)"],
        cwd=ROOT,
        env=clean | variables,
        capture_output=True,
        text=True,
        check=False,
    )


PRODUCTION = {
    "DATABASE_URL": "postgresql://bank:x@db/bank",
    "REDIS_URL": "redis://redis/0",
    "SECRET_KEY": "k" * 60,
    "ALLOWED_HOSTS": "crm.bank.example",
}


def test_the_demo_way_in_exists_in_the_embedded_bank_only(tmp_path):
    assert run_settings(GUANHU_STATE=str(tmp_path)).stdout.strip() == "True True"
    assert run_settings(GUANHU_STATE=str(tmp_path), DEMO_SIGN_IN="0").stdout.strip() == "True False"
    assert run_settings(**PRODUCTION).stdout.strip() == "False False"
    refused = run_settings(**PRODUCTION, DEMO_SIGN_IN="1")
    assert refused.returncode != 0
    assert "SettingError: DEMO_SIGN_IN is on with a DATABASE_URL of your own" in refused.stderr


def test_the_first_administrator_comes_by_command(client, capsys):
    call_command("sign_in_link", "0001", admin="王五")
    path = "/" + capsys.readouterr().out.split("://")[1].split("/", 1)[1].split()[0]
    form = client.get(path, follow=True)
    client.post(form.context["action_url"], {"password1": PASSWORD, "password2": PASSWORD})
    admin = get_user_model().objects.get(username="0001")
    assert (admin.role, admin.is_staff, admin.name) == ("admin", True, "王五")
    assert enter(client, "0001").status_code == 302
    assert client.get("/admin/")["Location"] == reverse("signin:enrol")
