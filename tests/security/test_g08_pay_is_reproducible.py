"""G8: a stored score follows again from what is stored beside it: its figures and its period's rules."""

from collections import defaultdict
from datetime import date

import pytest

from performance import scoring
from performance.models import IndicatorResult, Scorecard
from performance.scorecards import write_scorecards
from performance.scoring.cards import Result, dimension_points
from tests.performance.ledger import make_night
from tests.performance.test_scorecards import borrower, products, saver  # noqa: F401 (fixtures)

pytestmark = pytest.mark.django_db


def _recomputed(card: Scorecard) -> tuple:
    """(points of the dimensions, total, grade) from the card's stored indicators alone."""
    rules = scoring.rules_of(card.period.scheme.content)
    rows = [
        Result(
            card.manager_id,
            row.code,
            row.dimension,
            row.numerator,
            row.denominator,
            row.value,
            row.points,
            row.weight,
        )
        for row in card.results.all()
    ]
    points = dimension_points(rows)
    before = scoring.total(points, card.line, rules)
    score = None if before is None else scoring.final_score(before, rules=rules)
    grade = None if score is None else scoring.grade_of(score, safety=points["safety"], rules=rules)
    return {name: None if value is None else round(value, 6) for name, value in points.items()}, score, grade


def test_every_stored_score_is_computed_again_from_what_is_stored(borrower, saver, manager, colleague):  # noqa: F811
    write_scorecards(make_night(date(2026, 6, 30)))
    cards = Scorecard.objects.prefetch_related("results").select_related("period__scheme")

    assert cards.count() == 2
    for card in cards:
        stored = {
            name: None if value is None else round(scoring.Decimal(value), 6)
            for name, value in card.points.items()
        }
        assert _recomputed(card) == (stored, card.total, card.grade)


def test_every_indicator_keeps_its_figures_and_its_weight(borrower, saver, manager, colleague):  # noqa: F811
    write_scorecards(make_night(date(2026, 6, 30)))
    kept = defaultdict(set)
    for row in IndicatorResult.objects.select_related("scorecard__period__scheme"):
        rules = scoring.rules_of(row.scorecard.period.scheme.content)
        assert row.weight == rules.indicators[row.code].weight
        if row.value is not None:
            assert row.numerator is not None
        kept[row.scorecard_id].add(row.code)
    assert all(codes == set(scoring.BY_CODE) for codes in kept.values())
