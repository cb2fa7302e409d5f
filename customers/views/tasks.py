"""What one does with a task: done, put off, taken back; and set oneself."""

from django.core.exceptions import PermissionDenied
from django.http import HttpResponseBadRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from crm.http import go_to, is_fragment, render_page, toast
from crm.look import dates
from crm.navigation import forget_counts
from customers.context_processors import current_publication
from customers.models import Standing, Task
from customers.reasons import sentence
from customers.selectors.habits import calendar_ahead
from customers.services.tasks import complete_task, create_task, reopen_task, snooze_date, snooze_task
from customers.task_forms import SnoozeForm, TaskForm
from customers.views.access import back_to, visible_customer, writing_manager


@require_POST
def done(request, public_id):
    task = _own_task(request.user, public_id)
    complete_task(task, at=timezone.now())
    _say(request, task, _("Done: %(name)s") % {"name": task.customer.name})
    return go_to(request, back_to(request, reverse("customers:today")))


@require_http_methods(["GET", "HEAD", "POST"])
def snooze(request, public_id):
    """Put off until `until`: tomorrow, monday or week at once; a date of one's own with the reason `why`."""
    task = _own_task(request.user, public_id)
    as_of = timezone.localdate()
    calendar = calendar_ahead(task.manager, as_of)
    if request.method != "POST" or "why" in request.POST:
        initial = {"until": snooze_date("week", as_of, calendar)}
        form = SnoozeForm(request.POST or None, as_of=as_of, initial=initial)
        if request.method != "POST" or not form.is_valid():
            return _form_page(
                request,
                "task_snooze",
                form,
                task=task,
                customer=task.customer,
                sentence=sentence(task, as_of),
            )
        until, reason = calendar.free_day(form.cleaned_data["until"]), form.cleaned_data["why"]
    else:
        try:
            until, reason = snooze_date(request.POST.get("until", ""), as_of, calendar), ""
        except KeyError:
            return HttpResponseBadRequest(_("Put off until when? Choose tomorrow, Monday or in a week."))
    snooze_task(task, until=until, reason=reason)
    said = _("%(name)s is put off to %(date)s")
    _say(request, task, said % {"name": task.customer.name, "date": dates.day(until, spaced=True)})
    return go_to(request, _back(request))


@require_POST
def undo(request, public_id):
    task = _own_task(request.user, public_id)
    reopen_task(task)
    forget_counts(request.user)
    toast(request, _("%(name)s is back on the list") % {"name": task.customer.name})
    return go_to(request, back_to(request, reverse("customers:today")))


@require_http_methods(["GET", "HEAD", "POST"])
def new(request, public_id):
    """Set oneself a task about a customer."""
    customer = visible_customer(request.user, public_id)
    manager = writing_manager(request.user)
    as_of = timezone.localdate()
    calendar = calendar_ahead(manager, as_of)
    form = TaskForm(request.POST or None, as_of=as_of, initial={"due_on": calendar.add(as_of, 1)})
    if request.method != "POST" or not form.is_valid():
        return _form_page(request, "task_new", form, customer=customer)
    asked = form.cleaned_data["due_on"]
    due_on, text = calendar.free_day(asked), form.cleaned_data["text"]
    worth = _worth(request, customer)
    create_task(customer, by=manager, text=text, due_on=due_on, as_of=as_of, value_fen=worth)
    forget_counts(request.user)
    said = _("On the list, due %(date)s")
    if due_on != asked:
        said = _("On the list, due %(date)s: %(asked)s is no working day of yours")
    toast(request, said % {"date": dates.day(due_on, spaced=True), "asked": dates.day(asked, spaced=True)})
    return go_to(request, _back(request))


def _form_page(request, name, form, **context):
    context |= {"form": form, "in_drawer": is_fragment(request), "action": request.get_full_path()}
    status = 422 if request.method == "POST" else None
    return render_page(request, f"customers/{name}.html", f"customers/_{name}.html", context, status=status)


def _back(request):
    here = getattr(request.htmx, "current_url_abs_path", None) if is_fragment(request) else None
    return back_to(request, here or reverse("customers:today"))


def _worth(request, customer) -> int:
    """What the customer holds by last night's figures, in fen; 0 before the first night."""
    published = current_publication(request)
    rows = Standing.objects.filter(night_id=published.night_id if published else 0, customer=customer)
    return rows.values_list("aum_fen", flat=True).first() or 0


def _own_task(user, public_id):
    """The task, 404 if invisible; 403 if it is seen but another's to do."""
    rows = Task.objects.visible_to(user).select_related("customer", "manager")
    task = get_object_or_404(rows, public_id=public_id)
    if writing_manager(user).pk != task.manager_id:
        raise PermissionDenied(_("This is another manager's task; you may read it."))
    return task


def _say(request, task, text):
    forget_counts(request.user)
    toast(request, text, action=_("Undo"), url=reverse("customers:task_undo", args=[task.public_id]))
