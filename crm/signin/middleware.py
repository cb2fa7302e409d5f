"""Around every signed-in request: how long a session lives, and that it has a second factor."""

import time
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import reverse

from crm import audit
from crm.http import is_fragment
from crm.signin.recent import SIGNED_IN_AT

SEEN_AT = "seen_at"  # session key: last counted activity, seconds since 1970
SEEN_EVERY = 20  # seconds between two writes of SEEN_AT: a session ends this much early at most, never late
WITH_FACTOR = "second_factor"  # session key: this session proved or enrolled a second factor
BEFORE_FACTOR = {  # what somebody without a second factor may open
    "signin:enrol",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "account_reauthenticate",
    "account_logout",
    "logout",
    "set_language",
    "healthz",
}


class SessionLimits:
    """End a session after SESSION_IDLE_SECONDS without activity and SESSION_COOKIE_AGE after sign-in.

    Stands after AuthenticationMiddleware and outside FragmentLogin, whose redirect it tells the reason. A
    request with the header `X-Poll` (a page that refreshes itself) is no activity.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        ended = ""
        if SESSION_KEY in request.session:
            ended = self._over(request)
            if not ended and not request.user.is_authenticated:
                ended = "changed"  # disabled, or password, role or branch are not what they were
            if ended:
                if request.user.is_authenticated:
                    audit.record(request, "session_end", detail={"why": ended})
                logout(request)
        response = self.get_response(request)
        return _say_why(response, ended) if ended else response

    def _over(self, request) -> str:
        """Why the session is over, or "" after noting the activity."""
        now, session = time.time(), request.session
        if now - session.get(SIGNED_IN_AT, 0) >= settings.SESSION_COOKIE_AGE:
            return "age"
        seen = session.get(SEEN_AT, 0)
        if now - seen >= settings.SESSION_IDLE_SECONDS:
            return "idle"
        if now - seen >= SEEN_EVERY and "X-Poll" not in request.headers:
            session[SEEN_AT] = now
        return ""


def _say_why(response, why: str):
    """Add `ended=why` to a redirect to the login page, plain or by htmx."""
    login = resolve_url(settings.LOGIN_URL)
    for header in ("Location", "HX-Redirect"):
        target = response.headers.get(header, "")
        if target.startswith(login):
            response.headers[header] = f"{target}{'&' if '?' in target else '?'}{urlencode({'ended': why})}"
    return response


class SecondFactor:
    """Nobody works without a second factor: he is led to enrol one before anything else, the admin too.

    Which sessions have one is kept in the session: at sign-in allauth's records say so, at enrolment the
    view does (crm.signin.views). The demo bank (settings.DEMO_SIGN_IN) asks only those who enrolled.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        if settings.DEMO_SIGN_IN or not request.user.is_authenticated or has_factor(request):
            return None
        if request.resolver_match.view_name in BEFORE_FACTOR:
            return None
        url = reverse("signin:enrol")
        if is_fragment(request):
            return HttpResponse(status=204, headers={"HX-Redirect": url, "Vary": "HX-Request"})
        return HttpResponseRedirect(url)


def has_factor(request) -> bool:
    """Whether this session proved a second factor."""
    from allauth.account.internal.flows.login import get_authentication_records

    if request.session.get(WITH_FACTOR) == request.user.pk:
        return True
    if any(record["method"] == "mfa" for record in get_authentication_records(request, request.user)):
        request.session[WITH_FACTOR] = request.user.pk
        return True
    return False
