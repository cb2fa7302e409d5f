"""My own sign-ins, and helping staff back in. Signing in itself is allauth's, at the addresses of urls.py."""

from functools import wraps
from operator import attrgetter

from allauth.account import views as account
from allauth.account.decorators import reauthentication_required
from allauth.mfa.adapter import get_adapter as mfa_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from allauth.usersessions.internal.flows.sessions import end_other_sessions, end_sessions
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from crm.http import go_to, toast
from crm.signin import lockout
from crm.signin import staff as services
from crm.signin.factors import FACTORS, use_code
from crm.signin.middleware import WITH_FACTOR, has_factor
from crm.signin.names import canonical
from crm.signin.recent import recently_authenticated
from crm.wall.scope import back_at_the_door

MOST_FOUND = 50
recovery_codes = reauthentication_required(codes.view_recovery_codes, app="allauth.mfa")


def change_password(request):
    """Set a new password with the old one; who has none asks for a link."""
    if not request.user.has_usable_password():
        raise PermissionDenied
    return account.password_change(request)


@login_not_required
@require_POST
def sign_out(request):
    """End the session, or give up a half-done sign-in."""
    return account.logout(request)


@require_GET
def enrol(request):
    """Where somebody without a second factor is led: app or security key."""
    if has_factor(request):
        return redirect("usersessions_list")
    return render(request, "account/enrol.html")


@require_GET
def mine(request):
    """Where I am signed in, my second factors, my password."""
    factors = list(Authenticator.objects.filter(user=request.user).order_by("pk"))
    of = {kind: [factor for factor in factors if factor.type == kind] for kind in Authenticator.Type.values}
    left = of[Authenticator.Type.RECOVERY_CODES]
    context = {
        "sessions": [
            {"session": session, "device": _device(session.user_agent)}
            for session in sorted(
                UserSession.objects.purge_and_list(request.user), key=attrgetter("created_at")
            )
        ],
        "apps": of[Authenticator.Type.TOTP],
        "keys": [factor.wrap() for factor in of[Authenticator.Type.WEBAUTHN]],
        "codes_left": len(left[0].wrap().get_unused_codes()) if left else None,
        "only_one": sum(factor.type in FACTORS for factor in factors) == 1 and not settings.DEMO_SIGN_IN,
    }
    return render(request, "account/mine.html", context)


def _enrols(view):
    """Decorator: a session that enrols a second factor has one; others of the person, which had none, end."""

    @wraps(view)
    def noting(request, *args, **kwargs):
        own = Authenticator.objects.filter(user=request.user, type__in=FACTORS)
        before = own.count() if request.method == "POST" else None
        response = view(request, *args, **kwargs)
        if before is not None and own.count() > before:
            if not has_factor(request):
                end_other_sessions(request, request.user)
            request.session[WITH_FACTOR] = request.user.pk
            for app in own.filter(type=Authenticator.Type.TOTP):
                use_code(app, request.POST.get("code", ""))  # what enrolled it opens nothing more
        return response

    return noting


add_app = _enrols(totp.activate_totp)
add_key = _enrols(webauthn.add_webauthn)


@reauthentication_required(app="allauth.mfa")
def remove_key(request, pk):
    """Remove a security key, unless it is the only second factor (allauth asks that of apps only)."""
    factor = get_object_or_404(Authenticator, user=request.user, type=Authenticator.Type.WEBAUTHN, pk=pk)
    if not mfa_adapter().can_delete_authenticator(factor):
        messages.error(request, str(mfa_adapter().validation_error("cannot_delete_authenticator").message))
        return redirect("mfa_index")
    return webauthn.remove_webauthn(request, pk=pk)


@require_POST
def end(request):
    """End one of my sessions (`session`), or all but this one."""
    one = request.POST.get("session")
    if one:
        session = get_object_or_404(UserSession, user=request.user, pk=one if one.isdecimal() else 0)
        end_sessions(request, [session])
        toast(request, _("That sign-in is ended."))
    else:
        end_other_sessions(request, request.user)
        toast(request, _("All other sign-ins are ended."))
    return go_to(request, "usersessions_list")


@require_POST
def stay(request):
    """Asked by the page that warns before the idle limit: the request itself is the activity."""
    return HttpResponse(status=204)


@require_GET
def staff(request):
    """Who is locked out among the staff I answer for, and a search by number or name."""
    people = _in_my_care(request).select_related("branch")
    q = request.GET.get("q", "").strip()[:60]
    locked = lockout.locked_numbers()
    wanted = Q(username__in=locked)
    if q:
        wanted = Q(username__istartswith=canonical(q)) | Q(name__contains=q)
    found = list(people.filter(wanted).order_by("username")[:MOST_FOUND])
    factors = Authenticator.objects.filter(user_id__in=[person.pk for person in found], type__in=FACTORS)
    with back_at_the_door():
        armed = set(factors.values_list("user_id", flat=True))
    rows = [
        {"user": person, "ends": locked.get(canonical(person.username)), "has_factor": person.pk in armed}
        for person in found
    ]
    return render(request, "account/staff.html", {"rows": rows, "q": q})


@require_POST
@recently_authenticated
def unlock(request, public_id):
    person = get_object_or_404(_in_my_care(request), public_id=public_id)
    services.unlock(user=person, by=request)
    toast(request, _("%(name)s may try again.") % {"name": person})
    return go_to(request, "signin:staff")


@require_POST
@recently_authenticated
def reset(request, public_id):
    """Take the password away, and with `factor=1` the second factor: show the link for a new one, once."""
    person = get_object_or_404(_in_my_care(request), public_id=public_id)
    lost_phone = request.POST.get("factor") == "1"
    act = services.drop_factors if lost_phone else services.password_link
    context = {
        "person": person,
        "lost_phone": lost_phone,
        "link": request.build_absolute_uri(act(user=person, by=request)),
        "minutes": settings.PASSWORD_RESET_TIMEOUT // 60,
    }
    return render(request, "account/link.html", context)


def _device(user_agent: str) -> str:
    """A browser and a system in words: "Edge, Windows"; a name we do not know is left out."""
    browsers = ("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari")
    systems = ("Android", "Android"), ("iPhone", "iOS"), ("Windows", "Windows"), ("Mac OS", "macOS")
    systems += (("Linux", "Linux"),)
    found = [next((name for mark, name in marks if mark in user_agent), "") for marks in (browsers, systems)]
    return ", ".join(filter(None, found)) or _("unknown browser")


def _in_my_care(request):
    """The staff this user may help; 403 for a role that helps nobody."""
    if request.user.role not in {"admin", "supervisor"}:
        raise PermissionDenied
    return request.user.may_help_in()
