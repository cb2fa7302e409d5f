"""htmx helpers: which requests are fragments, how answers tell caches and clients."""

import json

import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages import get_messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpResponse, HttpResponseRedirect
from django.template import Context, Template
from django.test import RequestFactory
from django_htmx.middleware import HtmxDetails

from crm.http import FragmentLogin, go_to, is_fragment, render_page, toast, trigger


def ask(**headers):
    request = RequestFactory().get("/book/", headers=headers)
    request.htmx, request.user = HtmxDetails(request), AnonymousUser()
    return request


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, False),
        ({"HX-Request": "true"}, True),
        ({"HX-Request": "true", "HX-Boosted": "true"}, False),
        ({"HX-Request": "true", "HX-History-Restore-Request": "true"}, False),
        ({"HX-Request": "false"}, False),
    ],
)
def test_is_fragment(headers, expected):
    assert is_fragment(ask(**headers)) is expected


def test_render_page_gives_the_part_to_htmx_and_tells_caches():
    context = {"title": "没有客户", "text": "去掉条件"}
    part = render_page(ask(**{"HX-Request": "true"}), "404.html", "_empty.html", context)
    whole = render_page(ask(), "404.html", "_empty.html", context)
    assert "没有客户" in part.content.decode()
    assert "<!doctype html>" not in part.content.decode()
    assert "<!doctype html>" in whole.content.decode()
    assert [part.headers["Vary"], whole.headers["Vary"]] == ["HX-Request", "HX-Request"]


def test_go_to_is_a_303_or_a_redirect_by_htmx():
    plain, by_htmx = go_to(ask(), "login"), go_to(ask(**{"HX-Request": "true"}), "login")
    assert (plain.status_code, plain.headers["Location"]) == (303, "/login/")
    assert (by_htmx.status_code, by_htmx.headers["HX-Redirect"]) == (204, "/login/")


def test_trigger_keeps_earlier_events():
    response = trigger(trigger(HttpResponse(), first=1), toast={"text": "已保存"})
    assert json.loads(response.headers["HX-Trigger"]) == {"first": 1, "toast": {"text": "已保存"}}


def test_toast_carries_its_action_and_faults_are_not_toasts():
    request = ask()
    request._messages = CookieStorage(request)
    toast(request, "已保存", action="撤销", url="/undo/1/")
    request._messages.add(40, "保存失败")
    template = Template(
        "{% toasts as said %}{{ said.done.0.url }} {{ said.done|length }} {{ said.faults.0.text }}"
    )
    assert template.render(Context({"messages": get_messages(request)})) == "/undo/1/ 1 保存失败"


def test_expired_session_sends_the_whole_page_to_sign_in():
    def expired(request):
        return HttpResponseRedirect("/login/?next=/part/")

    request = ask(**{"HX-Request": "true", "HX-Current-URL": "http://testserver/book/?q=沈"})
    response = FragmentLogin(expired)(request)
    assert response.status_code == 204
    assert response.headers["HX-Redirect"].startswith("/login/?next=%2Fbook%2F")
    assert FragmentLogin(expired)(ask()).status_code == 302


def test_other_redirects_of_fragments_are_left_alone():
    response = FragmentLogin(lambda request: HttpResponseRedirect("/book/"))(ask(**{"HX-Request": "true"}))
    assert response.headers["Location"] == "/book/"
