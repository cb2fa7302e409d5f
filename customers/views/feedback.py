"""Feedback for the bank: a supervisor's queue, and to a manager what became of his own."""

from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from crm import keyset
from crm.http import go_to, toast
from crm.navigation import forget_counts
from customers.models import Customer, Interaction
from customers.selectors import feedback as selectors
from customers.services.feedback import FeedbackRefused, judge_feedback
from customers.views.access import manager_of
from customers.views.timeline import feedback_words

QUALITIES = {"1": 1, "2": 2, "3": 3}
MOST_REASON = 120


@require_safe
def queue(request):
    """What waits, the oldest first; a manager sees his own with the answers."""
    user = request.user
    manager = manager_of(user)
    if manager is None and not (user.is_supervisor or user.sees_whole_bank):
        raise PermissionDenied(_("Feedback is judged by supervisors."))
    return _queue_page(request, manager)


@require_POST
def judge(request, public_id):
    """`quality` 1–3 accepts, `refuse` with a `reason` does not."""
    if not request.user.is_supervisor:
        raise PermissionDenied(_("Feedback is judged by supervisors."))
    seen = Interaction.objects.filter(feedback_filed_at__isnull=False)
    contact = get_object_or_404(
        seen.filter(customer__in=Customer.objects.visible_to(request.user)).select_related("manager__user"),
        public_id=public_id,
    )
    quality = QUALITIES.get(request.POST.get("quality", ""))
    reason = one_line(request.POST.get("reason", ""))[:MOST_REASON]
    try:
        judge_feedback(contact, by=request.user, at=timezone.now(), quality=quality, reason=reason)
    except FeedbackRefused as refusal:
        return _queue_page(request, None, problem=str(refusal), asked=contact.pk, status=422)
    forget_counts(request.user)
    values = {"name": contact.manager.name, "points": quality}
    if quality:
        toast(request, _("Accepted: %(points)s points for %(name)s") % values)
    else:
        toast(request, _("Not accepted; %(name)s reads why") % values)
    return go_to(request, "customers:feedback")


def one_line(text: str) -> str:
    """Text of one line, without what a column or a page cannot hold."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def _queue_page(request, manager, *, problem="", asked=None, status=None):
    segment = selectors.own_segment(manager) if manager else selectors.queue_segment(request.user)
    order = f"feedback:{manager.pk if manager else 'all'}"
    try:
        cursors = keyset.cursors(request.GET, order, [segment])
    except keyset.BadCursor:
        return render(request, "customers/bad_cursor.html", {"start_url": request.path}, status=400)
    if manager:
        page = keyset.read_page([segment], selectors.PAGE, **cursors)
        found = Interaction.objects.select_related("customer").in_bulk(page.keys)
        rows = [(found[key], feedback_words(found[key])) for key in page.keys if key in found]
    else:
        page, rows = selectors.waiting_page(request.user, **cursors)
    context = {
        "rows": rows,
        "own": manager is not None,
        "may_judge": request.user.is_supervisor,
        "problem": problem,
        "asked": asked,
        "most_reason": MOST_REASON,
        "previous_url": f"?before={keyset.pack(page.places[0], order)}" if page.has_previous and rows else "",
        "next_url": f"?after={keyset.pack(page.places[-1], order)}" if page.next_place else "",
    }
    return render(request, "customers/feedback.html", context, status=status)
