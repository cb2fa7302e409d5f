"""Writing one act. The row is committed before `record` returns, whatever becomes of the request."""

import json
import uuid
from ipaddress import ip_address

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from crm.audit.sql import CALL
from crm.beside import beside

# What can happen to a record or a person, and its name on the auditor's page.
ACTS = {
    "read": _("read"),
    "reveal": _("revealed"),
    "reveal_refused": _("reveal refused"),
    "export": _("exported"),
    "export_refused": _("export refused"),
    "download": _("downloaded"),
    "sign_in": _("signed in"),
    "sign_in_failed": _("sign-in failed"),
    "sign_out": _("signed out"),
    "locked": _("locked out"),
    "unlock": _("unlocked"),
    "reset_password": _("password reset"),
    "session_end": _("session ended"),
    "mfa": _("second factor changed"),
    "ask": _("asked for approval"),
    "withdraw": _("request withdrawn"),
    "approve": _("approved"),
    "reject": _("rejected"),
    "carry_out": _("approval carried out"),
    "carry_out_failed": _("approval could not be done"),
    "calendar_link": _("calendar address"),
    "audit_search": _("searched the audit"),
    "erase": _("erased"),
    "rotate_keys": _("rotated keys"),
    "retention": _("retention"),
    "backup": _("backed up"),
    "restore": _("restored"),
}


class UnknownAct(ValueError):
    """The act is not in ACTS: add it there with its name first."""


def record(request_or_user, act: str, *, subject=None, detail: dict | None = None, own: bool = True) -> int:
    """Write one act and return the row's number.

    `request_or_user` is a request, a user, or None for the system itself. `subject` is any model instance; if
    it is a customer or has a `customer`, the customer's number is written too. `detail` must hold no personal
    data. With `own` the row is committed on a connection of its own before this returns. Without, it goes
    with the caller's transaction: enough where the answer is sent only after that commits (a page), and far
    cheaper. Raises UnknownAct; a database that refuses raises, and then no value may be sent.
    """
    if act not in ACTS:
        raise UnknownAct(f"The act {act!r} is unknown: add it to crm.audit.recording.ACTS.")
    values = (
        act,
        *_who(request_or_user),
        *_what(subject),
        json.dumps(detail or {}),
        *_where(request_or_user),
    )
    if own and not _inside_test():
        with beside() as own_connection:
            return own_connection.execute(CALL, values).fetchone()[0]
    with connection.cursor() as cursor:
        cursor.execute(CALL, values)
        return cursor.fetchone()[0]


def _inside_test() -> bool:
    """Whether a test case holds the outermost transaction and rolls it back: Django's own test for `durable`.

    Its rows must vanish with it, so they go with it. Outside tests this is never so.
    """
    return bool(connection.atomic_blocks) and connection.atomic_blocks[0]._from_testcase


def _who(source) -> tuple:
    """(user id, staff number, role, branch path) of a request or a user; empty for nobody."""
    user = source.user if isinstance(source, HttpRequest) and hasattr(source, "user") else source
    if not isinstance(user, get_user_model()) or user.pk is None:
        return None, "", "", ""
    branch = getattr(user, "branch", None)
    return user.pk, user.get_username()[:150], getattr(user, "role", ""), getattr(branch, "path", "")


def _what(subject) -> tuple:
    """(kind of record, its public id or key, the customer's number) of a model instance, or empty."""
    if subject is None:
        return "", "", ""
    label = subject._meta.label_lower
    customer = subject if label == "customers.customer" else getattr(subject, "customer", None)
    name = str(getattr(subject, "public_id", None) or subject.pk)
    return label, name[:64], str(getattr(customer, "number", ""))[:20]


def _where(source) -> tuple:
    """(request id, address) of a request; nothing for a user alone."""
    if not isinstance(source, HttpRequest):
        return "", None
    return request_id(source), address_of(source)


def request_id(request: HttpRequest) -> str:
    """The request's number, the same in history, audit and logs (crm.ops.middleware gives it)."""
    if not getattr(request, "request_id", ""):
        request.request_id = uuid.uuid4().hex
    return str(request.request_id)


def address_of(request: HttpRequest) -> str | None:
    """The peer's address, or what the header settings.CLIENT_ADDRESS_HEADER says: anybody can send a header,
    so it is named only where the bank's own server in front overwrites it."""
    for name in (settings.CLIENT_ADDRESS_HEADER, "REMOTE_ADDR"):
        try:
            return str(ip_address(request.META.get(name, "")))
        except ValueError:
            continue
    return None
