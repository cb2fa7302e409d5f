"""What happens when somebody comes, fails, leaves or changes a second factor: times noted, acts audited."""

import time

from allauth.account.signals import password_changed, password_reset
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver

from crm import audit
from crm.signin.lockout import user_of
from crm.signin.middleware import SEEN_AT
from crm.signin.recent import SIGNED_IN_AT


@receiver(user_logged_in)
def note_sign_in(sender, request, user, **kwargs):
    request.session[SIGNED_IN_AT] = request.session[SEEN_AT] = time.time()
    audit.record(_request_of(request, user), "sign_in")


@receiver(user_logged_out)
def note_sign_out(sender, request, user, **kwargs):
    if user is not None:
        audit.record(user, "sign_out")


@receiver(user_login_failed)
def note_failure(sender, credentials, request=None, **kwargs):
    """The number itself is written only of an account that exists: people type passwords into that field."""
    user = user_of(credentials.get("username"))
    audit.record(request, "sign_in_failed", subject=user, detail={"known": user is not None})


@receiver(user_locked_out)
def note_lock(sender, request, username, **kwargs):
    audit.record(request, "locked", subject=user_of(username))


@receiver([password_changed, password_reset])
def note_password(sender, request, user, **kwargs):
    audit.record(request, "reset_password", subject=user, detail={"by": "himself"})


@receiver(authenticator_added)
def note_factor(sender, request, user, authenticator, **kwargs):
    audit.record(request, "mfa", subject=user, detail={"added": authenticator.type})


@receiver(authenticator_removed)
def note_removal(sender, request, user, authenticator, **kwargs):
    audit.record(request, "mfa", subject=user, detail={"removed": authenticator.type})


@receiver(authenticator_reset)
def note_new_codes(sender, request, user, authenticator, **kwargs):
    audit.record(request, "mfa", subject=user, detail={"new": authenticator.type})


def _request_of(request, user):
    """The request as the audit reads it: the test client's signs in without a user on it."""
    request.user = user
    return request
