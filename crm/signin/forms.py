"""allauth's forms where the bank counts tries itself."""

import logging

from allauth.account.forms import LoginForm
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from axes.handlers.proxy import AxesProxyHandler
from django import forms
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from crm.secrets import SecretError
from crm.signin import lockout
from crm.signin.factors import use_code
from crm.signin.names import canonical

log = logging.getLogger(__name__)


class StaffLoginForm(LoginForm):
    """Staff number and password; any spelling of the number is the same number."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("Staff number")

    def clean_login(self):
        name = canonical(self.cleaned_data["login"])
        if not name:
            raise ValidationError(_("Enter your staff number."), code="required")
        return name


class CountsTries(forms.Form):
    """A wrong code counts like a wrong password; where the account is locked no code is looked at."""

    def clean_code(self):
        from allauth.core import context

        request, credentials = context.request, {"username": self.user.get_username()}
        with lockout.one_at_a_time(self.user.get_username()):
            if not AxesProxyHandler.is_allowed(request, credentials):
                request.axes_locked_out = True
                raise ValidationError(_("This account is locked."), code="locked")
            try:
                code = super().clean_code()
                if self.authenticator.type == Authenticator.Type.TOTP and not use_code(
                    self.authenticator, code
                ):
                    raise get_adapter().validation_error("incorrect_code")
            except SecretError as error:
                log.exception("a second factor does not open")
                raise ValidationError(
                    _("Your second factor cannot be read. Tell your administrators: the key file is missing.")
                ) from error
            except ValidationError as error:
                # outside the exception, so that the count is not rolled back with it
                wrong = error
            else:
                return code
            user_login_failed.send(sender=__name__, credentials=credentials, request=request)
        raise wrong


class CodeForm(CountsTries, AuthenticateForm):
    """The second factor at sign-in."""


class CodeAgainForm(CountsTries, ReauthenticateForm):
    """The second factor when asked again."""
