"""Leave and cover: who is away in the next weeks, who serves his customers, and whom nobody serves."""

from datetime import timedelta

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from crm.approvals import services as approvals
from crm.http import go_to, toast
from customers.context_processors import current_publication
from customers.models import Custody, Customer
from customers.moves.assignment import MOST, ask_custody
from customers.moves.common import level_for
from customers.selectors.load import loads_of
from customers.selectors.suggestions import candidates
from customers.services.assignment import AssignmentRefused
from customers.services.custody import latest_end, take_into_custody
from managers.models import Leave, Manager

ROLES = ("supervisor", "admin", "auditor", "manager")
WEEKS = 6


@require_http_methods(["GET", "HEAD", "POST"])
def leave(request):
    """Leaves of the next weeks with their cover; POST gives the whole book of one leave into custody."""
    if request.user.role not in ROLES:
        raise PermissionDenied
    as_of = timezone.localdate()
    if request.method == "POST":
        return _cover(request, as_of)
    managers = Manager.objects.visible_to(request.user)
    rows = list(
        Leave.objects.filter(
            manager__in=managers,
            during__overlap=(as_of, as_of + timedelta(weeks=WEEKS)),
        )
        .select_related("manager__user", "manager__branch", "covered_by__user")
        .order_by("during", "pk")[:200]
    )
    _add_cover(request, rows, as_of)
    context = {
        "rows": rows,
        "weeks": WEEKS,
        "may_cover": request.user.is_supervisor,
        "today": as_of,
        "team": list(
            managers.serving(as_of).select_related("user", "branch").order_by("user__username")[:200]
        )
        if request.user.role in ("supervisor", "admin")
        else [],
    }
    return render(request, "customers/leave.html", context)


def _add_cover(request, rows, as_of):
    """To each leave: customers led, how many of them in custody in its days, and who has room."""
    leads = {row.manager_id for row in rows}
    led = dict(
        Customer.objects.filter(lead__in=leads, closed_on=None)
        .order_by()
        .values_list("lead")
        .annotate(n=Count("pk"))
    )
    held = list(
        Custody.objects.filter(lead__in=leads, during__endswith__gt=as_of).values_list("lead", "during")
    )
    near = candidates(request.user.branch.path, as_of) if request.user.is_supervisor else []
    published = current_publication(request)
    loads = loads_of(near, published.night_id if published else None, as_of) if near else {}
    for row in rows:
        row.customers = led.get(row.manager_id, 0)
        row.held = sum(
            lead == row.manager_id and during.lower < row.during.upper and row.during.lower < during.upper
            for lead, during in held
        )
        row.is_open = row.customers > row.held
        row.choices = _choices(row, near, loads) if row.is_open else []


def _choices(row, near, loads):
    """Who could cover: of his line, the one with the most room first; the named cover before all."""
    fit = [one for one in near if one != row.manager and one.line == row.manager.line]
    fit.sort(key=lambda one: (one.pk != row.covered_by_id, loads[one.pk].share or 9))
    return [{"manager": one, "share": loads[one.pk].share} for one in fit[:8]]


def _cover(request, as_of):
    if not request.user.is_supervisor:
        raise PermissionDenied
    managers = Manager.objects.visible_to(request.user)
    rows = Leave.objects.filter(manager__in=managers).select_related("manager__user")
    found = get_object_or_404(rows, public_id=request.POST.get("leave") or None)
    custodian = get_object_or_404(
        managers.select_related("user", "branch"), public_id=request.POST.get("custodian") or None
    )
    start = max(found.during.lower, as_of)
    customers = list(
        Customer.objects.visible_to(request.user)
        .filter(lead=found.manager, closed_on=None)
        .exclude(co=custodian)
        .exclude(custodies__during__overlap=(start, found.during.upper))
        .defer("name_bigrams")
        .select_related("lead__branch", "lead__user")[: MOST + 1]
    )
    terms = {
        "custodian": custodian,
        "from_date": start,
        "to_date": min(found.during.upper, latest_end(start)),
        "reason": _("cover for %(name)s") % {"name": found.manager.name},
    }
    try:
        if level_for(customers, [custodian]).is_in_hands_of(request.user):
            take_into_custody([one.pk for one in customers], as_of=as_of, **terms)
            said = ngettext(
                "%(n)s customer in custody of %(name)s",
                "%(n)s customers in custody of %(name)s",
                len(customers),
            )
        else:
            ask_custody(customers, maker=request.user, **terms)
            said = _("Asked: custody of %(n)s customers for %(name)s")
    except (AssignmentRefused, approvals.Refused) as refusal:
        messages.error(request, str(refusal))
    else:
        toast(request, said % {"n": len(customers), "name": custodian.name})
    return go_to(request, "customers:leave")
