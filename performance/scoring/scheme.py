"""The rules of a scorecard as data: weights, thresholds and constants, checked when they are read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib import resources

DIMENSIONS = ("contribution", "satisfaction", "safety", "information", "efficiency")
LINES = ("retail", "corporate", "sme", "private")
POSTS = ("trainee", "junior", "intermediate", "senior", "principal")  # grades of a post, from below
SEVERITIES = ("minor", "major")


class SchemeError(ValueError):
    """A scheme that cannot be used; the message says what to correct."""


@dataclass(frozen=True)
class Thresholds:
    """An indicator's weight in its dimension (percent) and the values worth 0, 60 and 100 points."""

    weight: Decimal
    low: Decimal
    passing: Decimal
    top: Decimal


@dataclass(frozen=True)
class Rules:
    """One version of the rules. `content` is what is stored; the rest is the same, typed."""

    content: Mapping
    dimension_weights: Mapping[str, Mapping[str, Decimal]]
    indicators: Mapping[str, Thresholds]
    grades: tuple[tuple[str, Decimal], ...]

    def number(self, *path: str) -> Decimal:
        """Return the constant at `path`, e.g. `number("eva", "tax")`, as Decimal."""
        value = self.content
        for step in path:
            value = value[step]
        return Decimal(str(value))


def read_rules(content: Mapping, dimension_of: Mapping[str, str]) -> Rules:
    """Return `content` (the JSON of a Scheme) as Rules.

    `dimension_of` says to which dimension each known indicator belongs. Raises SchemeError when weights do
    not sum to 100, thresholds are out of order, or a line, dimension or indicator is missing or unknown.
    """
    try:
        weights = {
            line: {dimension: Decimal(value) for dimension, value in row.items()}
            for line, row in content["dimension_weights"].items()
        }
        indicators = {
            code: Thresholds(*(Decimal(row[key]) for key in ("weight", "low", "pass", "top")))
            for code, row in content["indicators"].items()
        }
        grades = tuple((letter, Decimal(least)) for letter, least in content["grades"])
    except (KeyError, ArithmeticError, TypeError, ValueError) as error:
        raise SchemeError(f"The scheme cannot be read at {error}: see docs/scorecard.md.") from error
    _check_weights(weights, indicators, dimension_of)
    _check_thresholds(indicators, grades)
    _check_pay(content)
    return Rules(content, weights, indicators, grades)


def _check_weights(weights, indicators, dimension_of) -> None:
    if set(weights) != set(LINES):
        raise SchemeError(f"The scheme must give dimension weights for exactly {', '.join(LINES)}.")
    for line, row in weights.items():
        if set(row) != set(DIMENSIONS) or sum(row.values()) != 100 or min(row.values()) < 0:
            raise SchemeError(f"Weights of the five dimensions for {line} must sum to 100.")
    if unknown := set(indicators) - set(dimension_of):
        raise SchemeError(f"No such indicator: {', '.join(sorted(unknown))}.")
    for dimension in DIMENSIONS:
        own = [rule.weight for code, rule in indicators.items() if dimension_of[code] == dimension]
        if sum(own) != 100 or min(own) < 0:
            raise SchemeError(f"Weights of the indicators of {dimension} must sum to 100, not {sum(own)}.")


def _check_thresholds(indicators, grades) -> None:
    for code, rule in indicators.items():
        rising, falling = rule.low < rule.passing < rule.top, rule.low > rule.passing > rule.top
        if not (rising or falling):
            raise SchemeError(f"Thresholds of {code} must rise or fall from low over pass to top.")
    least = [value for _, value in grades]
    if not least or least != sorted(least, reverse=True) or least[-1] != 0:
        raise SchemeError("Grades must be listed from the best down, the last from 0 points.")


def _check_pay(content: Mapping) -> None:
    try:
        pay = content["pay"]
        k = {name: Decimal(value) for name, value in pay["k"].items()}
        coefficients = {grade: Decimal(value) for grade, value in pay["coefficients"].items()}
        deferred = {line: Decimal(share) for line, share in pay["deferred"].items()}
        schedule = [Decimal(weight) for weight in pay["schedule"]]
        found = {name: k[name] for name in ("score", "slope", "low", "high", "gate", "unrated")}
        amounts = Decimal(pay["base_fen"]), Decimal(pay["veto_months"])
        deductions = {name: Decimal(content["deductions"][name]) for name in SEVERITIES}
    except (KeyError, ArithmeticError, TypeError, ValueError, AttributeError) as error:
        raise SchemeError(f"The rules of pay cannot be read at {error}: see docs/scorecard.md.") from error
    if not 0 <= found["low"] <= found["high"] or found["slope"] < 0:
        raise SchemeError("The factor k must rise from its low to its high end: correct pay.k.")
    if set(coefficients) != set(POSTS) or min(coefficients.values()) <= 0:
        raise SchemeError(f"Pay needs a coefficient above 0 for exactly {', '.join(POSTS)}.")
    if set(deferred) != set(LINES) or not all(0 <= share <= 100 for share in deferred.values()):
        raise SchemeError(f"Pay needs a deferred share of 0 to 100 percent for exactly {', '.join(LINES)}.")
    if not schedule or min(schedule) < 0 or sum(schedule) <= 0:
        raise SchemeError("The schedule of deferred pay needs at least one part, none negative.")
    if min(amounts) < 0 or min(deductions.values()) < 0:
        raise SchemeError("Base pay, deductions and the months after a veto cannot be negative.")


@cache
def default_content() -> dict:
    """Return the default scheme (domain.md §1, marks ◇): the content that the first migration stores."""
    return json.loads(
        resources.files("performance.scoring").joinpath("default_scheme.json").read_text("utf-8")
    )
