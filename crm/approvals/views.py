"""The inbox of whoever decides, the requests of whoever asked, and the two decisions."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from crm.approvals import selectors, services
from crm.approvals.models import Approval, State
from crm.approvals.registry import kinds
from crm.http import go_to, toast
from crm.navigation import forget_counts
from crm.signin import recently_authenticated

CHECKERS = ("supervisor", "admin")
READERS = (*CHECKERS, "auditor")


@require_safe
def inbox(request):
    """Requests that wait for the reader, each with its effect; below, the last decisions in his reach."""
    if request.user.role not in READERS:
        raise PermissionDenied
    rows = selectors.inbox(request.user, timezone.now())
    context = {
        "rows": _named(rows),
        "decided": _named(selectors.decided(request.user)),
        "may_decide": request.user.role in CHECKERS,
        "today": timezone.localdate(),
    }
    return render(request, "approvals/inbox.html", context)


@require_safe
def mine(request):
    """What the reader asked for, and what became of it."""
    rows = _named(selectors.asked_by(request.user))
    now = timezone.now()
    waiting = [row for row in rows if row.state == State.ASKED and row.expires_at > now]
    closed = [row for row in rows if row not in waiting]
    return render(
        request, "approvals/mine.html", {"waiting": waiting, "closed": closed, "today": timezone.localdate()}
    )


@require_POST
@recently_authenticated
def decide(request, public_id):
    """Approve (`answer=approve`) or send back (`answer=reject`, with a reason)."""
    if request.user.role not in CHECKERS:
        raise PermissionDenied
    approval = get_object_or_404(selectors.visible_to(request.user), public_id=public_id)
    answer = request.POST.get("answer")
    if answer not in ("approve", "reject"):
        messages.error(request, _("Choose: approve or send back."))
        return go_to(request, "approvals:inbox")
    try:
        found = services.decide(approval, request.user, answer == "approve", request.POST.get("reason", ""))
    except services.Refused as refusal:
        messages.error(request, str(refusal))
        return go_to(request, "approvals:inbox")
    forget_counts(request.user)
    forget_counts(found.maker)
    _say(request, found)
    return go_to(request, "approvals:inbox")


@require_POST
def withdraw(request, public_id):
    """Take one's own request back."""
    approval = get_object_or_404(Approval, public_id=public_id, maker=request.user)
    try:
        services.withdraw(approval, request.user)
    except services.Refused as refusal:
        messages.error(request, str(refusal))
        return go_to(request, "approvals:mine")
    forget_counts(request.user)
    toast(request, _("Withdrawn: %(title)s") % {"title": approval.shown["title"]})
    return go_to(request, "approvals:mine")


def _say(request, found):
    title = found.shown["title"]
    if found.state == State.FAILED:
        messages.error(request, _("Approved, but it could not be done: %(fault)s") % {"fault": found.fault})
    elif found.state == State.EXPIRED:
        messages.warning(request, _("This request had lapsed; nothing was done. It may be asked anew."))
    elif found.state == State.REJECTED:
        toast(request, _("Sent back: %(title)s") % {"title": title})
    elif found.state == State.DONE:
        toast(request, _("Approved and done: %(title)s") % {"title": title})
    else:  # a worker carries it out in a moment
        toast(request, _("Approved: %(title)s") % {"title": title})


def _named(rows):
    """Each request with the name of its kind."""
    known = kinds()
    for row in rows:
        row.kind_label = known[row.kind].label if row.kind in known else row.kind
    return rows
