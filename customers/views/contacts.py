"""Contacts: log one (drawer or page), and choose whom to log for."""

from django.core.exceptions import ValidationError
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from crm import keyset
from crm.drafts.services import draft_of, drop_draft
from crm.http import go_to, is_fragment, render_page, toast, trigger
from crm.navigation import forget_counts
from customers.context_processors import current_publication
from customers.forms import ContactForm
from customers.models import Customer, Interaction, Standing, Task
from customers.reasons import KINDS, sentence
from customers.selectors.book import BookState, place_of, segments
from customers.selectors.habits import calendar_ahead, habit_of, templates_for
from customers.selectors.search import clean_words, matching
from customers.selectors.today import due_tasks
from customers.services.contacts import ContactRefused, log_contact
from customers.views.access import back_to, visible_customer, writing_manager
from customers.views.contact_form import draft_key, form_context, from_draft, saved_words

PICK_MOST = 10


@require_http_methods(["GET", "HEAD", "POST"])
def log(request, public_id):
    """Log a contact: in the drawer with htmx, as a page without."""
    customer = visible_customer(request.user, public_id)
    manager = writing_manager(request.user)
    as_of = timezone.localdate()
    task = _task(request, customer)
    limits = _limits(request, customer, manager, as_of)
    if request.method != "POST":
        return _form_page(request, customer, _empty_form(limits, task, request, customer), task, as_of)
    form = ContactForm(request.POST, now=timezone.now(), **limits)
    if not form.is_valid():
        return _form_page(request, customer, form, task, as_of, status=422)
    # who comes next is asked before saving: the one just saved moves to another place in the list
    following = _next_form(request, customer, manager, as_of) if request.POST.get("then") == "next" else None
    try:
        interaction, _is_new = log_contact(customer, by=manager, task=task, **form.values())
    except ContactRefused as refusal:
        form.add_error(None, str(refusal))
        return _form_page(request, customer, form, task, as_of, status=422)
    drop_draft(request.user, draft_key(customer))
    return _saved(request, customer, interaction, form, following)


@require_safe
def pick(request):
    """Choose whom to log for: by search, else the last ones and those due today."""
    manager = writing_manager(request.user)
    words = clean_words(request.GET.get("q", ""))
    customers = Customer.objects.visible_to(request.user).only("public_id", "name", "number", "kind", "tier")
    if words:
        found = list(customers.filter(matching(words)).order_by("name", "id")[:PICK_MOST])
    else:
        recent = Interaction.objects.filter(manager=manager).order_by("-happened_at").values("customer")[:40]
        due = due_tasks(request.user, manager, timezone.localdate()).values("customer")[:PICK_MOST]
        wanted = list(dict.fromkeys([row["customer"] for row in [*due, *recent]]))[:PICK_MOST]
        rows = {row.pk: row for row in customers.filter(pk__in=wanted)}
        found = [rows[pk] for pk in wanted if pk in rows]
    context = {"found": found, "words": words, "in_drawer": is_fragment(request)}
    return render_page(request, "customers/contact_pick.html", "customers/_contact_pick.html", context)


def _limits(request, customer, manager, as_of):
    """What the form is made of beside what was written."""
    return {
        "as_of": as_of,
        "matures_on": _matures_on(request, customer),
        "calendar": calendar_ahead(manager, as_of),
        "habit": habit_of(customer),
    }


def _empty_form(limits, task, request=None, customer=None):
    """A form to begin with; with `draft` in the address what was written before and not sent."""
    purpose = KINDS[task.kind].purpose if task else ""
    known = {name: limits[name] for name in ("as_of", "calendar", "habit")}
    initial = ContactForm.blank(known.pop("as_of"), purpose=purpose, task=task, **known)
    form = ContactForm(initial=initial, **limits)
    if request is not None and request.GET.get("draft"):
        kept = draft_of(request.user, draft_key(customer))
        form.initial |= from_draft(form, kept) if kept else {}
    return form


def _form_page(request, customer, form, task, as_of, status=None):
    context = form_context(request, form, draft_key(customer)) | {
        "customer": customer,
        "task": task,
        "task_sentence": sentence(task, as_of) if task else "",
        "action": request.get_full_path(),
        "templates": templates_for(request.user.manager),
        "next": back_to(request, ""),
    }
    return render_page(
        request, "customers/log_contact.html", "customers/_log_contact.html", context, status=status
    )


def _saved(request, customer, interaction, form, following):
    said = saved_words(customer, interaction, form)
    if following is not None:
        return _open_next(request, following, form.as_of, said)
    toast(request, said)
    forget_counts(request.user)
    here = getattr(request.htmx, "current_url_abs_path", None) if is_fragment(request) else None
    return go_to(request, back_to(request, here or reverse("customers:detail", args=[customer.public_id])))


def _open_next(request, following, as_of, said):
    """The next customer's form: in the open drawer, or as the next page."""
    customer, task, query = following
    forget_counts(request.user)
    url = reverse("customers:log_contact", args=[customer.public_id]) + query
    if not is_fragment(request):
        toast(request, said)
        return go_to(request, url)
    manager = request.user.manager
    form = _empty_form(_limits(request, customer, manager, as_of), task)
    context = form_context(request, form, draft_key(customer), url) | {
        "customer": customer,
        "task": task,
        "task_sentence": sentence(task, as_of) if task else "",
        "action": url,
        "templates": templates_for(manager),
        "in_drawer": True,
    }
    return trigger(render(request, "customers/_log_contact.html", context), toast={"text": said})


def _next_form(request, customer, manager, as_of):
    """Who comes next: down the list one came from, else the next thing of Today. (customer, task, query)."""
    if request.GET.get("list"):
        state = BookState.read(request.GET)
        published = current_publication(request)
        lists = segments(request.user, state, published and published.night_id, as_of)
        place = place_of(customer, lists)
        behind = keyset.neighbours(lists, place)[1] if place else None
        if behind is not None:
            return Customer.objects.defer("name_bigrams").get(pk=behind.key), None, state.address_in_list()
    tasks = due_tasks(request.user, manager, as_of).exclude(customer=customer).select_related("customer")
    task = tasks.first()
    return (task.customer, task, f"?task={task.public_id}") if task else None


def _task(request, customer):
    """The task the form came from, if it is about this customer and the user's to see."""
    told = request.POST.get("task") or request.GET.get("task")
    if not told:
        return None
    tasks = Task.objects.visible_to(request.user).filter(customer=customer)
    try:
        return tasks.filter(public_id=told).first()
    except ValidationError:  # no UUID: as good as none
        return None


def _matures_on(request, customer):
    published = current_publication(request)
    night = published.night_id if published else 0
    return (
        Standing.objects.filter(night_id=night, customer=customer)
        .values_list("next_maturity_on", flat=True)
        .first()
    )
