"""What a log line may say: one processor through which every line of every process goes.

Our own messages are English and speak of numbers of ours (nights, steps, staff, public ids). So whatever is
not ASCII is a value of somebody's, long numbers are accounts, cards, mobiles or identities, and the message
of an exception that is not ours may quote a row. None of these leaves the process.
"""

import re
import traceback
from collections.abc import Mapping

# a field of one of these names is never told
SECRET_KEYS = frozenset(
    {
        "password",
        "passwd",
        "secret",
        "token",
        "otp",
        "code",
        "cookie",
        "cookies",
        "authorization",
        "session",
        "sessionid",
        "csrftoken",
        "csrfmiddlewaretoken",
        "sql",
        "params",
        "query",
        "query_string",
        "body",
        "post",
        "get",
        "form",
        "values",
        "value",
        "args",
        "kwargs",
        "name",
        "number",
        "mobile",
        "phone",
        "address",
        "document",
        "email",
        "note",
        "text",
        "q",
        "search",
    }
)
OUR_PACKAGES = ("crm.", "managers.", "customers.", "service.", "marketing.", "performance.")
MOST = 500  # characters of one value
FRAMES = 12

_NOT_ASCII = re.compile(r"[^\x20-\x7e]+")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f]+")
_QUERY = re.compile(r"(?<=[\w/])\?[^\s\"']*")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
# seven digits and more, also in groups, unless they stand inside a name of letters and digits (a digest)
_NUMBER = re.compile(r"(?<![0-9A-Za-z.])\d(?:[ -]?\d){6,}[Xx]?(?![0-9A-Za-z])")
_DATE = re.compile(r"(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)")
_UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_SQL = re.compile(
    r"\b(?:SELECT\b.*\bFROM|INSERT\s+INTO|UPDATE\b.*\bSET|DELETE\s+FROM|COPY\b.*\b(?:FROM|TO)|WITH\b.*\bAS\s*\()"
    r".*",
    re.IGNORECASE | re.DOTALL,
)
# what stands in quotation marks, unless it is a name of ours: small letters, digits and underscores
_QUOTED = re.compile(r"(?P<mark>[\"'`])(?![a-z_][a-z0-9_]*(?P=mark)).*?(?P=mark)")
_DETAIL = re.compile(r"\b(?:DETAIL|CONTEXT|Key \(|Failing row).*", re.DOTALL)


def scrub(text: str) -> str:
    """Return `text` without whatever may be a person's, a statement or a query string, on one line."""
    text = _DETAIL.sub("[detail]", text)
    text = _SQL.sub("[sql]", text)
    kept: list[str] = []

    def keep(found: re.Match) -> str:
        kept.append(found.group())
        return f"\x01{chr(ord('A') + len(kept) - 1)}\x02" if len(kept) <= 26 else "[id]"

    text = _UNSAFE.sub(" ", text)
    text = _UUID.sub(keep, text)
    text = _DATE.sub(keep, text)
    text = _EMAIL.sub("[email]", text)
    text = _NUMBER.sub("[number]", text)
    text = _QUERY.sub("?[query]", text)
    text = re.sub(r"\x01([A-Z])\x02", lambda found: kept[ord(found.group(1)) - ord("A")], text)
    text = _NOT_ASCII.sub("[text]", text)
    return text if len(text) <= MOST else f"{text[:MOST]}…[cut]".encode("ascii", "replace").decode()


def value(found, depth: int = 0):
    """Return a logged value as it may be written: numbers stay, texts are scrubbed, objects told by type."""
    if found is None or isinstance(found, bool | int | float):
        return found
    if isinstance(found, str):
        return scrub(found)
    if isinstance(found, Mapping) and depth < 2:
        return {str(key): kept(str(key), inner, depth + 1) for key, inner in found.items()}
    if isinstance(found, list | tuple | set) and depth < 2:
        return [value(inner, depth + 1) for inner in list(found)[:20]]
    if type(found).__module__ in {"datetime", "uuid"}:
        return scrub(str(found))
    return f"<{type(found).__name__}>"


def kept(key: str, found, depth: int = 0):
    return "[redacted]" if key.lower() in SECRET_KEYS else value(found, depth)


def sentence(error: BaseException) -> str:
    """What an exception says in one line to people who look after the bank: its kind and its words.

    The lines below the first may quote a statement or a row, and so may what stands in quotation marks in
    words that are not ours, unless it reads like a column or a table.
    """
    words = str(error)
    if not type(error).__module__.startswith(OUR_PACKAGES):
        words = _QUOTED.sub("[value]", words.partition("\n")[0])
    return f"{type(error).__name__}: {scrub(words)}".strip()


def told(error: BaseException) -> dict:
    """Return what may be said of an exception: its kind, where it rose, and its words where they are ours.

    Of a database error the SQLSTATE and the names of constraint and table, never the row it quotes.
    """
    kind = type(error)
    found = {"type": f"{kind.__module__}.{kind.__qualname__}", "at": _frames(error)}
    if kind.__module__.startswith(OUR_PACKAGES):
        found["message"] = scrub(str(error))
    for cause in (error, error.__cause__):
        diagnosis = getattr(cause, "diag", None)
        if diagnosis is not None:
            parts = {"sqlstate": diagnosis.sqlstate, "constraint": diagnosis.constraint_name}
            parts["table"] = diagnosis.table_name
            found["database"] = {name: part for name, part in parts.items() if part}
            break
    if error.__cause__ is not None:
        found["cause"] = f"{type(error.__cause__).__module__}.{type(error.__cause__).__qualname__}"
    return found


def _frames(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    return [
        f"{frame.filename.rpartition('site-packages/')[2]}:{frame.lineno} {frame.name}" for frame in frames
    ]


# what the chain or the libraries add and nobody may read
_DROPPED = (
    "_record",
    "_from_structlog",
    "exc_info",
    "exc_text",
    "stack",
    "stack_info",
    "request",
    "data",
    "message",
    "asctime",
)
_OF_THE_CHAIN = ("level", "logger", "timestamp")


def redact(_logger, _method, event: dict) -> dict:
    """The processor: the last one before a line is written."""
    error = event.get("exc_info")
    if isinstance(error, tuple):
        error = error[1]
    data = event.get("data")
    if event.get("logger") == "celery.app.trace" and isinstance(data, Mapping):
        event |= _task(event.get("level", "info"), data)
    clean = {
        key: found if key in _OF_THE_CHAIN else kept(key, found)
        for key, found in event.items()
        if key not in _DROPPED
    }
    clean["event"] = scrub(str(event.get("event", "")))
    if isinstance(error, BaseException):
        clean["exception"] = told(error)
    return clean | {name: event[name] for name in _META if name in event}


_META = ("_record", "_from_structlog")  # structlog's own, taken off before the line is rendered


def _task(level: str, data: Mapping) -> dict:
    """Celery writes results, arguments and exceptions into its lines; only name, id and time stay."""
    found = {"task_id": str(data.get("id", "")), "task": str(data.get("name", ""))}
    if data.get("runtime") is not None:
        return found | {"event": "task done", "seconds": round(float(data["runtime"]), 3)}
    return found | {"event": "task failed" if level in {"error", "critical"} else f"task {level}"}
