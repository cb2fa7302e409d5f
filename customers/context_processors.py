"""What every page shows of the night: the date of its data and when they were published."""

from customers.models import Publication


def published(request):
    """Add `published` (callable: Publication or None), read only if the page shows it, once a request."""
    return {"published": lambda: current_publication(request)} if request.user.is_authenticated else {}


def current_publication(request) -> Publication | None:
    """The published night as this request sees it: one query, however many parts of the page ask."""
    if not hasattr(request, "_publication"):
        request._publication = Publication.objects.first()
    return request._publication
