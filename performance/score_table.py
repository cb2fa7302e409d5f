"""A quarter's scores as one table: manager × indicator with every figure, for files and other systems."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from performance import scoring
from performance.models import Night, Period, PublishedScore, Scorecard
from performance.scoring import BY_CODE, Rules

COLUMNS = (
    "period",
    "state",
    "version",
    "as_of",
    "manager",
    "name",
    "branch",
    "line",
    "peer_group",
    "rated",
    "dimension",
    "indicator",
    "value",
    "numerator",
    "denominator",
    "points",
    "weight",
    "share_of_total",
    "rules",
    "deducted",
    "score",
    "grade",
)
PLACES = Decimal("1e-10")


def rows_of(code: str) -> Iterator[dict] | None:
    """Return the rows of quarter `code`, by staff number and in the registry's order; None without scores.

    The newest published versions; of a quarter that is not closed, its newest published night's scorecards
    (`state` provisional). Numbers are text: `weight` in percent of the dimension, `share_of_total` the part
    of the total that the indicator decides (they sum to 1 over a manager's measured indicators).
    """
    period = Period.objects.select_related("scheme").filter(code=code).first()
    if period is None:
        return None
    rules = scoring.rules_of(period.scheme.content)
    published = (
        PublishedScore.objects.filter(period=period)
        .select_related("manager__user", "manager__branch")
        .order_by("manager__user__username", "-version")
        .distinct("manager__user__username")
    )
    if published:
        as_of = period.during.upper.isoformat()
        return (row for score in published for row in _of_published(score, period, as_of, rules))
    night = (
        Night.objects.filter(published_at__isnull=False, scorecards__period=period)
        .order_by("-business_date", "-pk")
        .first()
    )
    if night is None:
        return None
    cards = (
        Scorecard.objects.filter(night=night)
        .select_related("manager__user", "manager__branch")
        .prefetch_related("results")
        .order_by("manager__user__username")
    )
    return (row for card in cards for row in _of_card(card, period, night, rules))


def shares(points: Mapping[str, Decimal | None], line: str, rules: Rules) -> dict[str, Decimal]:
    """Return code → the part of the total that each indicator decides; 0 where nothing was measured.

    Weights of what has no cases are spread, inside the dimension and over dimensions, as in the score.
    """
    measured = [code for code, value in points.items() if value is not None]
    inside: dict[str, Decimal] = {}
    for code in measured:
        dimension = BY_CODE[code].dimension
        inside[dimension] = inside.get(dimension, Decimal(0)) + rules.indicators[code].weight
    weights = rules.dimension_weights[line]
    whole = sum((weights[dimension] for dimension, weight in inside.items() if weight), Decimal(0))
    found = dict.fromkeys(points, Decimal(0))
    for code in measured:
        dimension = BY_CODE[code].dimension
        if inside[dimension] and whole:
            found[code] = rules.indicators[code].weight / inside[dimension] * weights[dimension] / whole
    return found


def _of_published(score: PublishedScore, period: Period, as_of: str, rules: Rules):
    head = _head(score, period, rules) | {"state": "published", "version": score.version, "as_of": as_of}
    cells = {
        code: (value, *score.cases.get(code, (None, None)), points, weight)
        for code, (value, points, weight) in score.results.items()
    }
    return _rows(head, cells, rules)


def _of_card(card: Scorecard, period: Period, night: Night, rules: Rules):
    head = _head(card, period, rules)
    head |= {"state": "provisional", "version": 0, "as_of": night.business_date.isoformat()}
    cells = {
        row.code: tuple(
            None if figure is None else str(figure)
            for figure in (row.value, row.numerator, row.denominator, row.points, row.weight)
        )
        for row in card.results.all()
    }
    return _rows(head, cells, rules)


def _head(score, period: Period, rules: Rules) -> dict:
    """What every row of one manager repeats; `score` is a PublishedScore or a Scorecard."""
    return {
        "period": period.code,
        "manager": score.manager.user.username,
        "name": score.manager.user.name,
        "branch": score.manager.branch.code,
        "line": score.line,
        "peer_group": score.peer_group,
        "rated": score.is_rated,
        "rules": period.scheme.code,
        "deducted": str(score.deducted),
        "score": None if score.total is None else str(score.total),
        "grade": score.grade,
    }


def _rows(head: dict, cells: Mapping[str, tuple], rules: Rules):
    points = {code: None if row[3] is None else Decimal(row[3]) for code, row in cells.items()}
    parts = shares(points, head["line"], rules)
    for code in (code for code in BY_CODE if code in cells):
        value, numerator, denominator, scored, weight = cells[code]
        own = {
            "dimension": BY_CODE[code].dimension,
            "indicator": code,
            "value": value,
            "numerator": numerator,
            "denominator": denominator,
            "points": scored,
            "weight": weight,
            "share_of_total": str(parts[code].quantize(PLACES)),
        }
        row = head | own
        yield {column: row[column] for column in COLUMNS}
