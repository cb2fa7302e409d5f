"""Around every request: what it changes carries the person, the request's number and the page."""

from django.urls import Resolver404, resolve

from crm.audit.recording import request_id
from crm.history.actors import acting


class HistoryContext:
    """Stands behind authentication and the row scope's transaction."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        user = getattr(request, "user", None)
        known = user is not None and user.is_authenticated
        with acting(user if known else "anonymous", request=request_id(request), page=_page(request)):
            return self.get_response(request)


def _page(request) -> str:
    try:
        return resolve(request.path_info).view_name
    except Resolver404:
        return ""
