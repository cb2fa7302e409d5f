"""Add a prospect: customers who may be the same are shown before anything is written."""

from django.db import IntegrityError, transaction
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from crm.http import go_to, toast
from crm.navigation import forget_counts
from customers.prospect_forms import ProspectForm
from customers.services.prospects import add_prospect, alike
from customers.views.access import writing_manager


@require_http_methods(["GET", "HEAD", "POST"])
def add(request):
    """The form; where somebody is alike he is shown, and the writer says that it is another one."""
    writing_manager(request.user)
    form = ProspectForm(request.POST if request.method == "POST" else None, as_of=timezone.localdate())
    found = []
    if request.method == "POST" and form.is_valid():
        told = form.values()
        names = ("name", "born_on", "mobile", "code")
        if not form.cleaned_data["is_another"]:
            found = alike(request.user, **{name: told[name] for name in names})
        if not found:
            try:
                with transaction.atomic():
                    customer = add_prospect(**told)
            except IntegrityError:
                said = _("This code is a customer's already: ask your supervisor who looks after it")
                form.add_error("code", said)
            else:
                toast(request, _("Added: %(name)s") % {"name": customer.name})
                forget_counts(request.user)
                return go_to(request, "customers:detail", customer.public_id)
    status = 422 if request.method == "POST" else None
    return render(request, "customers/prospect.html", {"form": form, "found": found}, status=status)
