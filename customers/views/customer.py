"""The customer's page, read first: who, worth, analysis, holdings, contacts, promises, relations."""

from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from crm import audit, keyset
from customers.context_processors import current_publication
from customers.events import events_of
from customers.models import Standing
from customers.reasons import hint
from customers.selectors import book as lists
from customers.selectors.contacts import last_contacts, open_promises, open_tasks
from customers.selectors.counts import capped_count
from customers.selectors.holdings import holdings_of
from customers.selectors.profile import assignments_of, group_total
from customers.suitability import tested_until
from customers.views.access import manager_of, panel, visible_customer
from customers.views.book_filters import view_words
from customers.views.headline import assets_chart, headline
from customers.views.reveal import REVEALERS

FEED_SHOWN = 8
COUNT_MOST = 1000


@require_safe
def detail(request, public_id):
    """Customer 360; `list=book` with the list's own words adds the place in it and the neighbours."""
    customer = visible_customer(request.user, public_id, "identity", "branch", "lead__user", "co__user")
    audit.record(request, "read", subject=customer, own=False)  # with the page, or neither
    as_of = timezone.localdate()
    published = current_publication(request)
    night_id = published.night_id if published else None
    standing = Standing.objects.filter(night_id=night_id or 0, customer=customer).first()
    holdings = holdings_of(customer, published.business_date if published else as_of)
    tasks = open_tasks(customer, as_of)
    contact, logged = last_contacts(customer, request.user)
    items, older = events_of(customer, request.user, most=FEED_SHOWN)
    assignments = assignments_of(customer)
    group = group_total(customer, request.user, night_id)
    contact_query = f"?task={tasks[0].public_id}" if tasks else ""
    context = {
        "customer": customer,
        "may_reveal": request.user.role in REVEALERS,
        "as_of": as_of,
        "age": _age(customer, as_of),
        "risk_until": tested_until(customer),
        "lead": next((row for row in assignments if row.role == "lead" and _holds(row, as_of)), None),
        "standing": standing,
        "holdings": holdings,
        "holdings_on": published.business_date if published else as_of,
        "facts": headline(customer, standing, holdings, contact, logged, group, as_of, request.user),
        "hints": [hint(task, as_of) for task in tasks[:2]],
        "chart": assets_chart(standing, published) if standing else None,
        "items": items,
        "has_older": older is not None,
        "promises": open_promises(tasks, logged, as_of, request.user),
        "assignments": assignments,
        "strip_url": panel("performance:strip", customer.public_id),
        "contribution_url": panel("performance:contribution", customer.public_id),
        "lifecycle_url": panel("performance:lifecycle", customer.public_id),
        "brief_url": panel("performance:brief", customer.public_id),
        "contact_url": reverse("customers:log_contact", args=[customer.public_id]) + contact_query
        if manager_of(request.user)
        else "",
        **_in_list(request, customer, night_id, as_of),
    }
    return render(request, "customers/detail.html", context)


def _in_list(request, customer, night_id, as_of):
    """Place, previous and next in the list one came from; nothing where one came from elsewhere."""
    if not request.GET.get("list"):
        return {}
    state = lists.BookState.read(request.GET)
    segments = lists.segments(request.user, state, night_id, as_of)
    place = lists.place_of(customer, segments)
    back = reverse("customers:book") + state.address()
    if place is None:
        return {"list_url": back}
    before, behind = keyset.neighbours(segments, place)
    address = state.address_in_list()
    people = lists.public_ids([neighbour.key for neighbour in (before, behind) if neighbour])
    return {
        "list_url": back,
        "place": keyset.place_number(segments, place, COUNT_MOST),
        "list_name": view_words()[state.view],
        # a manager's list is short enough to count; nobody needs to know he is 3rd of 40,000
        "total": capped_count(lists.narrowed(request.user, state, night_id, as_of))
        if request.user.is_manager
        else None,
        "previous_url": reverse("customers:detail", args=[people[before.key]]) + address if before else "",
        "next_url": reverse("customers:detail", args=[people[behind.key]]) + address if behind else "",
    }


def _age(customer, as_of):
    if not customer.born_on:
        return None
    born = customer.born_on
    return as_of.year - born.year - ((as_of.month, as_of.day) < (born.month, born.day))


def _holds(assignment, day):
    return assignment.during.lower <= day and (
        assignment.during.upper is None or day < assignment.during.upper
    )
