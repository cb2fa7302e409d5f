"""Reveal one masked value for half a minute; what was revealed, for those who supervise."""

from datetime import timedelta

from django import forms
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.http import is_fragment, render_page, toast
from crm.look import masks
from crm.signin import recently_authenticated
from crm.subtree import within
from customers.forms import SECRET, SEPARATORS
from customers.models import Account, Reveal
from customers.models.reveal import RevealField
from customers.services.reveals import RevealRefused, grant_more, left_today, reveal_value
from customers.views.access import visible_customer

REVEALERS = ("manager", "supervisor", "back_office")
DIGEST_DAYS = 7
DIGEST_MOST = 200
MASKS = {
    RevealField.DOCUMENT: masks.mask_id,
    RevealField.MOBILE: masks.mask_mobile,
    RevealField.ADDRESS: masks.mask_address,
    RevealField.ACCOUNT: masks.mask_account,
}


class ReasonForm(forms.Form):
    """Why the value is needed; the reason itself holds no personal data."""

    reason = forms.CharField(
        label=gettext_lazy("What do you need it for?"),
        min_length=4,
        max_length=200,
        widget=forms.TextInput(attrs={"class": "form-control", "autofocus": True, "autocomplete": "off"}),
    )

    def clean_reason(self):
        reason = self.cleaned_data["reason"]
        if SECRET.search(SEPARATORS.sub("", reason)):
            raise forms.ValidationError(_("Leave identity and mobile numbers out of the reason."))
        return reason


@require_http_methods(["GET", "HEAD", "POST"])
def reveal(request, public_id, field, account=None):
    """Ask for the reason, then show the value: in the drawer with htmx, as a page without."""
    customer = visible_customer(request.user, public_id, "identity")
    if field not in RevealField.values or (field == RevealField.ACCOUNT) != (account is not None):
        raise Http404
    if request.user.role not in REVEALERS:
        raise PermissionDenied(_("Values are revealed by those who serve the customer."))
    held = get_object_or_404(Account, public_id=account, customer=customer) if account else None
    return _asked(request, customer, field, held)


@recently_authenticated
def _asked(request, customer, field, account):
    form = ReasonForm(request.POST if request.method == "POST" else None)
    context = {
        "customer": customer,
        "form": form,
        "label": RevealField(field).label,
        "action": request.path,
        "left": left_today(request.user, timezone.localdate()),
        "seconds": settings.REVEAL_SECONDS,
        "in_drawer": is_fragment(request),
    }
    status, back = 200, None
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                value = reveal_value(
                    request, customer, field, account=account, as_of=timezone.localdate(), **form.cleaned_data
                )
                context |= {"value": value, "masked": MASKS[field](value)}
                status, back = 200, reverse("customers:detail", args=[customer.public_id])
            except RevealRefused as refusal:
                form.add_error(None, str(refusal))
    response = render_page(request, "customers/reveal.html", "customers/_reveal.html", context, status=status)
    if back and not is_fragment(request):  # without JavaScript the page itself goes
        response.headers["Refresh"] = f"{settings.REVEAL_SECONDS}; url={back}"
    return response


@require_safe
def digest(request):
    """Who revealed what in the last days: for supervisors their subtree, for head office the bank."""
    rows = _seen_by(request.user)
    people = rows.values("user__public_id", "user__name", "user__username").annotate(count=Count("pk"))
    today = timezone.localdate()
    context = {
        "rows": rows.select_related("customer", "user").order_by("-at")[:DIGEST_MOST],
        "people": people.filter(at__date=today).order_by("-count"),
        "most": settings.REVEALS_A_DAY,
        "days": DIGEST_DAYS,
    }
    return render(request, "customers/reveals.html", context)


@require_POST
def grant(request, public_id):
    """Let somebody below reveal as many again today."""
    if not request.user.is_supervisor:
        raise PermissionDenied(_("A supervisor grants more reveals."))
    return _granted(request, public_id)


@recently_authenticated
def _granted(request, public_id):
    user = get_object_or_404(request.user.may_help_in(), public_id=public_id)
    grant_more(request, user, as_of=timezone.localdate())
    toast(request, _("%(name)s may reveal as many again today") % {"name": user.name})
    return redirect("customers:reveals")


def _seen_by(user):
    since = timezone.now() - timedelta(days=DIGEST_DAYS)
    rows = Reveal.objects.filter(at__gte=since)
    if user.sees_whole_bank:
        return rows
    if not user.is_supervisor or user.branch is None:
        raise PermissionDenied(_("Supervisors and auditors read what was revealed."))
    return rows.filter(within(user.branch.path, "customer__branch_path"))
