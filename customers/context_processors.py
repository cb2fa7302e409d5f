"""What every page shows of the night: the date of its data and when they were published."""

from customers.models import Publication


def published(request):
    """Add `published` (Publication or None), read only if the page shows it."""
    return {"published": _Lazy()} if request.user.is_authenticated else {}


class _Lazy:
    """Callable for templates: one query, on first use, never on a page that shows no data date."""

    def __call__(self):
        if not hasattr(self, "_row"):
            self._row = Publication.objects.first()
        return self._row
