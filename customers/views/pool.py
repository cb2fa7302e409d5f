"""The pool: who has no manager, who is suggested and why; assign or ask for one or many."""

from collections import defaultdict

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from crm import keyset
from crm.approvals import services as approvals
from crm.http import go_to, render_page
from crm.look import figures
from customers.choices import CustomerKind, Tier
from customers.context_processors import current_publication
from customers.models import Customer
from customers.selectors import pool as selectors
from customers.selectors.suggestions import suggest
from customers.services.assignment import AssignmentRefused
from customers.views.assigning import chosen_ids, decide_or_ask, say

ROLES = ("manager", "supervisor", "admin", "auditor")
MOST_AT_ONCE = 100


@require_http_methods(["GET", "HEAD", "POST"])
def pool(request):
    """One page of the pool; POST assigns the ticked ones as suggested, or asks for them."""
    if request.user.role not in ROLES:
        raise PermissionDenied
    if request.method == "POST":
        return _act(request)
    as_of = timezone.localdate()
    published = current_publication(request)
    night_id = published.night_id if published else None
    state = selectors.PoolState.read(request.GET)
    order = f"pool:{request.user.pk}:{state}"
    lists = selectors.segments(request.user, state, night_id)
    try:
        cursors = keyset.cursors(request.GET, order, lists)
    except keyset.BadCursor:
        return render(request, "customers/bad_cursor.html", {"start_url": request.path}, status=400)
    page, rows = selectors.pool_page(request.user, state, night_id, as_of, **cursors)
    base = urlencode(state.filters)
    context = {
        "rows": rows,
        "chips": _chips(state),
        "condition_count": len(state.filters),
        "clear_url": request.path,
        "is_masked": request.user.is_manager,
        "may_act": request.user.role != "auditor",
        "words": ngettext("%(n)s customer here", "%(n)s customers here", len(rows)) % {"n": len(rows)},
        "previous_url": f"?{base}&before={keyset.pack(page.places[0], order)}"
        if page.has_previous and rows
        else "",
        "next_url": f"?{base}&after={keyset.pack(page.places[-1], order)}" if page.next_place else "",
        "next_from": _next_from(page, request.user),
    }
    return render_page(request, "customers/pool.html", "customers/_pool.html", context)


def _next_from(page, user):
    place = page.next_place
    shows = place is not None and len(place.values) > 1 and not user.is_manager
    return figures.short_money(place.values[0]) if shows else ""


def _chips(state):
    choices = {"kind": (_("Kind"), CustomerKind.choices), "tier": (_("Tier"), Tier.choices)}
    return [
        {
            "label": label,
            "value": str(dict(options).get(getattr(state, name), "")),
            "clear_url": "?" + urlencode({k: v for k, v in state.filters.items() if k != name}),
            "options": [
                {"label": words, "url": "?" + urlencode(state.filters | {name: value}), "is_current": False}
                for value, words in options
            ],
        }
        for name, (label, options) in choices.items()
    ]


def _act(request):
    if request.user.role == "auditor":
        raise PermissionDenied
    ids = chosen_ids(request.POST.getlist("customer"))
    with selectors.reading_pool(request.user):
        customers = list(
            selectors.pool_of(request.user)
            .filter(public_id__in=ids)
            .defer("name_bigrams")
            .select_related("branch")[: MOST_AT_ONCE + 1]
        )
    if not customers:
        messages.error(request, _("Tick at least one customer who is still in the pool."))
        return go_to(request, "customers:pool")
    if len(customers) > MOST_AT_ONCE:
        messages.error(request, _("At most %(n)s at once.") % {"n": MOST_AT_ONCE})
        return go_to(request, "customers:pool")
    if request.POST.get("act") == "choose" and not request.user.is_manager:
        chosen = urlencode([("c", str(one.public_id)) for one in customers])
        return redirect(f"{reverse('customers:assign')}?{chosen}", permanent=False)
    missed = len(set(ids)) - len(customers)
    if missed:
        messages.warning(
            request,
            ngettext("%(n)s customer has a manager by now.", "%(n)s customers have a manager by now.", missed)
            % {"n": missed},
        )
    _place(request, customers)
    return go_to(request, "customers:pool")


def _place(request, customers: list[Customer]):
    """Each to his suggested manager; a manager asks for them himself."""
    as_of = timezone.localdate()
    groups, homeless = defaultdict(list), 0
    if request.user.is_manager:
        groups[request.user.manager] = customers
        reason = _("claimed from the pool")
    else:
        suggested = suggest(customers, selectors.nearby(request.user, as_of), as_of)
        for customer in customers:
            if customer.pk in suggested:
                groups[suggested[customer.pk].manager].append(customer)
            else:
                homeless += 1
        reason = _("assigned from the pool, as suggested")
    for manager, theirs in groups.items():
        try:
            outcome = decide_or_ask(
                request.user, theirs, manager=manager, from_date=as_of, as_of=as_of, reason=reason
            )
        except (AssignmentRefused, approvals.Refused) as refusal:
            messages.error(request, f"{manager.name}: {refusal}")
            continue
        say(request, outcome, theirs, manager)
    if homeless:
        messages.warning(
            request,
            ngettext(
                "For %(n)s customer nobody fits: choose a manager by hand.",
                "For %(n)s customers nobody fits: choose a manager by hand.",
                homeless,
            )
            % {"n": homeless},
        )
