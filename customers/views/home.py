"""The first page after signing in, by role."""

from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from customers.views.access import panel
from managers.choices import Role

FIRST_PAGES = {
    Role.MANAGER: "customers:today",
    Role.SUPERVISOR: "performance:branch_board",
    Role.ADMIN: "performance:nights",
    Role.AUDITOR: "performance:nights",
}


@require_safe
def home(request):
    """Managers start with Today, supervisors with the branch, administrators and auditors with the night."""
    name = FIRST_PAGES.get(request.user.role, "customers:book")
    return redirect(panel(name) or reverse("customers:book"))
