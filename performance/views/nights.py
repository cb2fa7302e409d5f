"""Nights: the list, one night live, and the start of one by an administrator."""

from datetime import date

from celery import current_app
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from crm.feed.models import FeedLoad, FeedState
from crm.http import go_to, toast
from crm.look import dates
from customers.models import Publication
from managers.choices import Role
from performance.models import Night
from performance.selectors.night_page import SHARE, earlier_nights, night_page

LISTED = 60


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
            "start_date": _loaded_date(),
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
    loaded = _loaded_date()
    if loaded is None or day > loaded:
        words = _("No feed is loaded up to %(date)s: load it first, then start its night.")
        messages.error(request, words % {"date": day})
        return go_to(request, "performance:nights")
    current_app.send_task("performance.start_night", kwargs={"business_date": day.isoformat()})
    toast(request, _("The night of %(date)s is queued") % {"date": dates.day(day)})
    return go_to(request, "performance:nights")


def _may_start(request) -> bool:
    return request.user.role == Role.ADMIN


def _loaded_date() -> date | None:
    """The last business date whose feed is in."""
    loads = FeedLoad.objects.filter(state=FeedState.LOADED).order_by("-business_date")
    return loads.values_list("business_date", flat=True).first()


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
    """What templates/_progress.html draws; the labels stand where their stage begins."""
    steps, at = [], 0.0
    whole = sum(SHARE[row.stage] for row in page.stages) or 1
    for row in page.stages:
        steps.append({"label": row.stage.label, "at": at, "is_now": page.now_stage is row and page.is_live})
        at += 100 * SHARE[row.stage] / whole
    if page.night.state == "failed":
        says = _("Stopped: %(stage)s failed")
        says = says % {"stage": page.now_stage.stage.label if page.now_stage else "—"}
    elif page.is_live:
        says = _("%(stage)s under way") % {"stage": page.now_stage.stage.label if page.now_stage else "—"}
    else:
        says = _("Published")
    rows = page.now_stage.rows if page.is_live and page.now_stage else sum(row.rows for row in page.stages)
    total = page.night.customers if page.is_live and page.night.customers else rows
    return {
        "id": "night-bar",
        "percent": int(page.percent),
        "says": says,
        "done": rows,
        "total": max(total, rows),
        "used": page.used,
        "left": page.left,
        "steps": steps,
    }
