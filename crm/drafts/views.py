"""Autosave: a form sends its state now and then; nothing of it is shown to anybody but its writer."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST

from crm.drafts.services import DraftRefused, drop_draft, save_draft
from crm.http import go_to, is_fragment


@require_POST
def save(request, form):
    """Keep the fields sent; 204. What is too long or no form of ours: 400, the form itself is untouched."""
    fields = {name: request.POST.getlist(name) for name in request.POST}
    try:
        save_draft(request.user, form, fields, at=timezone.now(), once=request.POST.get("form_once", "")[:40])
    except DraftRefused as refusal:
        return HttpResponse(str(refusal), status=400, content_type="text/plain; charset=utf-8")
    return HttpResponse(status=204)


@require_POST
def drop(request, form):
    """Throw it away; the offer that stood in the form says so, a page without htmx begins anew."""
    drop_draft(request.user, form)
    if is_fragment(request):
        return render(request, "drafts/_gone.html")
    return go_to(request, "home")
