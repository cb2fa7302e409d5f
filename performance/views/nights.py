"""Nights: the list, one night live, and the start of one by an administrator."""

import logging
from datetime import date
from functools import partial

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from kombu.exceptions import OperationalError as BrokerError

from crm.http import go_to, toast
from crm.look import dates
from customers.models import Publication
from managers.choices import Role
from performance.choices import NightState
from performance.models import Night
from performance.nights import NightError, ask_for, latest_loaded
from performance.rules import RulesError
from performance.selectors.night_page import earlier_nights, night_page
from performance.tasks import start_night

LISTED = 60
log = logging.getLogger(__name__)


def readers_only(request) -> None:
    """Nights are for administrators and auditors; anybody else is refused."""
    if not request.user.sees_whole_bank:
        raise PermissionDenied


@require_safe
def nights(request):
    """The last nights, and the button that starts one."""
    readers_only(request)
    return render(
        request,
        "performance/nights.html",
        {
            "nights": Night.objects.all()[:LISTED],
            "may_start": _may_start(request),
            "start_date": latest_loaded(),
        },
    )


@require_safe
def night(request, day):
    """One business date's latest night with its live progress."""
    return render(request, "performance/night.html", _context(request, day))


@require_safe
def night_progress(request, day):
    """The part of the page that is swapped in every two seconds while the night runs."""
    return render(request, "performance/_night_progress.html", _context(request, day))


@require_POST
def night_start(request):
    """Enqueue a night for the asked business date: administrators only."""
    if not _may_start(request):
        raise PermissionDenied
    try:
        day = date.fromisoformat(request.POST.get("date", ""))
    except ValueError:
        messages.error(request, _("Choose the business date of a loaded feed, as YYYY-MM-DD."))
        return go_to(request, "performance:nights")
    loaded = latest_loaded()
    if loaded is None or day > loaded:
        words = _("No feed is loaded up to %(date)s: load it first, then start its night.")
        messages.error(request, words % {"date": day})
        return go_to(request, "performance:nights")
    try:
        ask_for(day)
    except (NightError, RulesError) as error:
        messages.error(request, str(error))
        return go_to(request, "performance:nights")
    # a worker must not look for a night that is not committed yet
    transaction.on_commit(partial(_send, day))
    toast(request, _("The night of %(date)s is queued") % {"date": dates.day(day)})
    return go_to(request, "performance:night", day)


def _send(day: date) -> None:
    """Let a worker plan it; without a broker the night stands in the database until the reconciler does."""
    try:
        start_night.delay(day.isoformat())
    except BrokerError:
        log.warning("the queue is away: the night of %s begins when it is back", day)


def _may_start(request) -> bool:
    return request.user.role == Role.ADMIN


def _context(request, day):
    readers_only(request)
    found = Night.objects.filter(business_date=day).order_by("-id").first()
    if found is None:
        raise Http404
    page = night_page(found, timezone.now())
    return {
        "night": found,
        "page": page,
        "progress": _progress(page),
        "publication": Publication.objects.first(),
        "earlier": earlier_nights(found),
    }


def _progress(page) -> dict:
    """What templates/_progress.html draws."""
    found, stage = page.progress, page.now_stage
    label = stage.label if stage else "—"
    if page.night.state == NightState.FAILED:
        says = _("Stopped at: %(stage)s") % {"stage": label}
    elif page.is_live:
        says = _("Under way: %(stage)s") % {"stage": label}
    else:
        says = _("Published")
    return {
        "id": "night-bar",
        "percent": found.percent,
        "says": says,
        "done": found.rows_done,
        "total": found.rows_total,
        "used": found.seconds,
        "left": found.remaining if page.is_live else None,
        "steps": page.marks,
    }
