"""Write a night's scorecards: gather attributed sums by sets, score them in frames, store the result."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID, uuid5

import polars as pl
from django.db import connection, transaction

from performance import conduct, groundwork, periods, scoring, sources
from performance.flows import Window, attributed, flows_of_night
from performance.models import Night, Period, Scorecard
from performance.scoring import Card, Result, Rules, contribution, efficiency

NAMESPACE = UUID(
    "6f1d1a52-6d0f-5c0e-8a57-0b4de5f3b0c1"
)  # a scorecard's public id follows from night and manager
NUMBER = pl.Decimal(38, 10)
CASES = {"manager_id": pl.Int64, "numerator": NUMBER, "denominator": NUMBER}
PLACES = Decimal("1e-6")  # what is scored is what is stored: a published score recomputes to the last digit
BY_ROWS = {"F3"}  # medians need every row; the rest are sums

# Most assignments cover every day scored: the spans to unite are few, however many customers.
MANAGERS = """
WITH span AS (
    SELECT manager_id, greatest(lower(during), %(start)s) AS since,
        least(coalesce(upper(during), %(upto)s), %(upto)s) AS until, count(*) AS customers
    FROM customers_assignment
    WHERE lower(during) < %(upto)s AND (upper_inf(during) OR upper(during) > %(start)s)
    GROUP BY 1, 2, 3
)
SELECT m.id AS manager_id, m.line, b.branch_class, u.username AS number, m.public_id::text,
    d.days::int AS assigned_days, coalesce(n.customers, 0)::int AS customers
FROM managers_manager AS m
JOIN managers_branch AS b ON b.id = m.branch_id
JOIN managers_user AS u ON u.id = m.user_id
JOIN (
    SELECT manager_id, sum(upper(held) - lower(held)) AS days
    FROM (
        SELECT manager_id, unnest(range_agg(daterange(since, until))) AS held FROM span GROUP BY manager_id
    ) AS spans GROUP BY manager_id
) AS d ON d.manager_id = m.id
LEFT JOIN (
    SELECT manager_id, sum(customers) AS customers FROM span
    WHERE since <= %(as_of)s AND until > %(as_of)s GROUP BY manager_id
) AS n ON n.manager_id = m.id
ORDER BY m.id
"""


@dataclass(frozen=True)
class Inputs:
    """Everything a period's scores follow from: `managers` and `cases` as performance.scoring takes them."""

    managers: pl.DataFrame
    cases: Mapping[str, pl.DataFrame]
    numbers: Mapping[int, tuple[str, str]]  # manager_id → staff number, public id


def write_scorecards(night: Night) -> tuple[int, str]:
    """Compute and store the scorecards of the running quarter as of `night`; return (cards, digest).

    Idempotent: what the night wrote before is replaced in one transaction, with the same public ids. The
    digest covers every stored figure. Raises NoSchemeError when no rules cover the quarter.
    """
    with transaction.atomic():
        period = periods.period_of(night.business_date)
        rules = scoring.rules_of(period.scheme.content)
        window = window_of(period, night.business_date)
        inputs = gather(night, period, rules)
        results = [
            row
            for indicator in scoring.REGISTRY
            for row in scoring.measure(indicator, inputs.cases[indicator.code], inputs.managers, rules)
        ]
        cards = scoring.make_cards(
            inputs.managers, results, rules, conduct.deductions(window, rules), conduct.vetoed(window)
        )
        figures = [(row.manager_id, row.code, row.dimension, *_figures(row)) for row in results]
        _store(night, period, inputs, cards, figures)
    return len(cards), _digest(inputs, cards, figures)


def window_of(period: Period, as_of) -> Window:
    """Return the days of `period` scored on the evening of `as_of`."""
    return Window(period.code, *periods.days_so_far(period, as_of))


def gather(night: Night, period: Period, rules: Rules) -> Inputs:
    """Return the attributed inputs of every manager with customers in the period: five statements."""
    window = window_of(period, night.business_date)
    params = sources.parameters(rules, start=window.start, upto=window.upto, as_of=night.business_date)
    params["night"] = night.pk
    managers = _managers(params)
    flows = defaultdict(list)
    for flow in flows_of_night(window, night.pk):
        flows[flow.manager_id].append(flow)
    quarter = (period.during.upper - period.during.lower).days
    sums = {manager: attributed(flows[manager]) for manager in managers["manager_id"]}
    managers = _with_peers(managers, sums, window.days, quarter, rules)
    cases = _event_cases(params)
    for code, rows in _flow_cases(sums, cases, managers, window.days, quarter, rules).items():
        cases[code] = _frame(rows)
    cases["F3"] = efficiency.cycle_cases(_deals(params), managers)
    cases = {indicator.code: cases.get(indicator.code, _frame([])) for indicator in scoring.REGISTRY}
    numbers = {row[0]: row[1:] for row in managers.select("manager_id", "number", "public_id").iter_rows()}
    return Inputs(managers, cases, numbers)


def flow_values(sums: Mapping[str, Decimal], *, days: int, quarter: int, rules: Rules) -> dict[str, tuple]:
    """Return code → (numerator, denominator) of what follows from attributed flows, not rounded.

    `days` are scored so far of the `quarter`'s: flows stand against the plan to date, averages against the
    plan. For S3, A1 and A2 only the denominator (numerator 0). Linear in `sums`: customers' values add up.
    """
    zero = Decimal(0)
    cost = contribution.cost(sums, rules)
    return {
        "E1": (contribution.eva({**sums, "cost": cost}, rules), sums["plan_eva"] / quarter),
        "E2": ((sums["deposit"] - sums["base"]) / days, sums["plan_deposit"] / days),
        "E3": (sums["fee"], sums["plan_fee"] / quarter),
        "S3": (zero, sums["days"] / days),
        "A1": (zero, sums["loan"] / days),
        "A2": (zero, sums["loan"] / days),
    }


def scale_of(code: str, days: int) -> Decimal:
    """What turns a row's numerator into the stored one: arrears are fen × days, shown as a daily average."""
    return 1 / Decimal(days) if code == "A2" else Decimal(1)


def _flow_cases(sums, events, managers, days, quarter, rules) -> dict[str, list[tuple]]:
    """Cases of the flows, with the events' numerators put over S3, A1 and A2; and I3's months."""
    counted = {
        code: dict(events[code].select("manager_id", "numerator").iter_rows())
        for code in ("S3", "A1", "A2", "I3")
        if code in events
    }
    cases = defaultdict(list)
    for manager_id, own in sums.items():
        for code, (numerator, denominator) in flow_values(
            own, days=days, quarter=quarter, rules=rules
        ).items():
            event = counted.get(code, {}).get(manager_id, Decimal(0)) * scale_of(code, days)
            cases[code].append((manager_id, numerator + event, denominator))
    for manager_id, assigned in managers.select("manager_id", "assigned_days").iter_rows():
        months = 3 * Decimal(assigned) / quarter
        cases["I3"].append((manager_id, counted.get("I3", {}).get(manager_id, Decimal(0)), months))
    return cases


def _frame(rows: list[tuple]) -> pl.DataFrame:
    """Rows (manager_id, numerator, denominator) as a frame of exact decimals."""
    rounded = [(key, above.quantize(PLACES), below.quantize(PLACES)) for key, above, below in rows]
    return pl.DataFrame(rounded, schema=CASES, orient="row")


def _managers(params) -> pl.DataFrame:
    schema = {"manager_id": pl.Int64, "line": pl.String, "branch_class": pl.String, "number": pl.String}
    schema |= {"public_id": pl.String, "assigned_days": pl.Int64, "customers": pl.Int64}
    return pl.DataFrame(_rows(MANAGERS, params), schema=schema, orient="row")


def _with_peers(managers, sums, days, quarter, rules) -> pl.DataFrame:
    """Add portfolio (average deposits and loans, fen), rated and peer_group.

    Rated asks for 45 days with customers in a whole quarter, and for as large a part of a running one.
    """
    least = -(-rules.content["min_assigned_days"] * days // quarter)
    portfolio = [int((sums[key]["deposit"] + sums[key]["loan"]) / days) for key in managers["manager_id"]]
    known = managers.with_columns(
        pl.Series("portfolio", portfolio, dtype=pl.Int128),
        (pl.col("assigned_days") >= least).alias("rated"),
    )
    groups = scoring.peer_groups(known, least=rules.content["peers"]["percentile_min"])
    return known.join(groups, on="manager_id", maintain_order="left")


def _event_cases(params) -> dict[str, pl.DataFrame]:
    """Sums of every record-based indicator, by code: one statement over all sources."""
    parts = [
        f"SELECT '{code}', manager_id, sum(share * above), sum(share * below) FROM ("
        "SELECT manager_id, share, sum(numerator) AS above, sum(denominator) AS below "
        f"FROM ({source.sql}) AS s WHERE manager_id IS NOT NULL GROUP BY manager_id, share"
        ") AS shares GROUP BY manager_id"
        for code, source in sources.SOURCES.items()
        if code not in BY_ROWS
    ]
    rows = defaultdict(list)
    for code, *row in _rows(f"{groundwork.common(whole_bank=True)} {' UNION ALL '.join(parts)}", params):
        rows[code].append(tuple(row))
    return {code: _frame(of_code) for code, of_code in rows.items()}


def _deals(params) -> pl.DataFrame:
    rows = _rows(f"SELECT manager_id, days FROM ({sources.SOURCES['F3'].sql}) AS s", params)
    return pl.DataFrame(rows, schema={"manager_id": pl.Int64, "days": pl.Int64}, orient="row")


def _rows(sql: str, params) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def _text(value: Decimal | None, places: int) -> str | None:
    """A decimal as it is stored: fixed places, no exponent."""
    return None if value is None else f"{value:.{places}f}"


def _figures(row: Result) -> tuple[str | None, ...]:
    """Numerator, denominator, value, points and weight of a result, as they are stored."""
    return (
        _text(row.numerator, 6),
        _text(row.denominator, 6),
        _text(row.value, 10),
        _text(row.points, 10),
        _text(row.weight, 4),
    )


def points_text(card: Card) -> dict[str, str | None]:
    """The points of a card as they are stored: ten places, None where nothing was measured."""
    return {dimension: _text(value, 10) for dimension, value in card.points.items()}


def _card_rows(night: Night, period: Period, inputs: Inputs, cards: list[Card]) -> list[tuple]:
    facts = {
        key: rest
        for key, *rest in inputs.managers.select(
            "manager_id", "line", "peer_group", "rated", "assigned_days", "customers"
        ).iter_rows()
    }
    return [
        (
            uuid5(NAMESPACE, f"{night.pk}:{inputs.numbers[card.manager_id][1]}"),
            card.manager_id,
            period.pk,
            night.pk,
            *facts[card.manager_id],
            json.dumps(points_text(card)),
            card.deducted,
            card.is_vetoed,
            card.total,
            card.grade,
        )
        for card in cards
    ]


def _store(night: Night, period: Period, inputs: Inputs, cards: list[Card], figures: list[tuple]) -> None:
    """Replace the night's cards and results, by COPY: there are tens of thousands of results."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM performance_indicatorresult AS r USING performance_scorecard AS s "
            "WHERE s.id = r.scorecard_id AND s.night_id = %s",
            [night.pk],
        )
        cursor.execute("DELETE FROM performance_scorecard WHERE night_id = %s", [night.pk])
        with cursor.copy(
            "COPY performance_scorecard (public_id, manager_id, period_id, night_id, line, peer_group, "
            "is_rated, assigned_days, customers, points, deducted, is_vetoed, total, grade) FROM STDIN"
        ) as copy:
            for row in _card_rows(night, period, inputs, cards):
                copy.write_row(row)
        ids = dict(Scorecard.objects.filter(night=night).values_list("manager_id", "pk"))
        with cursor.copy(
            "COPY performance_indicatorresult (scorecard_id, code, dimension, numerator, denominator, value, "
            "points, weight) FROM STDIN"
        ) as copy:
            for manager_id, *row in figures:
                copy.write_row((ids[manager_id], *row))


def _digest(inputs: Inputs, cards: list[Card], figures: list[tuple]) -> str:
    """SHA-256 over every stored figure, by staff number: the same on every machine."""
    number = {key: number for key, (number, _public_id) in inputs.numbers.items()}
    lines = [
        f"{number[card.manager_id]}|{points_text(card)}|{card.deducted}|{card.is_vetoed}|{card.total}|{card.grade}"
        for card in cards
    ]
    lines += [
        "|".join((number[manager_id], code, *map(str, row))) for manager_id, code, _dimension, *row in figures
    ]
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()
