"""Relations, household or group, owners of a firm: one part of the customer's page, edited in the drawer."""

from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm import audit
from crm.http import go_to, is_fragment, render_page, toast
from customers import rules
from customers.context_processors import current_publication
from customers.relation_forms import MemberForm, OwnerForm, RelationForm
from customers.selectors.relations import groups_of, ownership_of, relations_of
from customers.services.relations import (
    RelationRefused,
    add_owner,
    end_owner,
    end_relation,
    join_group,
    leave_group,
    relate,
)
from customers.views.access import manager_of, visible_customer, writing_manager
from customers.views.map import relation_map


@require_safe
def relations(request, public_id):
    """The map, the table beside it, what the household or group holds together, and the owners of a firm."""
    customer = visible_customer(request.user, public_id)
    if not is_fragment(request):
        audit.record(request, "read", subject=customer, own=False)
    as_of = timezone.localdate()
    published = current_publication(request)
    night_id = published.night_id if published else None
    found = relations_of(customer, request.user, night_id, as_of)
    groups = groups_of(customer, request.user, night_id)
    context = {
        "customer": customer,
        "relations": found,
        "groups": groups,
        "map": relation_map(customer, found, groups),
        "ownership": None if customer.is_person else ownership_of(customer, request.user, as_of),
        "may_write": manager_of(request.user) is not None,
    }
    return render_page(request, "customers/relations.html", "customers/_relations.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def relate_to(request, public_id):
    """Add a relation to another customer."""

    def save(form, customer, as_of):
        subject, other, kind = form.values()
        relate(subject, other, kind=kind, as_of=as_of)

    return _added(request, public_id, RelationForm, _("Add a relation"), save)


@require_http_methods(["GET", "HEAD", "POST"])
def add_member(request, public_id):
    """Add a member to the household or group; the first one makes it."""

    def save(form, customer, as_of):
        join_group(customer, form.cleaned_data["who"], role=form.cleaned_data["role"])

    return _added(request, public_id, MemberForm, _("Add a member"), save)


@require_http_methods(["GET", "HEAD", "POST"])
def add_owner_of(request, public_id):
    """Note an owner of an organisation."""
    least = rules.profile()["beneficial_share"]

    def save(form, customer, as_of):
        add_owner(customer, by=request.user, as_of=as_of, **form.cleaned_data)

    return _added(request, public_id, OwnerForm, _("Add an owner"), save, organisation=True, least=least)


@require_POST
def end(request, public_id, relation):
    """A relation has ended."""
    customer = _written(request, public_id)
    if not end_relation(customer, relation, as_of=timezone.localdate()):
        raise Http404
    toast(request, _("The relation has ended"))
    return go_to(request, "customers:detail", customer.public_id)


@require_POST
def leave(request, public_id, member):
    """A member leaves the household or group."""
    customer = _written(request, public_id)
    other = visible_customer(request.user, member)
    if not leave_group(customer, other):
        raise Http404
    toast(request, _("%(name)s has left it") % {"name": other.name})
    return go_to(request, "customers:detail", customer.public_id)


@require_POST
def end_ownership(request, public_id, owner):
    """An owner holds no share any more."""
    customer = _written(request, public_id)
    if not end_owner(customer, owner, as_of=timezone.localdate()):
        raise Http404
    toast(request, _("The owner is taken out; the history keeps him"))
    return go_to(request, "customers:detail", customer.public_id)


def _written(request, public_id):
    customer = visible_customer(request.user, public_id)
    writing_manager(request.user)
    return customer


def _added(request, public_id, form_class, title, save, *, organisation=False, **more):
    """A form in the drawer (a page without JavaScript): saved, back to the customer."""
    customer = _written(request, public_id)
    if organisation and customer.is_person:
        raise Http404
    told = {"user": request.user, "customer": customer, **more}
    form = form_class(request.POST if request.method == "POST" else None, **told)
    if request.method == "POST" and form.is_valid():
        try:
            save(form, customer, timezone.localdate())
        except RelationRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            toast(request, _("Saved: %(name)s") % {"name": customer.name})
            return go_to(request, "customers:detail", customer.public_id)
    context = {"customer": customer, "form": form, "title": title, "action": request.path}
    status = 422 if request.method == "POST" else None
    return render_page(
        request, "customers/small_form.html", "customers/_small_form.html", context, status=status
    )
