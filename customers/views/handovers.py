"""Hand-overs: the list, the wizard, one paper with its signatures, and the protocol to print."""

from functools import partial

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe
from kombu.exceptions import OperationalError

from crm.approvals import services as approvals
from crm.http import go_to, render_page, toast
from crm.signin import recently_authenticated
from crm.wall.scope import beyond_scope
from customers.choices import HandoverState
from customers.context_processors import current_publication
from customers.models import Customer, Handover, HandoverItem
from customers.moves.handover import ask_handover
from customers.selectors.handover_brief import brief_rows
from customers.selectors.handovers import is_sent, obstacles, stage_of, with_requests
from customers.selectors.load import Load, load_of_customers, preview
from customers.services import handover as services
from customers.tasks import carry_out_handover

ROLES = ("manager", "supervisor", "admin")
READERS = (*ROLES, "auditor")
LISTED = 60
ITEMS = 100  # on a paper's page; the protocol holds all
PARTIES = ("giver", "receiver", "witness")


@require_safe
def handovers(request):
    """Hand-overs that concern the reader, the newest first, those that wait for him on top."""
    if request.user.role not in READERS:
        raise PermissionDenied
    rows = with_requests(
        list(
            Handover.objects.visible_to(request.user)
            .select_related("giver__user", "receiver__user", "witness")
            .order_by("-effective_on", "-id")[:LISTED]
        )
    )
    counts = dict(
        HandoverItem.objects.filter(handover__in=rows, left_out="")
        .order_by()
        .values_list("handover")
        .annotate(n=Count("pk"))
    )
    for row in rows:
        row.n, row.stage = counts.get(row.pk, 0), stage_of(row)
        row.is_mine = any(_may_sign(row, request.user, party) for party in PARTIES)
    rows.sort(key=lambda row: not row.is_mine)
    context = {"rows": rows, "may_prepare": request.user.role in ROLES, "most": LISTED}
    return render(request, "customers/handovers.html", context)


@require_safe
def handover(request, public_id):
    """One paper: who, how far, what stands in the way, loads before and after, customers."""
    found = _visible(request.user, public_id)
    return _paper(request, found)


@require_POST
def send(request, public_id):
    """The preparer sends it: it may be signed, and waits for approval."""
    found = _visible(request.user, public_id)
    if not _may_prepare(found, request.user):
        raise PermissionDenied
    reason = request.POST.get("reason", "").strip() or found.get_reason_display()
    try:
        with transaction.atomic():
            _save_problems(request, found)
            ask_handover(found, maker=request.user, reason=str(reason))
    except (services.HandoverRefused, approvals.Refused) as refusal:
        messages.error(request, str(refusal))
    else:
        toast(request, _("Sent: %(ref)s") % {"ref": found.ref})
    return go_to(request, "customers:handover", public_id)


@require_POST
def problems(request, public_id):
    """Save the problem list of the customers shown."""
    found = _visible(request.user, public_id)
    if not _may_prepare(found, request.user) and not _is_giver(found, request.user):
        raise PermissionDenied
    try:
        _save_problems(request, found)
    except services.HandoverRefused as refusal:
        messages.error(request, str(refusal))
    else:
        toast(request, _("Problem list saved"))
    return go_to(request, "customers:handover", public_id)


@require_POST
@recently_authenticated
def sign(request, public_id):
    """Sign as giver, receiver or witness, signed in anew within five minutes."""
    found = _visible(request.user, public_id)
    party = request.POST.get("party", "")
    try:
        signed = services.sign(found, request.user, as_party=party, at=timezone.now())
    except services.HandoverRefused as refusal:
        messages.error(request, str(refusal))
    else:
        toast(request, _("Signed: %(ref)s") % {"ref": found.ref})
        if signed.is_signed_by_all and signed.approved_at:
            _carry_out_soon(signed)
    return go_to(request, "customers:handover", public_id)


@require_POST
def settle(request, public_id):
    """Customers who can no longer be handed over: leave them out (`drop`), or let the rest go on whatever
    happens until it is carried out (`go_on`)."""
    found = _visible(request.user, public_id)
    if not _may_prepare(found, request.user) and not _is_giver(found, request.user):
        raise PermissionDenied
    blocked = obstacles(found, timezone.localdate())
    try:
        services.leave_out(found, blocked)
    except services.HandoverRefused as refusal:
        messages.error(request, str(refusal))
        return go_to(request, "customers:handover", public_id)
    if request.POST.get("act") == "go_on":
        Handover.objects.filter(pk=found.pk, state=HandoverState.DRAFT).update(go_on=True)
    toast(
        request,
        ngettext("%(n)s customer left out", "%(n)s customers left out", len(blocked)) % {"n": len(blocked)},
    )
    found.refresh_from_db()
    if found.is_signed_by_all and found.approved_at:
        _carry_out_soon(found)
    return go_to(request, "customers:handover", public_id)


@require_POST
def cancel(request, public_id):
    """Give it up before it is carried out."""
    found = _visible(request.user, public_id)
    if not _may_prepare(found, request.user):
        raise PermissionDenied
    try:
        services.cancel(found)
    except services.HandoverRefused as refusal:
        messages.error(request, str(refusal))
    else:
        toast(request, _("Given up: %(ref)s") % {"ref": found.ref})
    return go_to(request, "customers:handovers")


@require_safe
def protocol(request, public_id):
    """The protocol to print: terms, problem list, what the receiver must know of each customer in scope."""
    found = _visible(request.user, public_id)
    published = current_publication(request)
    items = list(HandoverItem.objects.filter(handover=found).order_by("-on_problem_list", "left_out", "pk"))
    rows = brief_rows(
        request.user, [item.customer_id for item in items], published.night_id if published else None
    )
    hidden = _masked(found, [item.customer_id for item in items if item.customer_id not in rows])
    for item in items:
        item.brief, item.masked = rows.get(item.customer_id), hidden.get(item.customer_id)
    context = {
        "handover": found,
        "items": items,
        "problems": [item for item in items if item.on_problem_list],
        "stage": stage_of(found),
        "signatures": _signatures(found, request.user),
        "today": timezone.localdate(),
    }
    return render(request, "customers/handover_protocol.html", context)


def _visible(user, public_id) -> Handover:
    rows = Handover.objects.visible_to(user).select_related(
        "giver__user",
        "giver__branch",
        "receiver__user",
        "receiver__branch",
        "witness",
        "prepared_by",
        "approval",
    )
    found = get_object_or_404(rows, public_id=public_id)
    return with_requests([found])[0]


def _paper(request, found, status=None):
    as_of = timezone.localdate()
    published = current_publication(request)
    night_id = published.night_id if published else None
    items = list(HandoverItem.objects.filter(handover=found).order_by("-on_problem_list", "pk")[:ITEMS])
    total = HandoverItem.objects.filter(handover=found, left_out="").count()
    rows = brief_rows(request.user, [item.customer_id for item in items], night_id)
    hidden = _masked(found, [item.customer_id for item in items if item.customer_id not in rows])
    is_open = found.state == HandoverState.DRAFT
    blocked = obstacles(found, as_of) if is_open else {}
    for item in items:
        item.brief = rows.get(item.customer_id)
        item.masked = hidden.get(item.customer_id)
        item.blocked = blocked.get(item.customer_id, "")
    prepares = _may_prepare(found, request.user)
    sent = is_sent(found)
    context = {
        "handover": found,
        "items": items,
        "total": total,
        "shown": len(items),
        "blocked": len(blocked),
        "blocked_words": list(dict.fromkeys(blocked.values()))[:4],
        "stage": stage_of(found, len(blocked)),
        "signatures": _signatures(found, request.user),
        "previews": _previews(request.user, found, night_id, as_of) if is_open else [],
        "shows_amounts": not request.user.is_manager,
        "may_send": is_open and prepares and not sent and total,
        "may_edit": is_open and not sent and (prepares or _is_giver(found, request.user)),
        "may_settle": is_open and blocked and (prepares or _is_giver(found, request.user)),
        "may_cancel": is_open and prepares,
        "today": as_of,
    }
    return render_page(request, "customers/handover.html", "customers/_handover.html", context, status=status)


def _masked(found, ids):
    """Who signs and does not see the customers yet learns tier and kind, and a masked name."""
    with beyond_scope():
        rows = Customer.objects.filter(pk__in=ids).only("name", "number", "kind", "tier")
        return {row.pk: row for row in rows}


def _previews(user, found, night_id, as_of):
    ids = list(HandoverItem.objects.filter(handover=found, left_out="").values_list("customer", flat=True))
    with beyond_scope():
        moved = load_of_customers(ids, night_id, as_of) if ids else Load()
    return preview({found.receiver: moved}, {found.giver: moved}, night_id, as_of)


def _signatures(found, user):
    people = (
        ("giver", _("Transferor"), found.giver.user),
        ("receiver", _("Transferee"), found.receiver.user),
        ("witness", _("Witness"), found.witness),
    )
    return [
        {
            "party": party,
            "label": label,
            "who": who,
            "at": getattr(found, f"{party}_signed_at"),
            "may_sign": _may_sign(found, user, party),
        }
        for party, label, who in people
    ]


def _may_sign(found, user, party):
    return (
        found.state == HandoverState.DRAFT
        and is_sent(found)
        and getattr(found, f"{party}_signed_at") is None
        and services.party_of(found, user, party) is not None
    )


def _may_prepare(found, user):
    """Who prepared it, or a supervisor who leads its giver."""
    leads = user.is_supervisor and found.giver.branch.path.startswith(user.branch.path)
    return found.prepared_by_id == user.pk or leads


def _is_giver(found, user):
    return found.giver.user_id == user.pk


def _save_problems(request, found):
    """What the page shows of the problem list, by the items' keys."""
    shown = [int(key) for key in request.POST.getlist("item") if key.isdigit()][:ITEMS]
    if not shown:
        return
    items = dict(HandoverItem.objects.filter(handover=found, pk__in=shown).values_list("pk", "customer"))
    notes = {
        customer: (f"problem-{pk}" in request.POST, request.POST.get(f"note-{pk}", "").strip()[:1000])
        for pk, customer in items.items()
    }
    services.mark_problems(found, notes)


def _carry_out_soon(found):
    """A worker writes the assignments as soon as this request has committed; the turn finds it otherwise."""

    def deliver(key):
        try:
            carry_out_handover.delay(key)
        except OperationalError:
            return

    transaction.on_commit(partial(deliver, found.pk))
