"""What the views share: whose customer, who may write, and the address of another app's panel."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import NoReverseMatch, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from customers.models import Customer
from managers.models import Manager


def visible_customer(user, public_id, *related) -> Customer:
    """The customer, or 404 where `user` may not see him: the same answer as for one who does not exist."""
    rows = Customer.objects.visible_to(user).defer("name_bigrams").select_related(*related)
    return get_object_or_404(rows, public_id=public_id)


def manager_of(user) -> Manager | None:
    """The manager behind `user`; None for the other roles and for a manager without a post."""
    return getattr(user, "manager", None) if user.is_manager else None


def writing_manager(user) -> Manager:
    """The manager who writes; others read here: 403."""
    manager = manager_of(user)
    if manager is None:
        raise PermissionDenied(_("Only the customer's managers write here; you may read."))
    return manager


def panel(name: str, *args) -> str:
    """The address of another app's panel by URL name; empty where that app does not offer it."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def back_to(request: HttpRequest, default: str) -> str:
    """Where a form goes when it is saved: `next` if it is one of our own pages, else `default`."""
    told = request.POST.get("next") or request.GET.get("next") or ""
    allowed = url_has_allowed_host_and_scheme(
        told, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return told if allowed and told.startswith("/") else default
