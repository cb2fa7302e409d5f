"""Scorecards as pages read them: the latest night that wrote any, what came before, the peers' middle."""

from dataclasses import dataclass
from decimal import Decimal
from statistics import quantiles

from django.core.cache import cache
from django.db.models import Exists, OuterRef

from crm.wall.scope import beyond_scope
from performance.choices import Dimension
from performance.models import Night, Scorecard

MIN_PEERS = 5  # under it no band and no rank is shown: it would name people
WEAK = 65  # a dimension below it is a gap to work on
PEERS_SECONDS = 3600


@dataclass(frozen=True)
class Band:
    """The middle half of a peer group and its median; `count` people."""

    q1: float
    median: float
    q3: float
    count: int


def scored_nights():
    """Published nights with scorecards, newest first."""
    cards = Scorecard.objects.filter(night=OuterRef("pk"))
    nights = Night.objects.filter(published_at__isnull=False)
    return nights.filter(Exists(cards)).order_by("-business_date", "-id")


def latest_night() -> Night | None:
    return scored_nights().first()


def night_before(night: Night, period_code: str) -> Night | None:
    """What a score is compared with: the last night of an earlier period, else an earlier night.

    One query each; None for the very first night.
    """
    earlier = scored_nights().filter(business_date__lt=night.business_date)
    of_earlier_period = Scorecard.objects.filter(night=OuterRef("pk"), period__code__lt=period_code)
    return earlier.filter(Exists(of_earlier_period)).first() or earlier.first()


def points_of(card: Scorecard) -> dict[str, Decimal | None]:
    """Dimension → points 0–100, or None where nothing could be scored."""
    raw = card.points or {}
    return {code: None if raw.get(code) is None else Decimal(str(raw[code])) for code in Dimension.values}


def bands(night: Night, line: str) -> dict[str, Band]:
    """Dimension (and "total") → middle half of the same line in the whole bank; absent under MIN_PEERS."""
    key = f"peer-bands:{night.pk}:{night.run}:{line}"
    found = cache.get(key)
    if found is None:
        cards = Scorecard.objects.filter(night=night, line=line, total__isnull=False).only("points", "total")
        values = {code: [] for code in [*Dimension.values, "total"]}
        with beyond_scope():  # the middle of a group names nobody
            for card in cards.iterator():
                values["total"].append(float(card.total))
                for code, points in points_of(card).items():
                    if points is not None:
                        values[code].append(float(points))
        found = {code: _band(row) for code, row in values.items() if len(row) >= MIN_PEERS}
        cache.set(key, found, PEERS_SECONDS)
    return found


def _band(values: list[float]) -> Band:
    q1, median, q3 = quantiles(values, n=4, method="inclusive")
    return Band(q1, median, q3, len(values))
