"""The private address of a person's calendar: signed, revoked with its row, dead when his rights change."""

import secrets

from django.core import signing
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from managers.models import CalendarLink, User

SALT = "managers.calendar_link"


def make_link(user: User) -> CalendarLink:
    """Give `user` a new address; the one he had is dead."""
    values = {"nonce": secrets.token_urlsafe(16), "rights": user.get_session_auth_hash(), "read_at": None}
    return CalendarLink.objects.update_or_create(user=user, defaults=values)[0]


def end_link(user: User) -> bool:
    """Take the address away; whether there was one."""
    return CalendarLink.objects.filter(user=user).delete()[0] > 0


def link_of(user: User) -> CalendarLink | None:
    """His address, if it still opens: one made before his rights changed does not."""
    link = CalendarLink.objects.filter(user=user).select_related("user").first()
    return link if link and _holds(link) else None


def token_of(link: CalendarLink) -> str:
    """What stands in the address: nobody can make it up, and it says no staff number."""
    return signing.Signer(salt=SALT, sep=".").sign_object([link.user.public_id.hex, link.nonce])


def holder_of(token: str) -> User | None:
    """Whose calendar an address opens; None for one that is made up, ended, or older than his rights.

    Asked at the door, before the request has a role.
    """
    try:
        public_id, nonce = signing.Signer(salt=SALT, sep=".").unsign_object(token)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    link = _links().filter(user__public_id=public_id).first()
    if link is None or not constant_time_compare(link.nonce, str(nonce)) or not _holds(link):
        return None
    CalendarLink.objects.filter(pk=link.pk).update(read_at=timezone.now())
    return link.user


def _links() -> QuerySet:
    return CalendarLink.objects.select_related("user").filter(user__is_active=True)


def _holds(link) -> bool:
    return constant_time_compare(link.rights, link.user.get_session_auth_hash())
