"""Done, put off, taken back: the three things one does with a task of Today."""

from django.core.exceptions import PermissionDenied
from django.http import HttpResponseBadRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from crm.http import go_to, toast
from crm.look import dates
from crm.navigation import forget_counts
from customers.models import Task
from customers.services.tasks import complete_task, reopen_task, snooze_date, snooze_task
from customers.views.access import back_to, writing_manager


@require_POST
def done(request, public_id):
    task = _own_task(request.user, public_id)
    complete_task(task, at=timezone.now())
    _say(request, task, _("Done: %(name)s") % {"name": task.customer.name})
    return go_to(request, back_to(request, reverse("customers:today")))


@require_POST
def snooze(request, public_id):
    """Put off until `until`: tomorrow, monday or week."""
    task = _own_task(request.user, public_id)
    try:
        until = snooze_date(request.POST.get("until", ""), timezone.localdate())
    except KeyError:
        return HttpResponseBadRequest(_("Put off until when? Choose tomorrow, Monday or in a week."))
    snooze_task(task, until=until)
    said = _("%(name)s is put off to %(date)s")
    _say(request, task, said % {"name": task.customer.name, "date": dates.day(until, spaced=True)})
    return go_to(request, back_to(request, reverse("customers:today")))


@require_POST
def undo(request, public_id):
    task = _own_task(request.user, public_id)
    reopen_task(task)
    forget_counts(request.user)
    toast(request, _("%(name)s is back on the list") % {"name": task.customer.name})
    return go_to(request, back_to(request, reverse("customers:today")))


def _own_task(user, public_id):
    """The task, 404 if invisible; 403 if it is seen but another's to do."""
    task = get_object_or_404(Task.objects.visible_to(user).select_related("customer"), public_id=public_id)
    if writing_manager(user).pk != task.manager_id:
        raise PermissionDenied(_("This is another manager's task; you may read it."))
    return task


def _say(request, task, text):
    forget_counts(request.user)
    toast(request, text, action=_("Undo"), url=reverse("customers:task_undo", args=[task.public_id]))
