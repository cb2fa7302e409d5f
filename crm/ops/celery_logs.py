"""Celery's side of the logs: our handlers instead of its own, and the request's id along with its work."""

import structlog
from celery import signals

HEADER = "request_id"


@signals.setup_logging.connect
def keep_our_logging(**_):
    """Listening is enough: Celery then leaves alone what Django's settings set up."""


@signals.before_task_publish.connect
def send_request_id(headers=None, **_):
    found = structlog.contextvars.get_contextvars().get(HEADER)
    if found and headers is not None:
        headers.setdefault(HEADER, found)


@signals.task_prerun.connect
def bind_task(task_id=None, task=None, **_):
    structlog.contextvars.clear_contextvars()
    given = getattr(task.request, HEADER, None) or (task.request.headers or {}).get(HEADER)
    known = {HEADER: given} if isinstance(given, str) else {}
    structlog.contextvars.bind_contextvars(task=task.name, task_id=task_id, **known)


@signals.task_postrun.connect
def forget_task(**_):
    structlog.contextvars.clear_contextvars()
