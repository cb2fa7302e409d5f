"""Who proved himself within the last minutes: at sign-in or by being asked again."""

import time
from functools import wraps

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils.http import urlencode

from crm.http import is_fragment

SIGNED_IN_AT = "signed_in_at"  # session key: seconds since 1970


def is_recent(request) -> bool:
    """Whether the person signed in or confirmed himself within ACCOUNT_REAUTHENTICATION_TIMEOUT seconds."""
    from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate

    if not request.user.is_authenticated:
        return False
    since = time.time() - request.session.get(SIGNED_IN_AT, 0)
    return 0 <= since < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT or did_recently_reauthenticate(request)


def recently_authenticated(view):
    """Decorator: ask for the password or the second factor again unless that is under five minutes old.

    A plain request is suspended by allauth and goes on afterwards. htmx is sent to confirm as a whole page
    and comes back to the page it stood on, where the person repeats the action.
    """
    from allauth.core.exceptions import ReauthenticationRequired

    @wraps(view)
    def asked(request, *args, **kwargs):
        if is_recent(request):
            return view(request, *args, **kwargs)
        if not is_fragment(request):
            raise ReauthenticationRequired  # crm.signin.middleware and allauth suspend the request
        here = getattr(getattr(request, "htmx", None), "current_url_abs_path", None) or "/"
        url = f"{reverse('account_reauthenticate')}?{urlencode({'next': here})}"
        return HttpResponse(status=204, headers={"HX-Redirect": url, "Vary": "HX-Request"})

    return asked
