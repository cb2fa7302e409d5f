"""What the contact form knows of the customer and of the one who writes: calendar, habit, templates."""

from datetime import date, timedelta

from django.db.models import Q

from customers.models import ContactTemplate, FollowUp
from managers.workdays import WorkCalendar, calendar_of

AHEAD = timedelta(days=800)  # a next date is within two years; a day off may move it on


def calendar_ahead(manager, as_of: date) -> WorkCalendar:
    """The working days that next dates of `manager` may fall on: two queries."""
    return calendar_of(manager, as_of - timedelta(days=7), as_of + AHEAD)


def habit_of(customer) -> FollowUp | None:
    return FollowUp.objects.filter(customer=customer).first()


def templates_for(manager) -> list[ContactTemplate]:
    """The manager's own texts, then the bank's; what is not in use is left out."""
    rows = ContactTemplate.objects.filter(Q(manager=manager) | Q(manager=None), is_active=True)
    return sorted(rows, key=lambda row: (row.manager_id is None, row.title))
