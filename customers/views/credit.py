"""Loans with their moves between the five classes: a part of the customer's page, for who borrows."""

from django.utils import timezone
from django.views.decorators.http import require_safe

from crm import audit
from crm.http import is_fragment, render_page
from customers.context_processors import current_publication
from customers.selectors.credit import credit_of
from customers.selectors.holdings import BAD_CLASSES
from customers.views.access import visible_customer


@require_safe
def credit(request, public_id):
    """Each loan, its class and how it came there; who vouches for whom."""
    customer = visible_customer(request.user, public_id)
    if not is_fragment(request):
        audit.record(request, "read", subject=customer, own=False)
    published = current_publication(request)
    as_of = published.business_date if published else timezone.localdate()
    context = {
        "customer": customer,
        "credit": credit_of(customer, request.user, as_of),
        "bad": BAD_CLASSES,
        "as_of": as_of,
    }
    return render_page(request, "customers/credit.html", "customers/_credit.html", context)
