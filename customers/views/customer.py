"""The customer's page, read first: who, worth, analysis, holdings, contacts, promises, relations."""

from datetime import date

from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from crm import audit, keyset
from crm.look import dates, figures
from customers.choices import LoanClass
from customers.context_processors import current_publication
from customers.models import Standing
from customers.reasons import hint, risk_band
from customers.selectors import book as lists
from customers.selectors.contacts import contacts_of, open_promises, open_tasks
from customers.selectors.counts import capped_count
from customers.selectors.holdings import BAD_CLASSES, holdings_of
from customers.selectors.profile import assignments_of, completeness_of, group_total, relations_of
from customers.views.access import manager_of, panel, visible_customer
from customers.views.book import band_words, view_words
from customers.views.reveal import REVEALERS
from customers.views.timeline import timeline_items

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
    contacts = list(contacts_of(customer)[: FEED_SHOWN + 1])
    assignments = assignments_of(customer)
    group = group_total(customer, request.user, night_id)
    contact_query = f"?task={tasks[0].public_id}" if tasks else ""
    context = {
        "customer": customer,
        "may_reveal": request.user.role in REVEALERS,
        "as_of": as_of,
        "age": _age(customer, as_of),
        "lead": next((row for row in assignments if row.role == "lead" and _holds(row, as_of)), None),
        "standing": standing,
        "holdings": holdings,
        "holdings_on": published.business_date if published else as_of,
        "facts": _facts(customer, standing, holdings, contacts, tasks, group, as_of),
        "hints": [hint(task, as_of) for task in tasks[:2]],
        "chart": _chart(standing, published) if standing else None,
        "items": timeline_items(contacts[:FEED_SHOWN], request.user),
        "has_older": len(contacts) > FEED_SHOWN,
        "promises": open_promises(customer, tasks, as_of, request.user),
        "relations": relations_of(customer, request.user, night_id),
        "profile": completeness_of(customer, as_of),
        "assignments": assignments,
        "strip_url": panel("performance:strip", customer.public_id),
        "service_url": panel("service:timeline", customer.public_id),
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


def _facts(customer, standing, holdings, contacts, tasks, group, as_of):
    """Seven facts on the grid of the seven P: label, figure (fen or words), note."""
    return [
        _assets_fact(standing),
        {
            "label": _("Deposits"),
            "fen": standing.deposit_fen if standing else holdings.deposits_fen,
            "note": _("time %(time)s · current %(current)s")
            % {
                "time": figures.short_money(holdings.time_fen),
                "current": figures.short_money(holdings.current_fen),
            },
        },
        _loans_fact(standing, holdings),
        _eva_fact(standing),
        _contact_fact(customer, contacts, as_of),
        _next_fact(customer, contacts, as_of),
        _group_fact(group),
    ]


def _assets_fact(standing):
    fact = {"label": _("Assets"), "fen": standing.aum_fen if standing else None}
    if standing is None:
        return fact | {"note": _("computed next night")}
    if standing.aum_change_bp is None:
        return fact | {"note": _("under 120 days of data")}
    return fact | {"delta": standing.aum_change_bp / 100, "note": _("against 90 days")}


def _loans_fact(standing, holdings):
    fact = {"label": _("Loans"), "fen": standing.loan_fen if standing else holdings.loans_fen}
    state = holdings.worst_loan
    if state is None:
        return fact | {"note": _("none")} if not fact["fen"] else fact
    if state.overdue_days:
        words = _("%(days)s days overdue") % {"days": state.overdue_days}
        return fact | {"mark": "danger", "note": words}
    kind = "danger" if state.loan_class in BAD_CLASSES else "ok"
    kind = "warn" if state.loan_class == LoanClass.SPECIAL_MENTION else kind
    return fact | {"mark": kind, "note": state.get_loan_class_display()}


def _eva_fact(standing):
    fact = {"label": _("Net value a year, EVA"), "fen": standing.eva_fen if standing else None}
    band = risk_band(standing.churn_bp) if standing else None
    if band is None:
        return fact | {"note": _("risk of leaving not known")}
    told = {"band": band_words(band), "risk": figures.percent(standing.churn_bp / 10000)}
    return fact | {"note": _("risk of leaving %(band)s %(risk)s") % told}


def _contact_fact(customer, contacts, as_of):
    fact = {"label": _("Last contact")}
    if customer.last_contact_on is None:
        return fact | {"words": _("none yet"), "note": ""}
    last = contacts[0] if contacts else None
    note = dates.day(customer.last_contact_on)
    if last:
        note = f"{note} {last.get_channel_display()}"
    return fact | {"words": dates.age(customer.last_contact_on, as_of), "note": note}


def _next_fact(customer, contacts, as_of):
    fact = {"label": _("Next step")}
    if customer.next_date is None:
        return fact | {"words": "—", "note": _("nothing agreed")}
    step = next((contact.next_step for contact in contacts if contact.next_date), "")
    late = customer.next_date < as_of
    note = step or dates.age(customer.next_date, as_of)
    return fact | {"words": dates.day(customer.next_date), "note": note, "mark": "warn" if late else ""}


def _group_fact(group):
    if group is None:
        return {"label": _("Family or group"), "words": "—", "note": _("in no group")}
    note = _("%(members)s customers you see") % {"members": group["members"]}
    return {"label": group["kind"], "fen": group["aum_fen"], "note": note}


def _chart(standing, published):
    """Assets of 13 months in 万 (CNY '000 in English), oldest first; small ones in whole yuan."""
    size, places, unit = (1_000_000 if figures.is_chinese() else 100_000), 1, figures.wan_unit()
    if max((fen for fen in standing.months if fen is not None), default=0) < 5 * size:
        size, places, unit = 100, 0, _("yuan")
    year, month = published.business_date.year, published.business_date.month
    labels = []
    for back in range(len(standing.months) - 1, -1, -1):
        at = (year * 12 + month - 1) - back
        labels.append(_month_label(date(at // 12, at % 12 + 1, 1), with_year=not labels))
    values = [None if fen is None else round(fen / size, places) for fen in standing.months]
    return {
        "kind": "line",
        "unit": unit,
        "places": places,
        "x": labels,
        "series": [{"name": _("Assets"), "values": values, "role": "mine"}],
    }


def _month_label(day, with_year):
    """6月; with the year where it begins. Jun, Jan 2026."""
    if with_year or day.month == 1:
        return dates.month(day)
    return f"{day.month}月" if figures.is_chinese() else dates.month(day)[:3]


def _age(customer, as_of):
    if not customer.born_on:
        return None
    born = customer.born_on
    return as_of.year - born.year - ((as_of.month, as_of.day) < (born.month, born.day))


def _holds(assignment, day):
    return assignment.during.lower <= day and (
        assignment.during.upper is None or day < assignment.during.upper
    )
