"""What every page shows: the date of its data, when they were published, and the counts of the rail."""

from django.utils import timezone

from customers.models import Customer, Publication
from customers.selectors.today import due_tasks


def published(request):
    """Add `published` (callable: Publication or None), read only if the page shows it, once a request."""
    user = getattr(request, "user", None)  # none where a request was refused before its session was read
    return {"published": lambda: current_publication(request)} if user and user.is_authenticated else {}


def current_publication(request) -> Publication | None:
    """The published night as this request sees it: one query, however many parts of the page ask."""
    if not hasattr(request, "_publication"):
        request._publication = Publication.objects.first()
    return request._publication


def rail_counts(user) -> dict[str, int]:
    """A manager's things to do today and customers, by URL name (settings.NAV_COUNTS); others have none."""
    manager = getattr(user, "manager", None) if user.is_manager else None
    if manager is None:
        return {}
    return {
        "customers:today": due_tasks(user, manager, timezone.localdate()).count(),
        "customers:book": Customer.objects.visible_to(user).filter(closed_on=None).count(),
    }
