"""The branch board: what wants a decision today, the team, leave and cover."""

from uuid import UUID

from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from crm.look import dates
from customers.models import Publication
from managers.choices import BranchKind
from performance.selectors import board, cover
from performance.selectors.scope import Scope, branches_of
from performance.selectors.team import TEAM_SIZE, facts, team, units
from performance.views.cases import case_rows, case_title

FACTS_SECONDS = 600


def board_scope(request) -> Scope:
    """The branch of `?branch=`, else the reader's own; 403 for roles without a board, 404 out of scope."""
    user = request.user
    if not (user.is_supervisor or user.sees_whole_bank):
        raise PermissionDenied
    branches = branches_of(user)
    asked = request.GET.get("branch")
    if asked:
        branch = get_object_or_404(branches, public_id=_uuid(asked))
    elif user.is_supervisor:
        branch = get_object_or_404(branches, pk=user.branch_id)
    else:
        branch = branches.filter(kind=BranchKind.HEAD_OFFICE).first()
        if branch is None:
            raise Http404
    return Scope(user, branch, timezone.localdate(), Publication.objects.first())


def _uuid(text: str):
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None


@require_safe
def branch_board(request):
    """Exceptions, team (or the units below a large branch), leave and cover."""
    scope = board_scope(request)
    days = cover.calendar(scope.as_of, board.LEAVE_DAYS)
    leaves = list(board.leaves(scope))
    rows = case_rows(scope, leaves, days)
    staff = team(scope)
    return render(
        request,
        "performance/board.html",
        {
            "scope": scope,
            "facts": _facts(scope),
            "cases": rows,
            "serious": sum(row.kind == "danger" for row in rows),
            "watch": sum(row.kind == "warn" for row in rows),
            "team": staff if len(staff.rows) <= TEAM_SIZE else None,
            "units": units(scope),
            "parent": _parent(request.user, scope.branch),
            "cover": {"days": days, "rows": cover.absences(leaves, scope.as_of, board.LEAVE_DAYS)},
            "as_of_words": f"{dates.day(scope.as_of, spaced=True)} {dates.weekday(scope.as_of)}",
        },
    )


@require_safe
def board_cases(request, kind):
    """The customers behind one case, the first hundred."""
    scope = board_scope(request)
    rows = list(_cases(request, scope, kind).select_related("customer__lead__user")[: board.LISTED + 1])
    if kind == "migrated":
        for row in rows:
            row.was_label = board.LoanClass(row.was).label
    return render(
        request,
        "performance/board_cases.html",
        {
            "scope": scope,
            "kind": kind,
            "title": case_title(kind),
            "rows": rows[: board.LISTED],
            "more": len(rows) > board.LISTED,
            "listed": board.LISTED,
        },
    )


def _cases(request, scope: Scope, kind: str):
    """The rows of a kind of case; 404 for what is none, or for a manager who is not in scope."""
    if kind == "away":
        manager = get_object_or_404(scope.managers, public_id=_uuid(request.GET.get("manager", "")))
        return board.away(scope, manager)
    if kind not in board.CASES:
        raise Http404
    return (board.STANDING_CASES | board.ROW_CASES)[kind](scope)


def _parent(user, branch):
    """The branch above, when the reader may open it."""
    return (
        branch.parent if branch.parent_id and branches_of(user).filter(pk=branch.parent_id).exists() else None
    )


def _facts(scope: Scope) -> dict:
    """The facts line, kept for ten minutes: sums over a head office touch every customer."""
    night = f"{scope.night.published_at:%Y%m%d%H%M%S}" if scope.night else "none"
    key = f"board-facts:{scope.branch.pk}:{night}:{scope.as_of:%Y%m%d}"
    found = cache.get(key)
    if found is None:
        found = facts(scope)
        cache.set(key, found, FACTS_SECONDS)
    return found
