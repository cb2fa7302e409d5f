"""The calendar: a week, the month beside it, a file of it, and a private address to subscribe to."""

from datetime import date, timedelta

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from crm import audit, icalendar
from crm.http import go_to, toast
from crm.look import dates, figures
from crm.signin import recently_authenticated
from crm.wall import scope
from customers.reasons import amount_words
from customers.selectors.calendar import span_of
from customers.views.access import manager_of, writing_manager
from customers.views.calendar_words import ICONS, title, words
from managers.calendar_links import end_link, holder_of, link_of, make_link, token_of

DAYS_BEHIND, DAYS_AHEAD = 7, 90  # of the file and of the subscription
FIRST_YEAR, LAST_YEAR = 2000, 2100


@require_safe
def week(request):
    """The week of `?week=2026-W27` (today's without), and the month it begins in."""
    manager = writing_manager(request.user)
    as_of = timezone.localdate()
    monday = _monday(request.GET.get("week"), as_of)
    month = _month_grid(monday)
    first, last = min(monday, month[0]), max(monday + timedelta(days=6), month[-1])
    span = span_of(request.user, manager, first, last, as_of)
    days = [_day(span, monday + timedelta(days=n), as_of) for n in range(7)]
    link = link_of(request.user) if settings.CALENDAR_LINKS else None
    context = {
        "as_of": as_of,
        "days": days,
        "heading": _heading(monday),
        "previous_url": f"?week={_iso(monday - timedelta(days=7))}",
        "next_url": f"?week={_iso(monday + timedelta(days=7))}",
        "is_this_week": monday <= as_of < monday + timedelta(days=7),
        "month": _month(span, month, monday, as_of),
        "in_leave": [_entry(entry) for entry in span.in_leave() if entry.day >= as_of],
        "names_leave": settings.CALENDAR_NAMES,
        "may_link": settings.CALENDAR_LINKS,
        "link": request.build_absolute_uri(reverse("customers:calendar_feed", args=[token_of(link)]))
        if link
        else "",
        "link_read_at": link.read_at if link else None,
    }
    return render(request, "customers/calendar.html", context)


@require_safe
def file(request):
    """The next three months as a file; it leaves the bank, so it says what settings.CALENDAR_NAMES allows."""
    manager = writing_manager(request.user)
    audit.record(request, "export", detail={"what": "calendar"}, own=False)  # with the file, or neither
    response = _file(request, request.user, manager)
    response.headers["Content-Disposition"] = 'attachment; filename="guanhu.ics"'
    return response


@require_POST
def link(request):
    """Make a private address (a new one ends the old), or with `end` take it away."""
    writing_manager(request.user)
    if "end" in request.POST:
        if end_link(request.user):
            audit.record(request, "calendar_link", detail={"what": "ended"}, own=False)
        toast(request, _("The address is dead: what subscribed to it gets nothing more"))
        return go_to(request, "customers:calendar")
    return _made(request)


@recently_authenticated
def _made(request):
    if not settings.CALENDAR_LINKS:
        raise Http404
    make_link(request.user)
    audit.record(request, "calendar_link", detail={"what": "made"}, own=False)
    toast(request, _("A new address is made; an older one is dead"))
    return go_to(request, "customers:calendar")


@login_not_required
@require_safe
def subscribed(request, token):
    """The calendar behind a private address, with the rights its owner has now; else it does not exist."""
    user = holder_of(token) if settings.CALENDAR_LINKS else None
    if user is None or not scope.enter(user.pk):
        raise Http404
    manager = manager_of(user)
    if manager is None:
        raise Http404
    audit.record(user, "export", detail={"what": "calendar subscription"}, own=False)
    return _file(request, user, manager)


def _file(request, user, manager):
    as_of = timezone.localdate()
    first, last = as_of - timedelta(days=DAYS_BEHIND), as_of + timedelta(days=DAYS_AHEAD)
    span = span_of(user, manager, first, last, as_of)
    host = request.get_host().partition(":")[0]
    events = [_event(request, entry, host) for entry in span.entries]
    events += [
        icalendar.Event(f"leave-{away.since}-{away.name}@{host}", away.since, words(away), until=away.until)
        for away in span.away
    ]
    body = icalendar.calendar(_("Guanhu"), events, timezone.now())
    return HttpResponse(body, content_type=icalendar.CONTENT_TYPE)


def _event(request, entry, host):
    """An event without name, amount or note unless the bank allows names; the link asks to sign in."""
    uid = f"{entry.kind}-{entry.record.public_id}-{entry.day:%Y%m%d}@{host}"
    url = request.build_absolute_uri(reverse("customers:detail", args=[entry.customer.public_id]))
    who = entry.customer.name if settings.CALENDAR_NAMES else entry.customer.number
    return icalendar.Event(uid, entry.day, f"{title(entry)} · {who}", url=url)


def _day(span, day, as_of):
    return {
        "date": day,
        "weekday": _short(day),
        "is_today": day == as_of,
        "is_past": day < as_of,
        "is_off": not span.calendar.is_working(day),
        "note": span.calendar.note(day),
        "away": [(away, words(away)) for away in span.away_on(day)],
        "entries": [_entry(entry) for entry in span.on(day)],
    }


def _entry(entry):
    return {
        "kind": entry.kind,
        "day": entry.day,
        "icon": ICONS[entry.kind],
        "title": title(entry),
        "customer": entry.customer,
        "amount": amount_words(entry.amount_fen) if entry.kind in ("deposit", "loan") else "",
    }


def _month(span, grid, monday, as_of):
    """Six weeks at most, each a link, each day with how much it holds."""
    number = monday.month
    weeks = []
    for start in grid[::7]:
        days = [start + timedelta(days=n) for n in range(7)]
        weeks.append(
            {
                "url": f"?week={_iso(start)}",
                "is_shown": start == monday,
                "days": [
                    {
                        "date": day,
                        "is_other": day.month != number,
                        "is_today": day == as_of,
                        "is_off": not span.calendar.is_working(day),
                        "is_away": span.calendar.leave_on(day) is not None,
                        "count": sum(entry.kind != "done" for entry in span.on(day)),
                    }
                    for day in days
                ],
            }
        )
    return {"name": dates.month(monday), "weeks": weeks}


def _month_grid(monday):
    """The days of the weeks that touch the month in which `monday` lies."""
    first = monday.replace(day=1)
    start = first - timedelta(days=first.weekday())
    following = (first + timedelta(days=32)).replace(day=1)
    weeks = ((following - timedelta(days=1)) - start).days // 7 + 1
    return [start + timedelta(days=n) for n in range(7 * weeks)]


def _monday(text, as_of):
    """The Monday of an ISO week; today's for anything else."""
    try:
        year, number = (text or "").split("-W")
        monday = date.fromisocalendar(int(year), int(number), 1)
    except ValueError:
        return as_of - timedelta(days=as_of.weekday())
    return monday if FIRST_YEAR <= monday.year < LAST_YEAR else as_of - timedelta(days=as_of.weekday())


def _iso(day):
    year, number, _weekday = day.isocalendar()
    return f"{year}-W{number:02d}"


def _heading(monday):
    sunday = monday + timedelta(days=6)
    return f"{dates.day(monday, spaced=True)} – {dates.day(sunday, spaced=True)}"


def _short(day):
    """周三; Wed."""
    name = dates.weekday(day)
    return f"周{name[-1]}" if figures.is_chinese() else name[:3]
