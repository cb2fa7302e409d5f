"""From attributed sums to scorecards: one pass over all managers, indicator by indicator."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from performance.scoring.arithmetic import ZERO, final_score, grade_of, weighted, weighted_total
from performance.scoring.cases import Case, Indicator
from performance.scoring.scheme import DIMENSIONS, Rules


@dataclass(frozen=True)
class Result:
    """One indicator of one manager; None: no cases (its weight is spread inside the dimension)."""

    manager_id: int
    code: str
    dimension: str
    numerator: Decimal | None
    denominator: Decimal | None
    value: Decimal | None
    points: Decimal | None
    weight: Decimal


@dataclass(frozen=True)
class Card:
    """One manager's five dimensions, and score and grade unless he is unrated; what conduct cost him."""

    manager_id: int
    points: Mapping[str, Decimal | None]
    total: Decimal | None
    grade: str | None
    deducted: Decimal = ZERO
    is_vetoed: bool = False


def measure(indicator: Indicator, cases: pl.DataFrame, managers: pl.DataFrame, rules: Rules) -> list[Result]:
    """Return one Result for every manager.

    `cases`: manager_id, numerator, denominator (Decimal; managers without cases may be missing). `managers`:
    manager_id, peer_group, rated. Peers are those of the group who are rated and have cases.
    """
    limits = rules.indicators[indicator.code]
    group_of = dict(managers.select("manager_id", "peer_group").iter_rows())
    rated = set(managers.filter("rated")["manager_id"])
    own = {row[0]: row[1:] for row in cases.select("manager_id", "numerator", "denominator").iter_rows()}
    groups = defaultdict(list)
    for manager_id, (numerator, denominator) in own.items():
        if manager_id in rated and denominator > 0:
            groups[group_of[manager_id]].append((numerator, denominator))
    sums = {name: tuple(map(sum, zip(*rows, strict=True))) for name, rows in groups.items()}
    ratios = {name: tuple(above / below for above, below in rows) for name, rows in groups.items()}

    def result(manager_id, group) -> Result:
        fixed = (manager_id, indicator.code, indicator.dimension)
        if manager_id not in own:
            return Result(*fixed, None, None, None, None, limits.weight)
        case = Case(*own[manager_id], *sums.get(group, (ZERO, ZERO)), ratios.get(group, ()))
        value = indicator.value(case, rules)
        points = None if value is None else indicator.score(value, case, limits, rules)
        return Result(*fixed, case.numerator, case.denominator, value, points, limits.weight)

    return [result(manager_id, group) for manager_id, group in group_of.items()]


def dimension_points(results: list[Result]) -> dict[str, Decimal | None]:
    """Return the points of each dimension from one manager's results; None: nothing measured."""
    return {
        dimension: weighted((row.points, row.weight) for row in results if row.dimension == dimension)
        for dimension in DIMENSIONS
    }


def make_cards(
    managers: pl.DataFrame,
    results: list[Result],
    rules: Rules,
    deductions: Mapping[int, Decimal] | None = None,
    vetoed: Collection[int] = (),
) -> list[Card]:
    """Return one Card for every manager.

    `managers`: manager_id, line, rated (bool). `deductions`: points by manager_id, capped by the rules.
    `vetoed`: manager ids, who get the last grade. An unrated manager keeps his points, but has no score and,
    unless vetoed, no grade; nor has one with nothing to measure.
    """
    of_manager = defaultdict(list)
    for row in results:
        of_manager[row.manager_id].append(row)
    cap = rules.number("deduction_cap")
    cards = []
    for manager_id, line, rated in managers.select("manager_id", "line", "rated").iter_rows():
        points = dimension_points(of_manager[manager_id])
        before = weighted_total(points, line, rules) if rated else None
        less = min((deductions or {}).get(manager_id, ZERO), cap)
        score = None if before is None else final_score(before, less, rules=rules)
        veto = manager_id in vetoed
        grade = grade_of(score, safety=points["safety"], vetoed=veto, rules=rules)
        cards.append(Card(manager_id, points, score, grade, less, veto))
    return cards
