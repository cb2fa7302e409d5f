"""What can be asked: each app declares its kinds, settings.APPROVAL_KINDS names them (dotted paths)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.utils.module_loading import import_string


@dataclass(frozen=True)
class Kind:
    """One kind of request.

    `effect(payload)` says what would change: `{"title": str, "lines": [[what, before, after], …]}`, in words.
    `execute(payload, approval)` does it inside the deciding transaction; raises approvals.services.Refused
    with a sentence where it cannot be done. `may_check(user, approval)` says whether this person may decide;
    `roles` are the roles whose inbox holds the kind at all (a supervisor's only inside his subtree).
    `check`: see Addition.
    """

    code: str
    label: str
    execute: Callable
    effect: Callable
    may_check: Callable
    roles: tuple[str, ...] = ("supervisor", "admin")
    check: Callable | None = None


@dataclass(frozen=True)
class Addition:
    """What an app knows about a kind of an app below it, which cannot import it.

    `check(payload)` raises approvals.services.Refused where what is asked could never be done: nothing is
    written down then. `effect(payload)` adds lines to the kind's own.
    """

    code: str
    check: Callable
    effect: Callable = lambda payload: []


def kinds() -> dict[str, Kind]:
    """The kinds by code, in the order of the settings."""
    return _kinds(tuple(settings.APPROVAL_KINDS))


@lru_cache(maxsize=8)
def _kinds(paths):
    return {kind.code: kind for path in paths for kind in import_string(path)}


def additions(code: str) -> list[Addition]:
    """What settings.APPROVAL_ADDITIONS name for this kind."""
    every = (each for path in settings.APPROVAL_ADDITIONS for each in import_string(path))
    return [each for each in every if each.code == code]


def in_scope(user, approval) -> bool:
    """The usual rule: an administrator, or a supervisor of the branch the request is about."""
    role = getattr(user, "role", "")
    if role == "supervisor":
        branch = getattr(user, "branch", None)
        return branch is not None and approval.scope_path.startswith(branch.path)
    return role == "admin"
