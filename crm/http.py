"""Requests and answers with htmx: one URL, one context, two templates; plain links work without it."""

import json
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.utils.cache import patch_vary_headers


def is_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of the page: boosted links and restored history want all of it."""
    headers = request.headers
    return (
        headers.get("HX-Request") == "true"
        and headers.get("HX-Boosted") != "true"
        and headers.get("HX-History-Restore-Request") != "true"
    )


def render_page(
    request: HttpRequest, page: str, fragment: str, context: dict | None = None, status: int | None = None
) -> HttpResponse:
    """Render `fragment` for htmx and `page` (which includes it) otherwise; caches tell them apart."""
    response = render(request, fragment if is_fragment(request) else page, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def go_to(request: HttpRequest, to: str, *args, **kwargs) -> HttpResponse:
    """After a POST: 303 to a URL name or path; htmx gets HX-Redirect, so that the whole page follows."""
    url = resolve_url(to, *args, **kwargs)
    if is_fragment(request):
        return HttpResponse(status=204, headers={"HX-Redirect": url, "Vary": "HX-Request"})
    return HttpResponse(status=303, headers={"Location": url})


def toast(request: HttpRequest, text: str, action: str = "", url: str = "") -> None:
    """Say that something is done, on the next page, for six seconds; `action` posts to `url` (undo).

    Errors are never toasts: use messages.error, which the page shows as an alert.
    """
    tags = json.dumps({"action": action, "url": url}) if action and url else ""
    messages.success(request, text, extra_tags=tags)


def trigger(response: HttpResponse, **events) -> HttpResponse:
    """Add client events to an answer (HX-Trigger), keeping those already there."""
    known = json.loads(response.headers.get("HX-Trigger", "{}"))
    response.headers["HX-Trigger"] = json.dumps({**known, **events})
    return response


class FragmentLogin:
    """Middleware: an expired session sends the whole page to sign in, not the login form into a part of it.

    Stands before LoginRequiredMiddleware.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        target = response.headers.get("Location", "")
        if response.status_code == 302 and is_fragment(request) and target.startswith(_login_path()):
            # back to the page the person looks at, not to the fragment's own address
            here = getattr(getattr(request, "htmx", None), "current_url_abs_path", None) or "/"
            return HttpResponse(
                status=204, headers={"HX-Redirect": f"{_login_path()}?{urlencode({'next': here})}"}
            )
        return response


def _login_path() -> str:
    return resolve_url(settings.LOGIN_URL)
