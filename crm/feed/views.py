"""The page of loads: what came in, how far a running load is, and which rows were refused."""

import csv
from itertools import islice

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from crm.feed.loading import reports_folder
from crm.feed.models import FeedLoad, FeedState
from crm.http import render_page

LISTED = 40
BAD_ROWS = 50


@require_safe
def feed(request):
    """The last loads; `?load=<number>` opens another than the newest. Administrators and auditors only."""
    if not request.user.sees_whole_bank:
        raise PermissionDenied
    loads = list(FeedLoad.objects.all()[:LISTED])
    opened = _opened(request, loads)
    return render_page(
        request,
        "feed/feed.html",
        "feed/_loads.html",
        {
            "loads": loads,
            "opened": opened,
            "files": list(opened.files.order_by("id")) if opened else [],
            "bad_rows": bad_rows(opened.report) if opened else [],
            "is_live": any(load.state == FeedState.LOADING for load in loads),
            "used": _used(opened),
            "shown": BAD_ROWS,
        },
    )


def _opened(request, loads):
    asked = request.GET.get("load", "")
    if not asked:
        return loads[0] if loads else None
    if not asked.isdigit():
        raise Http404
    return get_object_or_404(FeedLoad, pk=int(asked))


def _used(load) -> float | None:
    """Seconds the load took, or has taken so far."""
    if load is None:
        return None
    end = load.finished_at or (timezone.now() if load.state == FeedState.LOADING else load.started_at)
    return (end - load.started_at).total_seconds()


def bad_rows(report: str) -> list[dict]:
    """The first rows of a load's report (values are masked when it is written); [] where there is none."""
    if not report:
        return []
    try:
        with (reports_folder() / report).open(encoding="utf-8", newline="") as stream:
            return list(islice(csv.DictReader(stream), BAD_ROWS))
    except OSError:
        return []
