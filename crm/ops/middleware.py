"""Around every request: its id, one line in the log, and what Prometheus counts of it."""

import logging
import re
import time
import uuid

import structlog

from crm.ops import counters

log = logging.getLogger("guanhu.request")
# an id that the bank's proxy gave; nothing else may come into our logs this way
_GIVEN = re.compile(r"[0-9a-f-]{16,64}")
SILENT = frozenset({"healthz", "readyz", "metrics"})  # asked every few seconds


class RequestLog:
    """Gives `request.request_id`, answers with it in X-Request-ID, and tells route, status and time.

    Neither path nor query string is told: the route's name says which page, and the audit log whose record.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        given = request.headers.get("X-Request-ID", "")
        request.request_id = given if _GIVEN.fullmatch(given) else uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request.request_id)
        begun = time.perf_counter()
        try:
            response = self.get_response(request)
        finally:
            seconds = time.perf_counter() - begun
        response.headers["X-Request-ID"] = request.request_id
        route = route_of(request)
        counters.answered(request.method, route, response.status_code, seconds)
        if route not in SILENT:
            log.log(_level(response.status_code), "request", extra=_told(request, response, route, seconds))
        return response

    def process_exception(self, request, exception):
        """Count what no view answered; Django logs it (with its kind, not its words) and answers 500."""
        counters.failed(exception)


def route_of(request) -> str:
    """Return the name of the URL pattern, so that labels are few and hold no id; static files are one."""
    match = request.resolver_match
    if match is not None:
        return match.view_name or "unnamed"
    return "static" if request.path_info.startswith("/static/") else "unknown"


def _level(status: int) -> int:
    return logging.ERROR if status >= 500 else logging.INFO


def _told(request, response, route: str, seconds: float) -> dict:
    user = getattr(request, "_cached_user", None)  # never a query for the log's sake
    found = {"method": request.method, "route": route, "status": response.status_code}
    found["ms"] = round(seconds * 1000, 1)
    if user is not None and user.is_authenticated:
        found["staff"] = user.get_username()
    return found
