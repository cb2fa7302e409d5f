"""Everything other apps may import from marketing."""

from marketing.models.campaign import Campaign, Invitation
from marketing.models.opportunity import Opportunity, ProductIdea
from marketing.models.segment import Segment, Strategy

__all__ = ["Campaign", "Invitation", "Opportunity", "ProductIdea", "Segment", "Strategy"]
