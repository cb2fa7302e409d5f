"""Who can see this customer, and why."""

from django.shortcuts import render
from django.views.decorators.http import require_safe

from customers.selectors.who_sees import readers_of
from customers.views.access import visible_customer


@require_safe
def who_sees(request, public_id):
    """Everybody to whom the customer is open today, with the reason; open to whoever sees the customer."""
    customer = visible_customer(request.user, public_id)
    return render(request, "customers/who_sees.html", {"customer": customer, "readers": readers_of(customer)})
