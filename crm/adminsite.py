"""The administrators' site: all records in one place, for the role admin alone."""

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.shortcuts import resolve_url
from django.utils.translation import gettext_lazy as _

ADMIN_ROLE = "admin"  # managers.choices.Role.ADMIN: the platform imports no app


class BankAdminSite(admin.AdminSite):
    """Django's admin behind the product's own door: one login page, one role."""

    site_title = _("Guanhu records")
    site_header = _("All records")
    index_title = _("All records")
    empty_value_display = "—"

    def has_permission(self, request):
        """True for active staff in the role admin; the role decides, not Django's table of permissions."""
        user = request.user
        return user.is_active and user.is_staff and getattr(user, "role", "") == ADMIN_ROLE

    def login(self, request, extra_context=None):
        """Send a stranger to the product's login; a signed-in other role is refused."""
        if request.user.is_authenticated and not self.has_permission(request):
            raise PermissionDenied
        target = request.GET.get("next") or resolve_url("admin:index")
        return redirect_to_login(target)
