"""Scorecards: the team's list, one card opened down to the rows behind an indicator, the reader's own."""

from functools import lru_cache
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from crm.http import go_to, render_page
from crm.look import dates
from crm.subtree import within
from managers.choices import Line
from managers.models import Manager
from performance.choices import Dimension
from performance.evidence import rows_behind
from performance.exports import OVERSEERS, TAKERS
from performance.models import Night, Scorecard
from performance.selectors.cards import MIN_PEERS, latest_night, night_before, points_of
from performance.selectors.scope import branches_of
from performance.selectors.sheet import formula, history, sheet
from performance.selectors.team import by_name

PAGE = 50
SHOWN = 8  # rows of evidence on the card itself
pinyin = lru_cache(maxsize=10_000)(by_name)


@require_safe
def scorecards(request):
    """The latest scores of everyone the reader may see; a manager has one card only, his own."""
    if request.user.is_manager:
        return go_to(request, "performance:my_scorecard")
    if not (request.user.is_supervisor or request.user.sees_whole_bank):
        raise PermissionDenied
    branch = _branch(request)
    line = request.GET.get("line") if request.GET.get("line") in Line.values else ""
    night = latest_night()
    cards = Scorecard.objects.visible_to(request.user).filter(night=night)
    if branch:
        cards = cards.filter(within(branch.path, "manager__branch__path"))
    lines = dict(cards.order_by().values_list("line").annotate(Count("pk")))
    if line:
        cards = cards.filter(line=line)
    index, may_rank = _index(cards), _may_rank(cards)
    sort = request.GET.get("sort", "")
    if sort.lstrip("-") == "score" and may_rank:
        index.sort(
            key=lambda row: (row[2] is None, row[2] if sort == "score" else -(row[2] or 0), pinyin(row[1]))
        )
    else:
        sort = ""
        index.sort(key=lambda row: pinyin(row[1]))
    start, page = _page(index, request.GET.get("after"))
    rows = _rows([row[0] for row in page], night)
    return render(
        request,
        "performance/scorecards.html",
        {
            "rows": rows,
            "night": night,
            "branch": branch,
            "count": len(index),
            "sort": sort,
            "may_rank": may_rank,
            "may_export": request.user.role in OVERSEERS,
            "views": _line_tabs(request, lines, line),
            "next_url": _next_url(request, page, len(index) > start + PAGE),
            "first_url": _with(request, after=None) if start else "",
        },
    )


def _branch(request):
    asked = request.GET.get("branch")
    if not asked:
        return None
    try:
        return get_object_or_404(branches_of(request.user), public_id=UUID(asked))
    except ValueError:
        raise Http404 from None


def _index(cards) -> list[tuple]:
    """(id, name, total, public id) of every card: narrow enough to sort by pinyin here."""
    return list(cards.order_by().values_list("pk", "manager__user__name", "total", "public_id"))


def _may_rank(cards) -> bool:
    """Whether scores may be sorted: never where a line has under five rated people (it would name them)."""
    rated = cards.filter(total__isnull=False).order_by().values_list("line").annotate(n=Count("pk"))
    counts = [n for _line, n in rated]
    return bool(counts) and min(counts) >= MIN_PEERS


def _page(index, after):
    places = {str(row[3]): place + 1 for place, row in enumerate(index)}
    start = places.get(after, 0)
    return start, index[start : start + PAGE]


def _rows(ids, night):
    """The page's cards in order, each with the total of the compared night."""
    found = Scorecard.objects.filter(pk__in=ids).select_related("manager__user", "manager__branch", "period")
    cards = {card.pk: card for card in found}
    first = next(iter(cards.values()), None)
    before_night = night_before(night, first.period.code) if first else None
    before = {}
    if before_night:
        managers = [card.manager_id for card in cards.values()]
        before = dict(
            Scorecard.objects.filter(night=before_night, manager__in=managers).values_list("manager", "total")
        )
    rows = []
    for pk in ids:
        card = cards[pk]
        points = points_of(card)
        was = before.get(card.manager_id)
        rows.append(
            {
                "card": card,
                "points": [points[code] for code in Dimension.values],
                "before": was,
                "change": None if was is None or card.total is None else card.total - was,
            }
        )
    return rows


def _line_tabs(request, lines, line):
    tabs = [{"label": _("All lines"), "url": _with(request, line=None, after=None), "is_current": not line}]
    tabs[0]["count"] = sum(lines.values())
    for code in Line.values:
        if code in lines:
            url = _with(request, line=code, after=None)
            tabs.append(
                {"label": Line(code).label, "url": url, "count": lines[code], "is_current": code == line}
            )
    return tabs


def _with(request, **changes) -> str:
    query = request.GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value:
            query[name] = value
    return f"?{query.urlencode()}"


def _next_url(request, page, more):
    return _with(request, after=str(page[-1][3])) if more and page else ""


@require_safe
def scorecard(request, public_id):
    """One card. `?open=` names the dimension and `?code=` the indicator that stand open."""
    return _card_page(request, _card(request, public_id))


@require_safe
def my_scorecard(request):
    """The reader's own latest card, or why there is none."""
    card = _own_card(request)
    if card is None:
        return render(request, "performance/no_scorecard.html")
    return _card_page(request, card, mine=True)


@require_safe
def score_panel(request):
    """The summary that Today shows beside its list: score, grade, change, five dimensions."""
    card = _own_card(request)
    return render(
        request, "performance/_score_panel.html", {"panel": sheet(card) if card else None, "card": card}
    )


def _cards():
    return Scorecard.objects.select_related(
        "manager__user", "manager__branch", "period__scheme", "night"
    ).prefetch_related("results")


def _card(request, public_id):
    return get_object_or_404(
        _cards().filter(manager__in=Manager.objects.visible_to(request.user)), public_id=public_id
    )


def _own_card(request):
    """The reader's card of the latest scored night; 403 for who is no manager."""
    manager = getattr(request.user, "manager", None)
    if not request.user.is_manager or manager is None:
        raise PermissionDenied
    published = Night.objects.filter(published_at__isnull=False)
    return (
        _cards()
        .filter(manager=manager, night__in=published)
        .order_by("-night__business_date", "-night")
        .first()
    )


def _card_page(request, card, mine=False):
    opened = sheet(card)
    dimension = request.GET.get("open", "")
    if dimension not in Dimension.values:
        dimension = "" if dimension else Dimension.values[0]
    context = {"card": card, "sheet": opened, "mine": mine, "open": dimension}
    if dimension:
        context |= _opened(opened, dimension, request.GET.get("code", ""), request.user)
    past = history(card)
    context["trend"] = _trend(past) if len(past) > 1 else None
    return render_page(request, "performance/scorecard.html", "performance/_dimensions.html", context)


def _opened(opened, dimension, code, reader):
    """What stands open: the named indicator, else the first of the dimension that was measured."""
    row = next(found for found in opened.dimensions if found.code == dimension)
    indicators = {each.code: each for each in row.indicators}
    measured = [each for each in row.indicators if each.is_measured]
    indicator = indicators.get(code) or (measured[0] if measured else None)
    if indicator is None:
        return {"indicator": None}
    found = rows_behind(opened.card, indicator.code, reader, limit=SHOWN)
    return {"indicator": indicator, "formula": formula(opened, indicator), "evidence": found}


def _trend(cards):
    """The score over the last nights as a chart with its table."""
    return {
        "kind": "line",
        "x": [dates.day(card.night.business_date) for card in cards],
        "series": [{"name": _("Score"), "values": [float(card.total) for card in cards], "role": "mine"}],
        "places": 2,
    }


@require_safe
def indicator(request, public_id, code):
    """Every row behind one indicator of one card, page by page."""
    card = _card(request, public_id)
    opened = sheet(card)
    row = opened.indicator(code)
    if row is None:
        raise Http404
    found = rows_behind(card, code, request.user, limit=PAGE, after=request.GET.get("after", ""))
    return render(
        request,
        "performance/indicator.html",
        {
            "card": card,
            "sheet": opened,
            "indicator": row,
            "formula": formula(opened, row),
            "evidence": found,
            "may_export": request.user.role in TAKERS,
            "next_url": f"?after={found.next}" if found.next else "",
            "first_url": "?" if request.GET.get("after") else "",
        },
    )
