"""Published scores: made from a night's frozen scorecards, computed again from themselves, corrected.

What a score follows from is stored with it; its peers are the first versions of everybody else in the
quarter, so that one manager's correction moves nobody else's published score.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

import polars as pl
from django.utils import timezone

from performance import scoring
from performance.models import Period, PublishedScore, Scorecard
from performance.scorecards import points_text
from performance.scoring import Card, Result, Rules

FIGURE = pl.Decimal(38, 10)
NAMES = {"manager_id": pl.Int64, "line": pl.String, "peer_group": pl.String, "rated": pl.Boolean}
Cases = Mapping[str, list[str]]  # code → [numerator, denominator], as text


@dataclass(frozen=True)
class Person:
    """One manager as a quarter's scoring takes him."""

    manager_id: int
    line: str
    peer_group: str
    is_rated: bool
    cases: Cases
    deducted: Decimal
    is_vetoed: bool


@dataclass(frozen=True)
class Figures:
    """What a Person's score comes to: `results` code → [value, points, weight] and `points` as stored."""

    results: dict[str, list[str | None]]
    points: dict[str, str | None]
    total: Decimal | None
    grade: str | None
    safety: Decimal | None

    def k(self, person: Person, before: Decimal | None, rules: Rules) -> Decimal:
        return scoring.factor(
            self.total, safety=self.safety, vetoed=person.is_vetoed, before=before, rules=rules
        )


def score(people: Iterable[Person], rules: Rules) -> dict[int, Figures]:
    """Return manager id → figures; everybody in `people` is everybody's peer within his group."""
    people = list(people)
    rows = [(one.manager_id, one.line, one.peer_group, one.is_rated) for one in people]
    managers = pl.DataFrame(rows, schema=NAMES, orient="row")
    results = [
        row
        for indicator in scoring.REGISTRY
        for row in scoring.measure(indicator, _cases(people, indicator.code), managers, rules)
    ]
    deducted = {one.manager_id: one.deducted for one in people}
    vetoed = {one.manager_id for one in people if one.is_vetoed}
    of_manager: dict[int, list[Result]] = {}
    for row in results:
        of_manager.setdefault(row.manager_id, []).append(row)
    return {
        card.manager_id: _figures(card, of_manager[card.manager_id])
        for card in scoring.make_cards(managers, results, rules, deducted, vetoed)
    }


def people_of_night(night_id: int) -> list[Person]:
    """The managers on a night's scorecards: two queries."""
    cards = Scorecard.objects.filter(night=night_id).prefetch_related("results").order_by("manager_id")
    return [
        Person(
            card.manager_id,
            card.line,
            card.peer_group,
            card.is_rated,
            {
                row.code: [str(row.numerator), str(row.denominator)]
                for row in card.results.all()
                if row.numerator is not None
            },
            card.deducted,
            card.is_vetoed,
        )
        for card in cards
    ]


def person(stored: PublishedScore) -> Person:
    return Person(
        stored.manager_id,
        stored.line,
        stored.peer_group,
        stored.is_rated,
        stored.cases,
        stored.deducted,
        stored.is_vetoed,
    )


def correct(
    stored: PublishedScore,
    *,
    cases: Cases | None = None,
    deducted: Decimal | None = None,
    is_vetoed: bool | None = None,
    reason: str,
    made_at: datetime | None = None,
) -> PublishedScore:
    """Return a new version of `stored`, saved: what is given replaces what was measured then.

    The caller holds the newest version, locked. Raises ValueError without a reason.
    """
    if not reason.strip():
        raise ValueError("A correction needs a reason.")
    fresh = corrected_fields(stored, cases=cases, deducted=deducted, is_vetoed=is_vetoed)
    return PublishedScore.objects.create(
        manager_id=stored.manager_id,
        period=stored.period,
        version=stored.version + 1,
        post=stored.post,
        assigned_days=stored.assigned_days,
        days_in_post=stored.days_in_post,
        customers=stored.customers,
        **fresh,
        reason=reason.strip()[:300],
        made_at=made_at or timezone.now(),
    )


def corrected_fields(
    stored: PublishedScore,
    *,
    cases: Cases | None = None,
    deducted: Decimal | None = None,
    is_vetoed: bool | None = None,
) -> dict:
    """The columns of the version after `stored` with what is given replaced; nothing is saved."""
    rules = scoring.rules_of(stored.period.scheme.content)
    old = person(stored)
    new = replace(
        old,
        cases={**old.cases, **(cases or {})},
        deducted=old.deducted if deducted is None else deducted,
        is_vetoed=old.is_vetoed if is_vetoed is None else is_vetoed,
    )
    figures = score_again(new, _first_versions(stored.period), rules)
    return fields(new, figures, factor_before(stored.period).get(stored.manager_id), rules)


def fields(one: Person, figures: Figures, before: Decimal | None, rules: Rules) -> dict:
    """The columns of a PublishedScore that follow from a person and his figures."""
    return {
        "line": one.line,
        "peer_group": one.peer_group,
        "is_rated": one.is_rated,
        "cases": dict(one.cases),
        "results": figures.results,
        "points": figures.points,
        "deducted": one.deducted,
        "is_vetoed": one.is_vetoed,
        "total": figures.total,
        "grade": figures.grade,
        "k": figures.k(one, before, rules),
    }


def score_again(one: Person, first: Mapping[int, Person], rules: Rules) -> Figures:
    """The figures of `one` among the first versions of everybody else."""
    return score([*({**first, one.manager_id: one}).values()], rules)[one.manager_id]


def factor_before(period: Period) -> dict[int, Decimal]:
    """Manager id → pay factor of his newest version of the latest closed quarter before `period`."""
    earlier = PublishedScore.objects.filter(period__during__endswith__lte=period.during.lower)
    newest = earlier.order_by("manager_id", "-period__code", "-version").distinct("manager_id")
    return dict(newest.values_list("manager_id", "k"))


def faults(period: Period) -> list[tuple[PublishedScore, str]]:
    """Compute every published score of `period` again; return (score, what differs) for those that do not."""
    stored = list(
        PublishedScore.objects.filter(period=period)
        .select_related("manager__user")
        .order_by("manager_id", "version")
    )
    rules = scoring.rules_of(period.scheme.content)
    first = {row.manager_id: person(row) for row in stored if row.version == 1}
    before = factor_before(period)
    firsts = score(first.values(), rules)
    found = []
    for row in stored:
        one = person(row)
        figures = firsts[one.manager_id] if row.version == 1 else score_again(one, first, rules)
        fresh = fields(one, figures, before.get(one.manager_id), rules)
        wrong = [name for name, value in fresh.items() if value != getattr(row, name)]
        if wrong:
            found.append((row, ", ".join(wrong)))
    return found


def _first_versions(period: Period) -> dict[int, Person]:
    rows = PublishedScore.objects.filter(period=period, version=1)
    return {row.manager_id: person(row) for row in rows}


def _cases(people: list[Person], code: str) -> pl.DataFrame:
    rows = [
        (one.manager_id, *map(Decimal, one.cases[code]))
        for one in sorted(people, key=lambda one: one.manager_id)
        if code in one.cases
    ]
    schema = {"manager_id": pl.Int64, "numerator": FIGURE, "denominator": FIGURE}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _figures(card: Card, rows: list[Result]) -> Figures:
    def text(value):
        return None if value is None else f"{value:.10f}"

    results = {row.code: [text(row.value), text(row.points), f"{row.weight:.4f}"] for row in rows}
    return Figures(results, points_text(card), card.total, card.grade, card.points["safety"])
