"""Today: what to do, in order, each with its reason, what is at stake and one action."""

from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from crm.look import dates
from customers.choices import Tier
from customers.context_processors import current_publication
from customers.ranking import rules
from customers.reasons import KINDS, amount_words, mark, sentence, value_label
from customers.selectors import today as selectors
from customers.views.access import manager_of, panel
from customers.views.book_filters import band_words
from customers.views.pictures import day_bars

FIRST = 3


@require_safe
def today(request):
    """A manager's day; everybody else goes to the first page of his role."""
    if not request.user.is_manager:
        return redirect("customers:home")
    manager = manager_of(request.user)
    if manager is None:
        return render(request, "customers/today.html", {"no_post": True})
    as_of = timezone.localdate()
    published = current_publication(request)
    night_id = published.night_id if published else None
    due = selectors.due_tasks(request.user, manager, as_of).select_related("customer")
    tasks = list(due.defer("customer__name_bigrams")[: selectors.MOST_TASKS])
    standings = selectors.standings_for(tasks[:FIRST], night_id)
    rows = [_row(number, task, standings, as_of) for number, task in enumerate(tasks, 1)]
    totals = selectors.task_totals(request.user, manager, as_of)
    maturing = selectors.maturing_deposits(manager, as_of)
    context = {
        "as_of": as_of,
        "totals": totals,
        "stake": amount_words(totals["value_fen"]),
        "first": rows[:FIRST],
        "rest": rows[FIRST:],
        "rest_count": max(totals["count"] - FIRST, 0),
        "unseen": max(totals["count"] - len(rows), 0),
        "days": [_day(day) for day in selectors.week(manager, maturing, as_of)],
        "maturing": maturing,
        "maturing_fen": sum(deposit.amount_fen for deposit in maturing),
        "maturing_bars": day_bars(maturing, as_of, selectors.MATURES_DAYS),
        "changes": [_change(change) for change in selectors.changes(request.user, night_id)],
        "unfinished": selectors.unfinished(request.user),
        "rules_version": rules().version,
        "score_url": panel("performance:score_panel"),
    }
    return render(request, "customers/today.html", context)


def _row(number, task, standings, as_of):
    """One task as the page shows it."""
    kind = KINDS[task.kind]
    urgency, words = mark(task, as_of)
    standing = standings.get(task.customer_id)
    action_url = reverse("customers:log_contact", args=[task.customer.public_id])
    return {
        "number": number,
        "task": task,
        "customer": task.customer,
        "sentence": sentence(task, as_of),
        "background": _background(task.customer, standing) if standing else [],
        "mark": urgency,
        "mark_words": words,
        "value_fen": task.value_fen or None,
        "value_label": value_label(task),
        "action": kind.action,
        "icon": kind.icon,
        "action_url": f"{action_url}?task={task.public_id}",
    }


def _day(day):
    """A day of the strip: two lines at most of each sort; on the phone a dot an event, three at most."""
    shown = len(day.maturing[:2]) + len(day.agreed[:2])
    return {
        "date": day.date,
        "weekday": _short_weekday(day.date),
        "maturing": day.maturing[:2],
        "agreed": day.agreed[:2],
        "contacts": day.contacts,
        "unshown": len(day.maturing) + len(day.agreed) - shown,
        "dots": range(min(day.events, 3)),
    }


def _short_weekday(day):
    """周三; Wed."""
    name = dates.weekday(day)
    return f"周{name[-1]}" if name.startswith("星期") else name[:3]


def _background(customer, standing):
    """The line under the reason: what helps before the call."""
    facts = [_("Assets %(amount)s") % {"amount": amount_words(standing.aum_fen)}]
    if standing.loan_fen:
        facts.append(_("Loans %(amount)s") % {"amount": amount_words(standing.loan_fen)})
    if customer.last_contact_on:
        facts.append(_("Last contact %(date)s") % {"date": dates.day(customer.last_contact_on, spaced=True)})
    else:
        facts.append(_("No contact logged yet"))
    return facts


def _change(change):
    """A line of last night's changes: up and down are plain ink, a higher risk asks for attention."""
    words = {
        ("tier", True): _("Up a tier"),
        ("tier", False): _("Down a tier"),
        ("risk", True): _("Risk up"),
    }[change.kind, change.is_up]
    return {
        "customer": change.customer,
        "kind": change.kind,
        "is_up": change.is_up,
        "words": words,
        "before": _level_words(change.kind, change.before),
        "now": _level_words(change.kind, change.now),
    }


def _level_words(kind, code):
    return Tier(code).label if kind == "tier" else band_words(code)
