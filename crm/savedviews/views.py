"""Keeping a list's filter, naming it anew, sharing it, deleting it with a way back."""

from django.contrib import messages
from django.http import Http404, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from crm.http import go_to, is_fragment, render_page, toast
from crm.savedviews import services
from crm.savedviews.forms import BRANCH, ME, SavedViewForm
from crm.savedviews.models import SavedView
from crm.savedviews.registry import lists


@require_http_methods(["GET", "HEAD", "POST"])
def new(request, of):
    """Keep the filter that stands in the address under a name."""
    saved_list = lists().get(of)
    if saved_list is None:
        raise Http404
    query = saved_list.clean(request.GET)
    form = SavedViewForm(_sent(request), user=request.user, of=of)
    if request.method == "POST" and form.is_valid():
        values = {"name": form.cleaned_data["name"], "branch_path": form.branch_path}
        try:
            view = services.keep(request.user, saved_list, query, **values)
        except services.ViewRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            toast(request, _("“%(name)s” stands above the list") % {"name": view.name})
            return go_to(request, _list_address(view))
    return _page(request, form, saved_list, query)


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request, public_id):
    """Another name, another circle of readers; the owner's alone."""
    view = _own(request, public_id)
    saved_list = lists()[view.list]
    kept = {"name": view.name, "shared": BRANCH if view.is_shared else ME}
    form = SavedViewForm(_sent(request), user=request.user, of=view.list, view=view, initial=kept)
    if request.method == "POST" and form.is_valid():
        try:
            services.change(view, name=form.cleaned_data["name"], branch_path=form.branch_path)
        except services.ViewRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            toast(request, _("Saved"))
            return go_to(request, _list_address(view))
    return _page(request, form, saved_list, view.query, view)


@require_POST
def delete(request, public_id):
    """Take a view away, with a way back."""
    view = _own(request, public_id)
    services.delete(view)
    back = reverse("views:restore", args=[view.public_id])
    toast(request, _("“%(name)s” is deleted") % {"name": view.name}, _("Undo"), back)
    return go_to(request, reverse(lists()[view.list].url_name))


@require_POST
def restore(request, public_id):
    """Bring a deleted view back."""
    view = get_object_or_404(SavedView, public_id=public_id, owner=request.user, list__in=lists())
    try:
        services.restore(view)
    except services.ViewRefused as refusal:
        messages.error(request, str(refusal))
    return go_to(request, _list_address(view))


def _sent(request):
    """What was sent, an empty form too; None for a first look."""
    return request.POST if request.method == "POST" else None


def _own(request, public_id):
    """The reader's own view; another's is not there."""
    rows = SavedView.objects.visible_to(request.user).filter(owner=request.user, list__in=lists())
    return get_object_or_404(rows, public_id=public_id)


def _list_address(view):
    return f"{reverse(lists()[view.list].url_name)}?{view.query}"


def _page(request, form, saved_list, query, view=None):
    context = {
        "form": form,
        "view": view,
        "says": saved_list.says(QueryDict(query)),
        "title": _("Change view") if view else _("Save view"),
        "action": request.get_full_path(),
        "in_drawer": is_fragment(request),
    }
    status = 422 if form.errors else None
    return render_page(request, "savedviews/page.html", "savedviews/_form.html", context, status=status)
