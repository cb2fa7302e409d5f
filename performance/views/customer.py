"""Parts of the customer's page that come from the night: contribution, stage, worth of the profile."""

from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from crm.http import render_page
from customers.models import Customer
from customers.selectors.facts import profile_of
from performance import lifecycle as life
from performance.choices import P
from performance.selectors.analysis import analysis_of
from performance.selectors.worth import worth_of
from performance.tiles import FORMULAS, explanation


@require_safe
def contribution(request, public_id):
    """Interest, fees, costs, loss and what is left: the parts of a year's net value (EVA)."""
    customer = visible(request, public_id)
    analysed = analysis_of(customer)
    told = explanation(P.PROFITABILITY, analysed, may_write=False) if analysed else {}
    context = {"customer": customer, "formula": FORMULAS[P.PROFITABILITY], **told}
    page, part = "performance/contribution.html", "performance/_contribution.html"
    return render_page(request, page, part, context)


@require_safe
def lifecycle(request, public_id):
    """Why the customer is in this stage, what would move him, and how he came here."""
    customer = visible(request, public_id)
    analysed = analysis_of(customer)
    context = {
        "customer": customer,
        "why": life.why(customer, analysed),
        "stages": life.stages(),
        "moves": life.moves_of(customer),
        "age": life.age_words(customer, timezone.localdate()),
        "version": analysed.night.version if analysed else "",
        "as_of": analysed.as_of if analysed else None,
    }
    page, part = "performance/lifecycle.html", "performance/_lifecycle.html"
    return render_page(request, page, part, context)


@require_safe
def profile_worth(request, public_id):
    """How fresh the profile is, and what putting it right is worth in the score."""
    customer = visible(request, public_id)
    as_of = timezone.localdate()
    known = profile_of(customer, as_of)
    context = {
        "customer": customer,
        "profile": known,
        "worth": worth_of(customer, known, request.user, as_of),
        "as_of": as_of,
    }
    page, part = "performance/profile_worth.html", "performance/_profile_worth.html"
    return render_page(request, page, part, context)


def visible(request, public_id) -> Customer:
    """The customer, or 404 where he may not be seen."""
    rows = Customer.objects.visible_to(request.user).defer("name_bigrams")
    return get_object_or_404(rows, public_id=public_id)
