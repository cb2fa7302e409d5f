"""Assign, return, take into custody: at once by whoever may decide, else asked for at the right level."""

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from crm.approvals import services as approvals
from crm.http import go_to, is_fragment, render_page, toast
from crm.navigation import forget_counts
from customers.approvals import ask_backdated_assignment
from customers.context_processors import current_publication
from customers.forms_moves import AssignForm
from customers.models import Assignment, Custody, Customer, HandoverItem
from customers.moves.assignment import ask_assignment, ask_custody
from customers.moves.common import level_for
from customers.selectors.load import load_of_customers, loads_of
from customers.selectors.suggestions import candidates, suggest
from customers.services.assignment import AssignmentRefused, place
from customers.services.custody import end_custody, take_into_custody
from customers.views.access import visible_customer
from managers.models import Manager

ROLES = ("manager", "supervisor", "admin")
SHOWN = 40  # managers in the choice; a search finds the others
MOST = 100


def chosen_ids(told: list[str]) -> list[UUID]:
    """The identifiers among `told`; what is none is dropped."""
    found = []
    for each in told[:1000]:
        try:
            found.append(UUID(each))
        except ValueError:
            continue
    return found


def decide_or_ask(user, customers, *, manager, from_date, as_of, reason, **co) -> str:
    """Move `customers` to `manager` (None: the pool): "done" where `user` may decide it alone, else "asked".

    Raises AssignmentRefused or approvals.Refused; nothing has changed then.
    """
    level = level_for(customers, [manager, co.get("co")])
    if level.is_in_hands_of(user):
        place(
            [customer.pk for customer in customers],
            manager=manager,
            from_date=from_date,
            as_of=as_of,
            reason=reason,
            **co,
        )
        return "done"
    ask_assignment(customers, manager=manager, from_date=from_date, maker=user, reason=reason, **co)
    return "asked"


def say(request, outcome, customers, manager) -> None:
    """What became of it, on the next page."""
    told = {"n": len(customers), "name": manager.name if manager else _("the pool")}
    if outcome == "done":
        words = ngettext("%(n)s customer to %(name)s", "%(n)s customers to %(name)s", told["n"]) % told
        toast(request, words)
    else:
        words = ngettext("Asked: %(n)s customer to %(name)s", "Asked: %(n)s customers to %(name)s", told["n"])
        toast(request, words % told)
    forget_counts(request.user)


@require_http_methods(["GET", "HEAD", "POST"])
def assign(request):
    """The chosen customers (`c`, one or many) and what is to become of them."""
    if request.user.role not in ROLES:
        raise PermissionDenied
    as_of = timezone.localdate()
    ids = chosen_ids(request.GET.getlist("c"))
    customers = list(
        Customer.objects.visible_to(request.user)
        .filter(public_id__in=ids)
        .defer("name_bigrams")
        .select_related("branch", "lead__user", "lead__branch", "co__user")
        .order_by("number")[:MOST]
    )
    if not customers:
        raise Http404
    reach = _reach(request, as_of)
    if request.method != "POST":
        form = AssignForm(initial={"act": "assign", "from_date": as_of, "co_percent": 30}, managers=reach)
        return _page(request, form, customers, as_of)
    form = AssignForm(request.POST, managers=reach)
    if form.is_valid():
        try:
            outcome = _carry_out(request.user, customers, form, as_of)
        except (AssignmentRefused, approvals.Refused) as refusal:
            form.add_error(None, str(refusal))
        else:
            return _done(request, outcome, customers, form)
    return _page(request, form, customers, as_of, status=422)


def _reach(request, as_of):
    """Managers who may be chosen: everybody who serves; the page offers the nearest."""
    return Manager.objects.serving(as_of).select_related("user", "branch").order_by("user__username")


def _carry_out(user, customers, form, as_of) -> str:
    told = form.cleaned_data
    terms = {"from_date": told["from_date"], "reason": told["reason"]}
    if told["act"] == "custody":
        terms |= {"custodian": told["manager"], "to_date": told["to_date"]}
        if level_for(customers, [told["manager"]]).is_in_hands_of(user):
            take_into_custody([one.pk for one in customers], as_of=as_of, **terms)
            return "done"
        ask_custody(customers, maker=user, **terms)
        return "asked"
    manager = told["manager"] if told["act"] == "assign" else None
    co = form.co_terms if manager else {}
    if told["from_date"] < as_of:
        return _correct(user, customers, manager, terms, co, as_of)
    return decide_or_ask(user, customers, manager=manager, as_of=as_of, **terms, **co)


def _correct(user, customers, manager, terms, co, as_of):
    """A day that is past: one customer at a time, two people, with a reason."""
    if manager is None or len(customers) > 1:
        raise AssignmentRefused(
            _("A correction of past days is asked for one customer at a time, and names his manager.")
        )
    if not user.is_supervisor and user.role != "admin":
        raise AssignmentRefused(_("A correction of past days is asked for by a supervisor."))
    ask_backdated_assignment(customers[0], manager=manager, maker=user, as_of=as_of, **terms, **co)
    return "asked"


def _done(request, outcome, customers, form):
    told = form.cleaned_data
    say(request, outcome, customers, told["manager"] if told["act"] != "return" else None)
    still = Customer.objects.visible_to(request.user).filter(pk=customers[0].pk).exists()
    if len(customers) == 1 and still:
        return go_to(request, "customers:detail", customers[0].public_id)
    return go_to(request, "customers:book" if outcome == "asked" or not still else "customers:pool")


def _page(request, form, customers, as_of, status=None):
    published = current_publication(request)
    night_id = published.night_id if published else None
    offered = _offered(request, customers, as_of)
    form.offer(offered)
    loads = loads_of(offered, night_id, as_of)
    moved = load_of_customers([one.pk for one in customers], night_id, as_of)
    suggested = suggest(customers[:1], offered, as_of, but=customers[0].lead).get(customers[0].pk)
    chosen = str(form["manager"].value() or (suggested.manager.public_id if suggested else ""))
    context = {
        "form": form,
        "customers": customers,
        "moved": moved,
        "choices": [_choice(manager, loads[manager.pk], moved, suggested, chosen) for manager in offered],
        "q": request.GET.get("q", "")[:40],
        "today": as_of,
        "action": request.get_full_path(),
        "in_drawer": is_fragment(request),
        "level": level_for(customers, [request.user.manager] if request.user.is_manager else []).words,
    }
    return render_page(request, "customers/assign.html", "customers/_assign.html", context, status=status)


def _offered(request, customers, as_of) -> list[Manager]:
    """The managers shown: found by name or number, else those of the customers' branch and the user's."""
    words = request.GET.get("q", "").strip()[:40]
    if words:
        found = Q(user__name__icontains=words) | Q(user__username=words) | Q(branch__name__icontains=words)
        return list(_reach(request, as_of).filter(found)[:SHOWN])
    near = candidates(customers[0].branch_path, as_of)
    if len(near) < 2 and request.user.branch:
        near = candidates(request.user.branch.path, as_of)
    return near[:SHOWN]


def _choice(manager, load, moved, suggested, chosen):
    after = load + moved
    return {
        "manager": manager,
        "load": load,
        "after": after,
        "is_full": after.share is not None and after.share > 1,
        "why": suggested.words if suggested and suggested.manager == manager else "",
        "is_chosen": str(manager.public_id) == chosen,
    }


@require_safe
def care(request, public_id):
    """Who looks after the customer and since when: assignments, custody, hand-overs (a part of his page)."""
    customer = visible_customer(request.user, public_id)
    as_of = timezone.localdate()
    context = {
        "customer": customer,
        "rows": list(
            Assignment.objects.filter(customer=customer)
            .select_related("manager__user", "manager__branch")
            .order_by("-during", "-role")[:40]
        ),
        "custodies": list(
            Custody.objects.filter(customer=customer, during__endswith__gt=as_of)
            .select_related("custodian__user", "custodian__branch")
            .order_by("during")
        ),
        "papers": list(
            HandoverItem.objects.filter(customer=customer)
            .select_related("handover")
            .order_by("-handover__effective_on")[:10]
        ),
        "assign_url": f"{reverse('customers:assign')}?c={public_id}" if request.user.role in ROLES else "",
        "may_end": request.user.is_supervisor,
        "today": as_of,
    }
    return render_page(request, "customers/care.html", "customers/_care.html", context)


@require_POST
def custody_end(request, public_id):
    """End a custody today: its custodian gives back, a supervisor recalls."""
    rows = Custody.objects.filter(customer__in=Customer.objects.visible_to(request.user))
    custody = get_object_or_404(rows.select_related("customer", "custodian__branch"), public_id=public_id)
    if not (
        request.user.is_supervisor and custody.custodian.branch.path.startswith(request.user.branch.path)
    ):
        raise PermissionDenied
    end_custody(custody, on=timezone.localdate())
    toast(request, _("Custody ended: %(name)s") % {"name": custody.customer.name})
    return go_to(request, "customers:detail", custody.customer.public_id)
