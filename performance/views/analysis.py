"""The seven analyses of one customer: the strip (a fragment of the customer's page) and one P opened."""

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from crm.http import render_page
from customers.models import Customer
from performance import tiles
from performance.choices import P
from performance.selectors.analysis import analysis_of


@require_safe
def strip(request, public_id):
    """Seven tiles; before a first night, or for a customer newer than it, one sentence says so."""
    customer = _visible(request, public_id)
    analysed = analysis_of(customer)
    context = {
        "customer": customer,
        "tiles": tiles.tiles(analysed, may_write=request.user.is_manager) if analysed else [],
    }
    return render_page(request, "performance/strip.html", "performance/_strip.html", context)


@require_safe
def explain(request, public_id, p):
    """One P: what it says, what it is made of, formula, date and rules."""
    customer = _visible(request, public_id)
    if p not in P.values:
        raise Http404
    analysed = analysis_of(customer)
    if analysed is None:
        context = {"customer": customer, "tiles": []}
        return render_page(request, "performance/strip.html", "performance/_strip.html", context)
    context = {
        "customer": customer,
        "p": P(p),
        "others": [other for other in P if other != p],
        **tiles.explanation(P(p), analysed, may_write=request.user.is_manager),
    }
    return render_page(request, "performance/explain.html", "performance/_explain.html", context)


def _visible(request, public_id) -> Customer:
    rows = Customer.objects.visible_to(request.user).defer("name_bigrams")
    return get_object_or_404(rows, public_id=public_id)
