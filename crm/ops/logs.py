"""How every process logs: one line an event on standard error, JSON in production, readable in the embedded
bank. Django, Celery, gunicorn and our own modules all go through the same chain, and all of it through
`crm.ops.redaction`. Imported by gunicorn before Django is set up: nothing of Django here.
"""

import logging
import sys

import structlog

from crm.ops.redaction import redact

# libraries whose lower levels hold statements, arguments or nothing of use
QUIET = {
    "django.db.backends": "WARNING",
    "django.template": "WARNING",
    "django.request": "ERROR",  # what is not found or refused is in the line of the request
    "django.utils.autoreload": "WARNING",
    "asyncio": "WARNING",
    "gunicorn.access": "WARNING",  # crm.ops.middleware tells of requests
    "celery.redirected": "WARNING",
    "kombu": "WARNING",
}
_BEFORE = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


_UNWRITTEN = "a line could not be written: %s"


class Handler(logging.StreamHandler):
    """A stream handler whose own failure tells where and which error.

    The standard library's prints the message's arguments and the error under way, unredacted.
    """

    def handleError(self, record: logging.LogRecord) -> None:
        kind = sys.exc_info()[0]
        if record.msg == _UNWRITTEN or kind is None:
            return  # the stream itself is gone
        place = (record.name, logging.ERROR, record.pathname, record.lineno)
        self.emit(logging.LogRecord(*place, _UNWRITTEN, (f"{kind.__name__} at line {record.lineno}",), None))


def _renderers(json: bool) -> list:
    if json:
        return [structlog.processors.JSONRenderer(sort_keys=True, ensure_ascii=True)]
    console = structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0, pad_level=False)
    return [_spell_exception, console]


def _spell_exception(_logger, _method, event: dict) -> dict:
    """Put what `crm.ops.redaction.told` left of an exception in lines: the console's renderer takes text."""
    told = event.get("exception")
    if told:
        words = "".join(f" {name}={part}" for name, part in told.items() if name not in ("type", "at"))
        places = [f"    {place}" for place in told["at"]]
        event["exception"] = "\n".join([f"  {told['type']}{words}", *places])
    return event


def logging_config(*, json: bool, level: str = "INFO") -> dict:
    """Return the dictionary for `logging.config.dictConfig`, for Django, Celery and gunicorn alike."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_BEFORE,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "processors": [
            redact,
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *_renderers(json),
        ],
        "foreign_pre_chain": list(_BEFORE),
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "handlers": {"console": {"class": "crm.ops.logs.Handler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            # these come with handlers and formats of their own
            **{
                name: {"handlers": [], "propagate": True}
                for name in ("django", "django.server", "gunicorn.error", "celery.task")
            },
            **{name: {"level": quiet} for name, quiet in QUIET.items()},
        },
    }
