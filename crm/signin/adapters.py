"""What allauth asks the bank: how staff are named, who may change a second factor, how secrets are kept."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from crm.audit.recording import address_of
from crm.signin import factors, lockout
from crm.signin.recent import is_recent

UNKNOWN_ADDRESS = "::"  # a socket without a peer; allauth's table wants one


class AccountAdapter(DefaultAccountAdapter):
    """Staff numbers, no sign-up, no mail."""

    def set_password(self, user, password):
        """Store that alone: a page may write no other column of a member of staff (crm/wall)."""
        user.set_password(password)
        user.save(update_fields=["password"])

    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": _("Staff number or password is wrong. Check both and try again."),
        "incorrect_password": _("The password is wrong. Try again."),
        "too_many_login_attempts": _("Too many wrong tries. Wait a while, or ask your supervisor to unlock."),
    }

    def is_open_for_signup(self, request):
        return False

    def add_message(self, request, level, message_template=None, *args, **kwargs):
        """No word about what one sees anyway: that one is signed in or out."""
        if message_template not in {"account/messages/logged_in.txt", "account/messages/logged_out.txt"}:
            super().add_message(request, level, message_template, *args, **kwargs)

    def get_client_ip(self, request):
        return address_of(request) or UNKNOWN_ADDRESS

    def pre_authenticate(self, request, **credentials):
        """Nothing in Redis: axes counts in the database, and a restart of Redis must forget no try."""
        self._login_failed_rl_usage = None

    def _rollback_login_failed_rl_usage(self):
        """Nothing was counted in Redis."""

    def authenticate(self, request, **credentials):
        """One try at a time for an account, so that parallel tries cannot pass the limit together."""
        with lockout.one_at_a_time(credentials.get("username")):
            return super().authenticate(request, **credentials)

    def is_reauthentication_required(self, *, app):
        """Signing in a moment ago is proof enough, also for one's own second factor."""
        return not is_recent(context.request)


class MFAAdapter(DefaultMFAAdapter):
    """The last second factor stays; its secret lies encrypted."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("The code is wrong or too old. Enter the one shown now."),
        "cannot_delete_authenticator": _("This is your only second factor. Add another one first."),
    }

    def can_delete_authenticator(self, authenticator):
        if settings.DEMO_SIGN_IN or authenticator.type not in factors.FACTORS:
            return True
        others = Authenticator.objects.filter(user_id=authenticator.user_id, type__in=factors.FACTORS)
        return others.exclude(pk=authenticator.pk).exists()

    def encrypt(self, text):
        return factors.encrypt(text)

    def decrypt(self, encrypted_text):
        return factors.decrypt(encrypted_text)

    def get_totp_label(self, user):
        return user.get_username()
