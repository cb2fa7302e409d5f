"""What every page knows about its session."""

from django.conf import settings


def limits(request):
    """Context: `idle_minutes`; on a signed-in page `idle_seconds`, when static/js/session.js leaves."""
    signed_in = getattr(request, "user", None) is not None and request.user.is_authenticated
    idle = settings.SESSION_IDLE_SECONDS
    return {"idle_seconds": idle if signed_in else 0, "idle_minutes": idle // 60}
