"""G15: a session ends when nobody is there, after the working day, and at once when rights change."""

import json
import time
from importlib import import_module

import pytest
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.usersessions.models import UserSession
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.http import HttpResponse
from django.test import Client
from django.urls import path, reverse

from crm.audit.models import AuditRecord
from crm.signin import recently_authenticated
from crm.urls import urlpatterns as product
from managers.choices import Role

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@recently_authenticated
def sensitive(request):
    return HttpResponse(f"shown {request.method} {request.POST.get('why', '')}".strip())


urlpatterns = [*product, path("sensitive/", sensitive)]


@pytest.fixture
def signed_in(client, manager):
    """The manager, signed in by password at the demo bank's login page."""
    manager.user.set_password(PASSWORD)
    manager.user.save()
    assert enter(client, manager.user).status_code == 302
    return client


def enter(client, user):
    return client.post(reverse("login"), {"login": user.username, "password": PASSWORD})


def age(client, seconds, *keys):
    """Let `seconds` pass for the times `keys` of the client's session."""
    session = client.session
    for key in keys:
        session[key] -= seconds
    for record in session.get(AUTHENTICATION_METHODS_SESSION_KEY, []):
        record["at"] -= seconds
    session.save()


def where(response):
    return response.headers.get("Location") or response.headers.get("HX-Redirect", "")


def test_ten_minutes_away_end_the_session(signed_in):
    age(signed_in, 599, "seen_at")
    assert signed_in.get("/customers/").status_code == 200
    age(signed_in, 600, "seen_at")
    response = signed_in.get("/customers/")
    assert where(response) == "/login/?next=/customers/&ended=idle"
    assert "signed out" in signed_in.get(where(response), headers={"Accept-Language": "en"}).content.decode()
    assert signed_in.get("/customers/")["Location"] == "/login/?next=/customers/"
    assert AuditRecord.objects.get(act="session_end").detail == {"why": "idle"}


def test_nine_hours_end_it_however_busy(signed_in):
    age(signed_in, 9 * 3600, "signed_in_at")
    assert where(signed_in.get("/customers/")).endswith("&ended=age")


def test_both_limits_are_settings(signed_in, settings):
    settings.SESSION_IDLE_SECONDS = 60
    age(signed_in, 61, "seen_at")
    assert where(signed_in.get("/customers/")).endswith("&ended=idle")


def test_a_page_that_refreshes_itself_is_no_activity(signed_in):
    age(signed_in, 300, "seen_at")
    before = signed_in.session["seen_at"]
    signed_in.get("/customers/", headers={"X-Poll": "1", "HX-Request": "true"})
    assert signed_in.session["seen_at"] == before
    signed_in.get("/customers/")
    assert signed_in.session["seen_at"] > before


def test_every_page_that_polls_says_so():
    templates = (django_settings.BASE_DIR / "templates").rglob("*.html")
    polls = [text for text in (path.read_text() for path in templates) if 'hx-trigger="every' in text]
    assert polls
    assert all('"X-Poll"' in text for text in polls)


def test_activity_is_written_at_most_every_twenty_seconds(signed_in, django_assert_num_queries):
    signed_in.get("/sign-ins/")
    before = signed_in.session["seen_at"]
    signed_in.get("/sign-ins/")
    assert signed_in.session["seen_at"] == before


def test_htmx_is_sent_to_sign_in_as_a_whole_page_and_told_why(signed_in):
    age(signed_in, 601, "seen_at")
    response = signed_in.post(
        "/customers/",
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/customers/?q=a"},
    )
    assert response.status_code == 204
    assert where(response) == "/login/?next=%2Fcustomers%2F%3Fq%3Da&ended=idle"


CHANGES = {
    "disabled": {"is_active": False},
    "role": {"role": Role.BACK_OFFICE},
    "password": {"password": "argon2$other"},
    "staff flag": {"is_staff": True},
}


@pytest.mark.parametrize("change", [*CHANGES, "branch"])
def test_a_change_of_rights_ends_all_sessions_at_once_even_by_sql(signed_in, manager, other_branch, change):
    phone = Client()
    enter(phone, manager.user)
    values = CHANGES.get(change, {"branch": other_branch})
    get_user_model().objects.filter(pk=manager.user.pk).update(**values)
    for browser in (signed_in, phone):
        assert where(browser.get("/customers/")).startswith("/login/?next=/customers/")
        assert browser.get("/customers/").status_code == 302


def test_a_disabled_user_does_not_come_back_to_his_session_when_enabled_again(signed_in, manager):
    users = get_user_model().objects.filter(pk=manager.user.pk)
    users.update(is_active=False)
    signed_in.get("/customers/")
    users.update(is_active=True)
    assert signed_in.get("/customers/").status_code == 302


def test_one_session_or_all_others_can_be_ended(signed_in, manager):
    phone, tablet = Client(), Client()
    for browser in (phone, tablet):
        enter(browser, manager.user)
    rows = signed_in.get(reverse("usersessions_list")).context["sessions"]
    assert len(rows) == 3
    of_phone = UserSession.objects.get(session_key=phone.session.session_key)
    assert signed_in.post(reverse("signin:end"), {"session": of_phone.pk}).status_code == 303
    assert (phone.get("/customers/").status_code, tablet.get("/customers/").status_code) == (302, 200)
    signed_in.post(reverse("signin:end"))
    assert (signed_in.get("/customers/").status_code, tablet.get("/customers/").status_code) == (200, 302)


def test_nobody_ends_somebody_elses_session(signed_in, colleague):
    colleague.user.set_password(PASSWORD)
    colleague.user.save()
    other = Client()
    enter(other, colleague.user)
    theirs = UserSession.objects.get(user=colleague.user)
    assert signed_in.post(reverse("signin:end"), {"session": theirs.pk}).status_code == 404
    assert other.get("/customers/").status_code == 200


def test_sign_out_ends_the_session_on_the_server(signed_in):
    key = signed_in.session.session_key
    assert signed_in.post(reverse("logout"))["Location"] == reverse("login")
    store = import_module(django_settings.SESSION_ENGINE).SessionStore
    assert not store().exists(key)


def test_the_session_key_changes_at_sign_in(client, manager):
    client.get(reverse("login"))
    session = client.session
    session["planted"] = "1"
    session.save()
    planted = session.session_key
    manager.user.set_password(PASSWORD)
    manager.user.save()
    enter(client, manager.user)
    assert client.session.session_key != planted


@pytest.mark.urls(__name__)
def test_sensitive_views_ask_again_after_five_minutes(signed_in):
    assert signed_in.get("/sensitive/").content == b"shown GET"  # signed in a moment ago
    age(signed_in, 301, "signed_in_at")
    response = signed_in.get("/sensitive/")
    assert where(response) == "/confirm/?next=%2Fsensitive%2F"
    wrong = signed_in.post("/confirm/", {"password": "wrong", "next": "/sensitive/"})
    assert wrong.context["form"].errors
    right = signed_in.post("/confirm/", {"password": PASSWORD, "next": "/sensitive/"})
    assert where(right) == "/sensitive/"
    assert signed_in.get("/sensitive/").status_code == 200
    age(signed_in, 301)
    assert where(signed_in.get("/sensitive/")).startswith("/confirm/")


@pytest.mark.urls(__name__)
def test_a_suspended_post_goes_on_with_what_was_typed(signed_in):
    age(signed_in, 301, "signed_in_at")
    asked = signed_in.post("/sensitive/", {"why": "branch audit"})
    assert where(asked) == "/confirm/?next=%2Fsensitive%2F"
    done = signed_in.post("/confirm/", {"password": PASSWORD, "next": "/sensitive/"})
    assert done.content == b"shown POST branch audit"


@pytest.mark.urls(__name__)
def test_htmx_confirms_as_a_whole_page_and_comes_back(signed_in):
    age(signed_in, 301, "signed_in_at")
    response = signed_in.post(
        "/sensitive/", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/customers/"}
    )
    assert response.status_code == 204
    assert where(response) == "/confirm/?next=%2Fcustomers%2F"


@pytest.mark.urls(__name__)
def test_five_wrong_confirmations_lock_like_five_wrong_sign_ins(signed_in):
    age(signed_in, 301, "signed_in_at")
    for _ in range(5):
        last = signed_in.post("/confirm/", {"password": "wrong", "next": "/sensitive/"})
    assert last.status_code == 429
    assert signed_in.post("/confirm/", {"password": PASSWORD, "next": "/sensitive/"}).status_code == 429


def test_next_never_leaves_the_house(client, manager):
    manager.user.set_password(PASSWORD)
    manager.user.save()
    evil = {"login": manager.user.username, "password": PASSWORD, "next": "https://evil.example/"}
    assert where(client.post(reverse("login"), evil)) == reverse("home")


def test_idle_times_stand_in_the_page(signed_in):
    page = signed_in.get("/sign-ins/").content.decode()
    assert 'data-idle="600"' in page
    assert json.loads('"/sign-ins/stay/"') in page
    before = time.time()
    age(signed_in, 300, "seen_at")
    assert signed_in.post(reverse("signin:stay")).status_code == 204
    assert signed_in.session["seen_at"] >= before - 1
