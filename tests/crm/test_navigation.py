"""The rail: by role, only what exists, with counts asked at most once a minute."""

from types import SimpleNamespace

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.test import RequestFactory, override_settings
from django.urls import include, path

from crm import navigation

pages = [path(f"{name}/", lambda request: None, name=name) for name in ("today", "book", "customer")]
urlpatterns = [path("customers/", include((pages, "customers")))]
asked = []


def counts(user):
    asked.append(user.pk)
    return {"customers:book": 250}


def somebody(role):
    return SimpleNamespace(
        pk=931,
        role=role,
        is_authenticated=True,
        branch=SimpleNamespace(name="青禾支行"),
        manager=None,
        get_role_display=lambda: "客户经理",
    )


def rail(user, at="/customers/book/"):
    request = RequestFactory().get(at)
    request.user = user
    return navigation.navigation(request)


@pytest.fixture(autouse=True)
def here(settings):
    settings.ROOT_URLCONF = __name__
    settings.NAV_COUNTS = [f"{__name__}.counts"]
    cache.clear()
    asked.clear()


def labels(context):
    return [item["url"] for _section, items in context["nav"] for item in items]


def test_shows_what_the_role_may_open_and_what_exists():
    assert labels(rail(somebody("manager"))) == ["/customers/today/", "/customers/book/"]
    assert labels(rail(somebody("supervisor"))) == ["/customers/book/"]
    assert labels(rail(somebody("back_office"))) == []
    assert labels(rail(AnonymousUser())) == []


def test_current_page_and_count():
    ((_section, items),) = rail(somebody("manager"))["nav"]
    assert [(item["is_current"], item["count"]) for item in items] == [(False, None), (True, 250)]


def test_counts_are_asked_once():
    for _ in range(3):
        labels(rail(somebody("manager")))
    assert asked == [931]


def test_nothing_is_asked_until_the_page_shows_the_rail():
    rail(somebody("manager"))
    assert asked == []


def test_post_and_branch_in_words():
    assert rail(somebody("manager"))["me"]["post"] == "客户经理"
    assert rail(somebody("manager"))["me"]["branch"] == "青禾支行"


def test_an_unknown_theme_is_ignored():
    request = RequestFactory().get("/")
    request.user, request.COOKIES["theme"] = AnonymousUser(), '"><script>'
    assert navigation.navigation(request)["theme"] == ""


@override_settings(NAV_COUNTS=[])
def test_without_a_counter_there_are_no_counts():
    ((_section, items),) = rail(somebody("manager"))["nav"]
    assert [item["count"] for item in items] == [None, None]
