"""RowScope: every request in one transaction, with the database role and scope of its user."""

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, transaction

from crm.middleware import database_away
from crm.wall import roles, scope


class RowScope:
    """Stands right after AuthenticationMiddleware: what follows sees only what PostgreSQL lets it see.

    A view that raises leaves nothing behind (as with ATOMIC_REQUESTS); the session is saved outside, by the
    login's own rights. Refuses to start where a web process of production logs in as anybody else than the
    web's role: the owner would pass through the wall.
    """

    def __init__(self, get_response):
        self.get_response = get_response
        user = settings.DATABASES["default"]["USER"]
        if not settings.EMBEDDED and user != roles.WEB:
            raise ImproperlyConfigured(
                f"The web process logs in to PostgreSQL as {user or 'nobody'}: give it a DATABASE_URL of the "
                f"role {roles.WEB} (docs/operations.md), the owner's is for migrations alone."
            )

    def __call__(self, request):
        try:
            with scope.at_the_door():
                if request.user.is_authenticated and not scope.enter(request.user.pk):
                    request.user = AnonymousUser()  # switched off since the session was read
                response = self.get_response(request)
                if response.status_code >= 500 or getattr(request, "wall_undo", False):
                    transaction.set_rollback(True)
        except OperationalError:
            return database_away()
        if response.streaming and request.user.is_authenticated:
            response.streaming_content = _streamed(request.user.pk, response.streaming_content)
        return response

    def process_exception(self, request, exception):
        """Remember that the view raised: its writes go."""
        request.wall_undo = True


def _streamed(user_id: int, parts):
    """Yield `parts` in a transaction of their own, with the scope of the user as it is when they are read."""
    with scope.of_user(user_id):
        yield from parts
