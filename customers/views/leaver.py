"""The leaver's wizard: his whole book, where each customer would go and what that does to the others."""

from collections import defaultdict

from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from crm.approvals import services as approvals
from crm.http import go_to, toast
from crm.navigation import forget_counts
from customers.context_processors import current_publication
from customers.forms_moves import LeaverForm
from customers.models import Customer, Standing
from customers.moves.leaver import ask_leaver
from customers.selectors.load import load_of_customers, preview
from customers.selectors.suggestions import candidates, suggest
from customers.services.leaver import book_of
from customers.views.assigning import chosen_ids
from managers.models import Manager

ROLES = ("supervisor", "admin")
SHOWN = 50  # the most valuable, each placed by hand where one likes; the rest follows the suggestion
NEAR = 30  # receivers offered


@require_http_methods(["GET", "HEAD", "POST"])
def leaver(request, public_id):
    """GET shows the plan (recomputed for the receivers ticked), POST asks for it."""
    if request.user.role not in ROLES:
        raise PermissionDenied
    managers = Manager.objects.visible_to(request.user).select_related("user", "branch")
    found = get_object_or_404(managers, public_id=public_id)
    as_of = timezone.localdate()
    plan = _Plan(request, found, as_of)
    if request.method != "POST" or request.POST.get("act") == "again":
        start = {"last_day_off": as_of, "reason": _("leaves the bank")}
        data = request.POST if request.method == "POST" else None
        form = LeaverForm(initial=start if data is None else data)
        return _page(request, plan, form)
    form = LeaverForm(request.POST)
    if form.is_valid():
        told = form.cleaned_data
        try:
            if told["last_day_off"] < as_of:
                raise approvals.Refused(_("The first day without him is today or later."))
            ask_leaver(
                found,
                plan.placed,
                last_day_off=told["last_day_off"],
                maker=request.user,
                reason=told["reason"],
            )
        except approvals.Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            forget_counts(request.user)
            toast(request, _("Asked: %(name)s leaves, everybody is placed") % {"name": found.name})
            return go_to(request, "approvals:mine")
    return _page(request, plan, form, status=422)


class _Plan:
    """Where everybody goes: as suggested among the ticked receivers, by hand where the form says so."""

    def __init__(self, request, manager, as_of):
        self.manager, self.as_of, self.user = manager, as_of, request.user
        self.book = book_of(manager, as_of)
        own = [one for one in candidates(manager.branch.path, as_of) if one != manager]
        self.receivers = own + self._neighbours(own)
        told = request.POST if request.method == "POST" else None
        ticked = {str(each) for each in chosen_ids(told.getlist("receiver"))} if told else None
        start = own or self.receivers  # a neighbour is ticked by hand: then a higher level decides
        self.chosen = (
            start if ticked is None else [one for one in self.receivers if str(one.public_id) in ticked]
        )
        customers = Customer.objects.filter(pk__in=self.book.led, closed_on=None).only(
            "name", "number", "public_id", "kind", "tier", "branch_id"
        )
        self.customers = {one.pk: one for one in customers}
        suggested = suggest(self.customers.values(), self.chosen, as_of, but=manager)
        self.reasons = {pk: each.words for pk, each in suggested.items()}
        # who left the bank goes to the pool; so does whom nobody has room for
        self.placed = dict.fromkeys(self.book.led)
        self.placed |= {pk: each.manager for pk, each in suggested.items()}
        self._by_hand(told or {})

    def _neighbours(self, own):
        """Managers of his line in the branches beside his."""
        parent = self.manager.branch.parent
        beside = candidates(parent.path, self.as_of) if parent else []
        known = {one.pk for one in own} | {self.manager.pk}
        return [one for one in beside if one.pk not in known and one.line == self.manager.line][:NEAR]

    def _by_hand(self, told):
        known = {str(one.public_id): one for one in self.receivers}
        for pk, customer in self.customers.items():
            wish = told.get(f"to-{customer.public_id}")
            if wish in known or wish == "pool":
                self.placed[pk] = known.get(wish)

    def previews(self, night_id):
        groups = defaultdict(list)
        for pk, receiver in self.placed.items():
            if receiver:
                groups[receiver].append(pk)
        moved = {one: load_of_customers(ids, night_id, self.as_of) for one, ids in groups.items()}
        given = {self.manager: load_of_customers(self.book.led, night_id, self.as_of)}
        return preview(moved, given, night_id, self.as_of)


def _page(request, plan, form, status=None):
    published = current_publication(request)
    night_id = published.night_id if published else None
    values = dict(
        Standing.objects.filter(night_id=night_id or 0, customer__in=plan.customers).values_list(
            "customer", "aum_fen"
        )
    )
    richest = sorted(plan.customers, key=lambda pk: (-(values.get(pk) or 0), pk))[:SHOWN]
    rows = [
        {
            "customer": plan.customers[pk],
            "aum_fen": values.get(pk),
            "receiver": plan.placed[pk],
            "why": plan.reasons.get(pk, ""),
        }
        for pk in richest
    ]
    context = {
        "leaver": plan.manager,
        "form": form,
        "rows": rows,
        "total": len(plan.book.led),
        "helped": len(plan.book.helped),
        "pool": sum(receiver is None for receiver in plan.placed.values()),
        "previews": plan.previews(night_id),
        "receivers": [{"manager": one, "is_chosen": one in plan.chosen} for one in plan.receivers],
        "managers": plan.receivers,
        "action": request.get_full_path(),
    }
    return render(request, "customers/leaver.html", context, status=status)
