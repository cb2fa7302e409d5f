"""Who acts, and why: told to the database before each statement that may write, and read by its triggers.

Where nobody said it (psql, a script), the triggers write the database's own user and its application name.
"""

import contextlib
import json
import threading

from django.db import connection
from django.db.backends.signals import connection_created
from psycopg.pq import TransactionStatus

_TELL = "SELECT set_config('pghistory.context_metadata', %s, false)"
# Statements that change no record: nothing need be told before them.
_READS = ("select", "savepoint", "release", "rollback", "set", "show", "explain", "create", "alter", "drop")
_here = threading.local()


@contextlib.contextmanager
def acting(actor, reason: str = "", *, raw: bool = False, **more):
    """Everything that this thread changes inside is `actor`'s doing, for `reason`.

    `actor` is a user or a word such as "system:night" or "command:seed_demo"; `more` is any further word that
    belongs to the change (request id, view), never personal data. With `raw` the connection is told at once,
    for code that writes past Django's cursors (COPY). May be nested: the inner one holds, then the outer.
    """
    told = {**_name(actor), **({"reason": reason} if reason else {}), **more}
    before = getattr(_here, "told", None)
    _here.told = told
    guard = connection.execute_wrapper(_tell_first) if before is None else contextlib.nullcontext()
    try:
        with guard:
            if raw:
                connection.ensure_connection()
                _tell(connection.connection, told)
            yield
    finally:
        _here.told = before
        _restore(before)


def because(reason: str) -> None:
    """Add the reason to what the present actor changes from here on; outside `acting` nothing happens."""
    if getattr(_here, "told", None) is not None:
        _here.told = {**_here.told, "reason": reason[:200]}


def present_actor() -> str:
    """Who acts in this thread as the history will name him; empty where nobody said it."""
    return (getattr(_here, "told", None) or {}).get("actor", "")


def _name(actor) -> dict:
    if hasattr(actor, "get_username"):
        return {"actor": actor.get_username(), "user": actor.pk} if actor.pk else {"actor": "anonymous"}
    return {"actor": str(actor)}


def _tell_first(execute, sql, params, many, context):
    """Before a statement that may write, tell the session who acts: a message of its own, so that the
    statement itself stays as it is. Rolled back with its savepoint, hence told each time."""
    raw = context["connection"].connection
    if _may_write(sql) and raw.info.transaction_status != TransactionStatus.INERROR:
        _tell(raw, _here.told)
    return execute(sql, params, many, context)


def _may_write(sql) -> bool:
    text = sql.decode(errors="replace") if isinstance(sql, bytes) else str(sql)
    return not text.lstrip(" \n\t(").lower().startswith(_READS)


def _tell(raw, told: dict | None) -> None:
    raw.execute(_TELL, [json.dumps(told, ensure_ascii=False, sort_keys=True) if told else ""])


def _restore(before: dict | None) -> None:
    """Leave the session as it was found; a connection that is broken or gone has nothing to restore."""
    raw = connection.connection
    if raw is None or raw.closed or raw.info.transaction_status == TransactionStatus.INERROR:
        return
    _tell(raw, before)


def _tell_new_connection(connection, **kwargs) -> None:
    """After a lost connection the next one hears who acts, also for code past Django's cursors."""
    if getattr(_here, "told", None) and connection.alias == "default":
        _tell(connection.connection, _here.told)


connection_created.connect(_tell_new_connection, dispatch_uid="crm.history.actors")
