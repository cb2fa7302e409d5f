"""Who acted, in words: the name beside the staff number, and actors who are no person."""

from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _


def names_of(numbers: set[str]) -> dict[str, str]:
    """Staff number → name with number, in one query."""
    users = get_user_model()._default_manager.filter(username__in=numbers - {""}).only("username", "name")
    return {user.get_username(): str(user) for user in users}


def actor_words(actor: str) -> str:
    """An actor who is no person, in words."""
    kind, _colon, name = actor.partition(":")
    words = {
        "db": _("database user %(name)s"),
        "feed": _("feed %(name)s"),
        "system": _("system: %(name)s"),
        "command": _("command %(name)s"),
    }
    return words[kind] % {"name": name} if name and kind in words else actor
