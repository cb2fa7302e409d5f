"""Helping staff back in: unlock, a new password, a lost phone. By supervisor or administrator; audited."""

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.urls import reverse

from crm import audit
from crm.signin import lockout
from crm.wall.scope import back_at_the_door


def unlock(*, user, by):
    """Forget the wrong tries of `user`. `by`: the request of who unlocks."""
    lockout.unlock(user.get_username())
    audit.record(by, "unlock", subject=user)


@transaction.atomic
def password_link(*, user, by) -> str:
    """Take the password of `user` away and return the path of a one-time page where he sets a new one.

    Every session of his ends, as the password is part of what a session is bound to. The page is good for
    settings.PASSWORD_RESET_TIMEOUT seconds and once. `by`: the request of who resets, or None for a command.
    """
    user.set_unusable_password()
    user.save(update_fields=["password"])
    audit.record(by, "reset_password", subject=user)
    key = default_token_generator.make_token(user)
    return reverse("account_reset_password_from_key", kwargs={"uidb36": user_pk_to_url_str(user), "key": key})


@transaction.atomic
def drop_factors(*, user, by) -> str:
    """Take all second factors of `user` away and his password with them: return the page for a new one.

    Both go together, for else whoever knows the password alone could enrol his own phone.
    """
    with back_at_the_door():
        Authenticator.objects.filter(user=user).delete()
    audit.record(by, "mfa", subject=user, detail={"removed": "all"})
    return password_link(user=user, by=by)
