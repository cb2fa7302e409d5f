"""The same form sent again finds the row of the first time: one effect, the first answer.

The key is inserted in the transaction of the effect. A second sending at the same moment waits for that
transaction at the unique index; it then reads where the first one led, or goes ahead if the first undid
itself. A key is spent by an answer under 400 only: a form with errors may be corrected and sent.
"""

import hashlib
import json
import re
from http import HTTPStatus

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.utils.translation import gettext as _

from crm.http import is_fragment

FIELD, HEADER = "once", "X-Once-Key"
KEY = re.compile(r"[A-Za-z0-9-]{8,40}")
UNCHANGING = ("csrfmiddlewaretoken", FIELD)
KEPT_HEADERS = ("Location", "HX-Redirect", "HX-Trigger", "HX-Refresh", "Vary")
RESERVE = """
INSERT INTO crm_sentform (user_id, key, digest, headers, sent_at) VALUES (%s, %s, %s, '{}', now())
ON CONFLICT (user_id, key) DO NOTHING RETURNING id
"""
EARLIER = "SELECT digest, status, headers FROM crm_sentform WHERE user_id = %s AND key = %s"


class FormsCountOnce:
    """Middleware; stands last, after whoever opens the request's transaction and checks the CSRF token."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.method != "POST":
            return self.get_response(request)
        with transaction.atomic():
            response = self.get_response(request)
            if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                transaction.set_rollback(True)
            elif getattr(request, "sent_form", None):
                _close(request.sent_form, response, spent=not getattr(request, "sent_form_broken", False))
        return response

    def process_exception(self, request, exception):
        """A view that raised did nothing, whatever answer that becomes (to confirm who one is, for one)."""
        request.sent_form_broken = True

    def process_view(self, request, view, args, kwargs):
        """Reserve the key, or answer as the first time; None lets the view run."""
        if request.method != "POST" or not request.user.is_authenticated:
            return None
        key = request.headers.get(HEADER) or request.POST.get(FIELD, "")
        if not key:
            return None
        if not KEY.fullmatch(key):
            return _refuse(request, HTTPStatus.BAD_REQUEST, _("This form is damaged. Open it anew."))
        digest = _digest(request)
        with connection.cursor() as cursor:
            cursor.execute(RESERVE, [request.user.pk, key, digest])
            made = cursor.fetchone()
            if made:
                request.sent_form = made[0]
                return None
            cursor.execute(EARLIER, [request.user.pk, key])
            known, status, headers = cursor.fetchone()
        if known != digest:
            said = _("This form was sent already with other contents. Reload the page and enter it anew.")
            return _refuse(request, HTTPStatus.CONFLICT, said)
        return _again(request, status, json.loads(headers))


def _close(row: int, response: HttpResponse, *, spent: bool) -> None:
    """Keep where the answer led; an answer that refused frees the key."""
    with connection.cursor() as cursor:
        if not spent or response.status_code >= HTTPStatus.BAD_REQUEST:
            cursor.execute("DELETE FROM crm_sentform WHERE id = %s", [row])
            return
        kept = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
        cursor.execute(
            "UPDATE crm_sentform SET status = %s, headers = %s WHERE id = %s",
            [response.status_code, json.dumps(kept), row],
        )


def _again(request: HttpRequest, status: int, headers: dict) -> HttpResponse:
    """The first answer; where that was a page (its text is not kept), the way to look at what is now."""
    if status != HTTPStatus.OK:
        return HttpResponse(status=status, headers=headers)
    if is_fragment(request):
        return HttpResponse(status=HTTPStatus.NO_CONTENT, headers={"HX-Refresh": "true"})
    return HttpResponse(status=HTTPStatus.SEE_OTHER, headers={"Location": resolve_url("home")})


def _digest(request: HttpRequest) -> str:
    """Of the address, the fields and the files' names and sizes: the same form, or another one."""
    fields = sorted((name, request.POST.getlist(name)) for name in request.POST if name not in UNCHANGING)
    files = sorted(
        (name, one.name, one.size) for name in request.FILES for one in request.FILES.getlist(name)
    )
    told = json.dumps([request.get_full_path(), fields, files], ensure_ascii=False)
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()


def _refuse(request: HttpRequest, status: int, sentence: str) -> HttpResponse:
    return render(request, "sent_before.html", {"sentence": sentence}, status=status)
