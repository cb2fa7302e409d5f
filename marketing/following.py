"""Deals follow the customer."""

from collections.abc import Iterable

from customers.services.following import move_to_lead
from marketing.models import Opportunity


def deals_follow(ids: Iterable[int]) -> None:
    """Open opportunities of the customers `ids` go to their lead (settings.LEAD_FOLLOWERS)."""
    move_to_lead(Opportunity.objects.filter(customer__in=list(ids), closed_on=None))
