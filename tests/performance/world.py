"""Makers for pages of performance: published nights with standings, scorecards, loads. Nothing is random."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import connection

from crm.feed.models import FeedLoad, FeedState
from customers.models import Publication, Standing
from performance.choices import Dimension, NightState, Stage, StepState
from performance.models import IndicatorResult, Night, Period, Scheme, Scorecard, Step
from performance.scoring import BY_CODE, default_content
from tests.factories import SHANGHAI

DAY = date(2026, 6, 30)
VALUES = {"ratio": "1.0148", "percent": "88", "permille": "2.6667", "score": "4.42", "nps": "26"}


def moment(day: date, hour: int = 2, minute: int = 22) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI)


def make_night(day: date = DAY, *, state=NightState.PUBLISHED, version="1", **extra) -> Night:
    """A night; published ones get a digest and their times."""
    times = {"started_at": moment(day, 1, 0)}
    if state == NightState.PUBLISHED:
        times |= {"published_at": moment(day), "finished_at": moment(day, 2, 30), "digest": "ab" * 32}
    return Night.objects.create(
        business_date=day, version=version, upto_load=1, state=state, **(times | {"customers": 3} | extra)
    )


def publish(night: Night) -> None:
    """Point readers at `night`, with a partition of its own for standings."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TABLE IF NOT EXISTS customers_standing_test{night.pk} "
            f"PARTITION OF customers_standing FOR VALUES IN ({night.pk})"
        )
    Publication.objects.update_or_create(
        only=True,
        defaults={
            "business_date": night.business_date,
            "night_id": night.pk,
            "published_at": night.published_at,
        },
    )


def make_standing(customer, night: Night, **extra) -> Standing:
    values = {
        "aum_fen": 82_000_000,
        "deposit_fen": 50_000_000,
        "loan_fen": 0,
        "overdue_days": 0,
        "tier": customer.tier,
        "months": [None] * 13,
    } | extra
    return Standing.objects.create(customer=customer, night_id=night.pk, **values)


def make_period(code: str = "2026Q2") -> Period:
    scheme = Scheme.objects.first() or Scheme.objects.create(
        code="TEST.1", during=(date(2020, 1, 1), None), content=default_content()
    )
    year, quarter = int(code[:4]), int(code[5])
    first = date(year, quarter * 3 - 2, 1)
    last = date(year + quarter // 4, quarter * 3 % 12 + 1, 1)
    found = Period.objects.filter(code=code).first()
    return found or Period.objects.create(code=code, during=(first, last), scheme=scheme)


def make_card(manager, night: Night, *, total="77.92", grade="C", points=None, period=None) -> Scorecard:
    """A scorecard with every measured indicator of the registry."""
    if points is None:
        points = dict(zip(Dimension.values, ("78.39", "76.26", "83.76", "74.81", "61.67"), strict=True))
    card = Scorecard.objects.create(
        manager=manager,
        period=period or make_period(),
        night=night,
        line=manager.line,
        assigned_days=91,
        customers=3,
        points=points,
        total=None if total is None else Decimal(total),
        grade=grade if total else None,
    )
    rules = default_content()["indicators"]
    IndicatorResult.objects.bulk_create(
        IndicatorResult(
            scorecard=card,
            code=code,
            dimension=indicator.dimension,
            numerator=Decimal(88) if indicator.has_source else None,
            denominator=Decimal(100) if indicator.has_source else None,
            value=Decimal(VALUES[indicator.unit]) if indicator.has_source else None,
            points=Decimal("68") if indicator.has_source else None,
            weight=Decimal(rules[code]["weight"]),
        )
        for code, indicator in BY_CODE.items()
    )
    return card


def make_steps(night: Night, *, done: int = 16, rest: bool = False) -> None:
    """Sixteen rollup steps done, `done` of the sixteen score steps; publication and after with `rest`."""
    start = moment(night.business_date, 1, 0)

    def step(stage, shard, is_done):
        times = {"started_at": start, "finished_at": start + timedelta(seconds=10 + shard)} if is_done else {}
        detail = {p: {"rows": 100, "seconds": 0.5} for p in ("profiling", "persistency")} if is_done else {}
        return Step(
            night=night,
            stage=stage,
            shard=shard,
            state=StepState.DONE if is_done else StepState.WAITING,
            rows=100 if is_done else 0,
            detail=detail,
            **times,
        )

    Step.objects.bulk_create(
        [step(Stage.ROLLUP, shard, True) for shard in range(16)]
        + [step(Stage.FIT, 0, True)]
        + [step(Stage.SCORE, shard, shard < done) for shard in range(16)]
        + [step(stage, 0, rest) for stage in (Stage.PUBLISH, Stage.SCORECARDS, Stage.TASKS)]
    )


def make_load(day: date = DAY, *, state=FeedState.LOADED, **extra) -> FeedLoad:
    return FeedLoad.objects.create(
        business_date=day,
        since=day - timedelta(days=1),
        digest=f"{day:%Y%m%d}".ljust(64, "0"),
        state=state,
        **({"rows": 100, "progress": 100} | extra),
    )
