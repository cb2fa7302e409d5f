"""The profile, edited in place: a fact or a part of the identity opens where it stands, and closes saved."""

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from crm import audit
from crm.history.people import actor_words
from crm.http import go_to, is_fragment, render_page, trigger
from customers.choices import FactSource, IdentityPart
from customers.models import CustomerIdentity, IdentityCheck, ProfileField
from customers.profile_forms import FactForm, IdentityForm
from customers.selectors.facts import changed_by, identity_parts, latest_facts, profile_of, version_of
from customers.services.facts import (
    ChangedMeanwhile,
    FactRefused,
    identity_version,
    write_fact,
    write_identity,
)
from customers.topics import topic_words, why_words
from customers.views.access import manager_of, panel, visible_customer, writing_manager
from customers.views.reveal import REVEALERS
from managers.models import User


@require_safe
def profile(request, public_id):
    """Everything known of the customer: what is missing first, then every fact by topic."""
    customer = visible_customer(request.user, public_id)
    if not is_fragment(request):
        audit.record(request, "read", subject=customer, own=False)
    return _page(request, customer, timezone.localdate())


@require_http_methods(["GET", "HEAD", "POST"])
def fact(request, public_id, code):
    """One field, open for editing in its place."""
    customer = visible_customer(request.user, public_id)
    writing_manager(request.user)
    asked = {"for_persons": True} if customer.is_person else {"for_organisations": True}
    field = get_object_or_404(ProfileField, code=code, **asked)
    as_of = timezone.localdate()
    current = latest_facts(customer, as_of).get(field.pk)
    told = {"as_of": as_of, "field": field, "current": current.value if current else ""}
    if request.method != "POST":
        initial = {"source": FactSource.CUSTOMER, "is_verified": True, "seen": version_of(current)}
        if current:
            initial |= {"value": current.value, "source": current.source}
        return _page(request, customer, as_of, editing=code, form=FactForm(initial=initial, **told))
    form = FactForm(request.POST, **told)
    if not form.is_valid():
        return _page(request, customer, as_of, editing=code, form=form, status=422)
    try:
        write_fact(customer, field, by=request.user, as_of=as_of, **form.values())
    except FactRefused as refusal:
        form.add_error(None, str(refusal))
        return _page(request, customer, as_of, editing=code, form=form, status=422)
    except ChangedMeanwhile as meanwhile:
        theirs = meanwhile.current.value if meanwhile.current else ""
        return _conflict(request, customer, as_of, code, form, meanwhile, theirs)
    return _saved(request, customer, as_of, name_of(field))


@require_http_methods(["GET", "HEAD", "POST"])
def identity(request, public_id, part):
    """One part of the identity, open for editing: the new value is written sealed, the old not shown."""
    customer = visible_customer(request.user, public_id)
    writing_manager(request.user)
    if part not in IdentityPart.values:
        raise Http404
    as_of = timezone.localdate()
    stored = CustomerIdentity.objects.filter(customer=customer).first()
    check = IdentityCheck.objects.filter(customer=customer, part=part).first()
    shown = next(each for each in identity_parts(customer, as_of) if each.part == part)
    told = {"as_of": as_of, "part": part, "customer": customer, "has_value": bool(shown.value)}
    if request.method != "POST":
        initial = {
            "source": FactSource.DOCUMENT if part == IdentityPart.DOCUMENT else FactSource.CUSTOMER,
            "is_verified": True,
            "document": stored.document if stored else None,
            "expires_on": shown.expires_on,
            "seen": identity_version(stored, check, part),
        }
        return _page(request, customer, as_of, editing=part, form=IdentityForm(initial=initial, **told))
    form = IdentityForm(request.POST, **told)
    if not form.is_valid():
        return _page(request, customer, as_of, editing=part, form=form, status=422)
    try:
        write_identity(customer, part, by=request.user, as_of=as_of, **form.values())
    except FactRefused as refusal:
        form.add_error("value", str(refusal))
        return _page(request, customer, as_of, editing=part, form=form, status=422)
    except ChangedMeanwhile as meanwhile:
        return _conflict(request, customer, as_of, part, form, meanwhile, "")
    return _saved(request, customer, as_of, IdentityPart(part).label)


def name_of(field: ProfileField) -> str:
    """The field's name in the reader's language."""
    return field.name if (get_language() or "").startswith("zh") else field.name_en


def _page(request, customer, as_of, *, editing="", form=None, status=None, **more):
    known = profile_of(customer, as_of)
    in_gaps = {row.field.code for row in known.gaps}
    context = {
        "customer": customer,
        "profile": known,
        "as_of": as_of,
        "topics": [(topic_words(topic), rows) for topic, rows in known.by_topic()],
        "gaps": [(row, why_words(row.topic)) for row in known.gaps],
        "parts": identity_parts(customer, as_of),
        "editing": editing,
        "form": form,
        # the list of everything known opens for what is edited in it, and where it is a page of its own
        "is_open": (editing and editing not in in_gaps)
        or "open" in request.GET
        or not (editing or (request.method == "GET" and is_fragment(request))),
        "may_write": manager_of(request.user) is not None,
        "may_reveal": request.user.role in REVEALERS,
        "worth_url": panel("performance:profile_worth", customer.public_id),
        **more,
    }
    return render_page(request, "customers/profile.html", "customers/_profile.html", context, status=status)


def _conflict(request, customer, as_of, editing, form, meanwhile, theirs):
    """Both values, and the form as it was typed: saved again it writes over what is shown here."""
    form.data = form.data.copy()
    form.data["seen"] = meanwhile.version
    line = changed_by(meanwhile.current) if meanwhile.current else None
    conflict = {"theirs": theirs, "at": line and line.at, "who": _who(line)}
    return _page(request, customer, as_of, editing=editing, form=form, conflict=conflict, status=422)


def _who(line):
    if line is None:
        return ""
    return User.objects.filter(username=line.actor).values_list("name", flat=True).first() or actor_words(
        line.actor
    )


def _saved(request, customer, as_of, name):
    if not is_fragment(request):
        return go_to(request, "customers:profile", customer.public_id)
    return trigger(_page(request, customer, as_of), toast={"text": _("Saved: %(name)s") % {"name": name}})
