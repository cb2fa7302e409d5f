"""The wizard of a hand-over: whose customers, which of them, to whom, when and why."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from crm.http import go_to
from customers.choices import Tier
from customers.context_processors import current_publication
from customers.forms_moves import HandoverForm
from customers.models import Customer, Standing
from customers.services import handover as services
from customers.views.assigning import chosen_ids
from managers.choices import Role
from managers.models import Manager, User

ROLES = ("manager", "supervisor", "admin")
SHOWN = 300  # customers of a book that the wizard shows; "all" reaches the rest


@require_http_methods(["GET", "HEAD", "POST"])
def new(request):
    """The wizard: whose customers, which of them, to whom, when and why."""
    if request.user.role not in ROLES:
        raise PermissionDenied
    as_of = timezone.localdate()
    giver = _giver(request)
    if giver is None:
        givers = Manager.objects.visible_to(request.user).select_related("user", "branch")
        context = {"givers": givers.order_by("branch__path", "user__username")[:200]}
        return render(request, "customers/handover_giver.html", context)
    choices = {"managers": _receivers(giver, as_of), "witnesses": _witnesses(giver)}
    if request.method != "POST":
        first = choices["witnesses"].first()
        start = {"effective_on": as_of, "reason": "balance", "with_balance": True, "scope": "ticked"}
        form = HandoverForm(initial=start | {"witness": first.public_id if first else None}, **choices)
        return _wizard(request, giver, form, as_of)
    form = HandoverForm(request.POST, **choices)
    if form.is_valid():
        told = form.cleaned_data
        scope = told.pop("scope")
        ids = _chosen(request, giver, everybody=scope == "all")
        try:
            handover, stays = services.prepare(
                services.Terms(giver=giver, **told), ids, prepared_by=request.user, as_of=as_of
            )
        except services.HandoverRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            _say_stays(request, stays)
            return go_to(request, "customers:handover", handover.public_id)
    return _wizard(request, giver, form, as_of, status=422)


def _giver(request) -> Manager | None:
    """Whose book: a manager's own, else the one named by `giver`, within reach."""
    if request.user.is_manager:
        giver = getattr(request.user, "manager", None)
        if giver is None:
            raise PermissionDenied
        return giver
    told = chosen_ids([request.GET.get("giver", "")])
    if not told:
        return None
    return get_object_or_404(
        Manager.objects.visible_to(request.user).select_related("user", "branch"), public_id=told[0]
    )


def _receivers(giver, as_of):
    rows = Manager.objects.serving(as_of).exclude(pk=giver.pk).select_related("user", "branch")
    return rows.order_by("branch__path", "user__username")


def _witnesses(giver):
    """Supervisors of the giver's branch or above, the nearest first."""
    parts = giver.branch.path.rstrip("/").split("/")
    above = ["/".join(parts[: count + 1]) + "/" for count in range(len(parts))]
    rows = User.objects.filter(role=Role.SUPERVISOR, is_active=True, branch__path__in=above)
    return rows.order_by("-branch__path", "username")


def _book(user, giver, tier=""):
    rows = Customer.objects.visible_to(user).filter(lead=giver, closed_on=None)
    return rows.filter(tier=tier) if tier in Tier.values else rows


def _chosen(request, giver, *, everybody):
    if everybody:
        return list(_book(request.user, giver, request.GET.get("tier", "")).values_list("pk", flat=True))
    ids = chosen_ids(request.POST.getlist("customer"))
    return list(_book(request.user, giver).filter(public_id__in=ids).values_list("pk", flat=True))


def _wizard(request, giver, form, as_of, status=None):
    parent = giver.branch.parent
    if not request.GET.get("everybody"):
        form.offer(parent.path if parent else giver.branch.path)
    published = current_publication(request)
    night_id = published.night_id if published else None
    tier = request.GET.get("tier", "")
    book = _book(request.user, giver, tier)
    total = book.count()
    rows = list(book.defer("name_bigrams").order_by("name", "id")[:SHOWN])
    standings = {
        row.customer_id: row for row in Standing.objects.filter(night_id=night_id or 0, customer__in=rows)
    }
    ticked = set(request.POST.getlist("customer")) | set(request.GET.getlist("c"))
    for row in rows:
        standing = standings.get(row.pk)
        row.aum_fen = standing.aum_fen if standing else None
        row.loan_fen = standing.loan_fen if standing else None
        row.is_ticked = str(row.public_id) in ticked
    query = "" if request.user.is_manager else f"giver={giver.public_id}&"
    context = {
        "giver": giver,
        "form": form,
        "rows": rows,
        "total": total,
        "everybody_url": "" if request.GET.get("everybody") else f"?{query}everybody=1",
        "shown": len(rows),
        "action": request.get_full_path(),
        "chips": [_tier_chip(tier, query)],
        "today": as_of,
    }
    return render(request, "customers/handover_new.html", context, status=status)


def _tier_chip(tier, query):
    options = [
        {"label": label, "url": f"?{query}tier={value}", "is_current": False} for value, label in Tier.choices
    ]
    value = str(Tier(tier).label) if tier in Tier.values else ""
    return {"label": _("Tier"), "value": value, "clear_url": f"?{query}", "options": options}


def _say_stays(request, stays):
    if stays:
        said = ngettext(
            "%(n)s customer stays by the rule: fewer than 3 instalments of the loan are left.",
            "%(n)s customers stay by the rule: fewer than 3 instalments of their loans are left.",
            len(stays),
        )
        messages.warning(request, said % {"n": len(stays)})
