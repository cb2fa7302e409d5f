"""All one's tasks; for a supervisor what is overdue in the team."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from crm import keyset
from customers.choices import TaskState
from customers.reasons import KINDS, mark, sentence, value_label
from customers.selectors import task_lists as selectors
from customers.views.access import manager_of
from managers.models import Manager


@require_safe
def tasks(request):
    """A manager: open, ahead, done. A supervisor and head office: overdue, of all or of one manager."""
    user, as_of = request.user, timezone.localdate()
    manager = manager_of(user)
    if manager is not None:
        return _own(request, manager, as_of)
    if not (user.is_supervisor or user.sees_whole_bank):
        raise PermissionDenied(_("Tasks are their managers' and supervisors' to see."))
    return _team(request, as_of)


def _own(request, manager, as_of):
    show = request.GET.get("show", "open")
    show = show if show in selectors.OWN else "open"
    segments = selectors.own_segments(request.user, manager, show, as_of)
    words = {"open": _("Open today"), "ahead": _("Later, put off"), "done": _("Done, 30 days")}
    views = [
        {"label": words[name], "url": f"?show={name}", "is_current": name == show} for name in selectors.OWN
    ]
    context = {"own": True, "show": show, "views": views}
    return _list(request, segments, f"tasks:{manager.pk}:{show}", f"&show={show}", context, as_of)


def _team(request, as_of):
    chosen = None
    if request.GET.get("manager"):
        seen = Manager.objects.visible_to(request.user).select_related("user")
        chosen = get_object_or_404(seen, public_id=_uuid(request.GET["manager"]))
    segments = selectors.overdue_segments(request.user, as_of, chosen)
    kept = f"&manager={chosen.public_id}" if chosen else ""
    context = {"own": False, "late": selectors.late_managers(request.user, as_of), "chosen": chosen}
    return _list(request, segments, f"tasks:team{kept}", kept, context, as_of)


def _list(request, segments, order, kept, context, as_of):
    try:
        cursors = keyset.cursors(request.GET, order, segments)
    except keyset.BadCursor:
        return render(request, "customers/bad_cursor.html", {"start_url": request.path}, status=400)
    page, found = selectors.tasks_page(segments, **cursors)
    earlier = page.has_previous and found
    context |= {
        "rows": [_row(task, as_of) for task in found],
        "as_of": as_of,
        "previous_url": f"?before={keyset.pack(page.places[0], order)}{kept}" if earlier else "",
        "next_url": f"?after={keyset.pack(page.places[-1], order)}{kept}" if page.next_place else "",
    }
    return render(request, "customers/tasks.html", context)


def _row(task, as_of):
    urgency, words = mark(task, as_of)
    log = reverse("customers:log_contact", args=[task.customer.public_id])
    return {
        "task": task,
        "customer": task.customer,
        "sentence": sentence(task, as_of),
        "mark": urgency,
        "mark_words": words,
        "value_fen": task.value_fen or None,
        "value_label": value_label(task),
        "action": KINDS[task.kind].action,
        "icon": KINDS[task.kind].icon,
        "action_url": f"{log}?task={task.public_id}",
        "is_done": task.state == TaskState.DONE,
        "is_put_off": task.state == TaskState.SNOOZED,
    }


def _uuid(text):
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None
