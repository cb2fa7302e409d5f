"""The order of Today: rank = greatest(value, floor) × likelihood × urgency, by rules with a version.

The night ranks by SQL, a page that makes one task by Python: both from the same rules, and a test compares
them. Values in fen, likelihood in 1/10000, urgency in percent; the rank is in fen.
"""

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from crm.rules import RulesError, read
from customers.choices import TaskKind

DEFAULT = Path(__file__).with_name("rules") / "today.toml"
FEN = 100


@dataclass(frozen=True)
class Weight:
    """What a kind of task weighs. `most`: open ones of a manager before new ones wait; or None."""

    likelihood_bp: int
    floor_fen: int
    most: int | None


@dataclass(frozen=True)
class Rules:
    version: str
    new_a_night: int
    manual_ahead_days: int
    late: int
    late_a_day: int
    late_days: int
    steps: tuple[tuple[int, int], ...]
    later: int
    kinds: dict[str, Weight]


@cache
def rules() -> Rules:
    """The rules, read once per process: the bank's own where GUANHU_TODAY names a file.

    Raises RulesError where the file is missing, no TOML, or lacks a kind, a figure or a version.
    """
    told, path = read("GUANHU_TODAY", DEFAULT, "Today")
    try:
        return parsed(told)
    except (KeyError, TypeError, ValueError) as error:
        raise RulesError(f"The rules of Today in {path} cannot be used: {error}.") from error


def parsed(told: dict) -> Rules:
    """Return the rules of a file's contents; KeyError, TypeError or ValueError says what is wrong."""
    urgency = told["urgency"]
    steps = tuple((int(days), int(percent)) for days, percent in urgency["steps"])
    if [days for days, _percent in steps] != sorted({days for days, _percent in steps}):
        raise ValueError("the steps of urgency must rise by days")
    missing = set(TaskKind.values) - set(told["kinds"])
    if missing:
        raise ValueError(f"kinds without a weight: {', '.join(sorted(missing))}")
    if not 0 < len(str(told["version"])) <= 20:
        raise ValueError('a version of up to 20 letters is missing: version = "2026.1"')
    return Rules(
        str(told["version"]),
        int(told["new_a_night"]),
        int(told["manual_ahead_days"]),
        int(urgency["late"]),
        int(urgency["late_a_day"]),
        int(urgency["late_days"]),
        steps,
        int(urgency["later"]),
        {
            kind: Weight(int(row["likelihood_bp"]), int(row["floor_yuan"]) * FEN, row.get("most"))
            for kind, row in told["kinds"].items()
        },
    )


def urgency(due_on: date, as_of: date) -> int:
    """How urgent, in percent: late counts more every day, what is far off counts less."""
    left, told = (due_on - as_of).days, rules()
    if left < 0:
        return told.late + told.late_a_day * min(-left, told.late_days)
    return next((percent for days, percent in told.steps if left <= days), told.later)


def urgency_sql(due_on: str = "due_on", as_of: str = "%(as_of)s") -> str:
    """The same as an SQL expression over a date column and a parameter."""
    told = rules()
    steps = " ".join(f"WHEN {due_on} <= {as_of} + {days} THEN {percent}" for days, percent in told.steps)
    late = f"{told.late} + {told.late_a_day} * least({as_of} - {due_on}, {told.late_days})"
    return f"CASE WHEN {due_on} < {as_of} THEN {late} {steps} ELSE {told.later} END"


def rank(kind: str, value_fen: int, due_on: date, as_of: date, likelihood_bp: int | None = None) -> int:
    """The rank of one task, rounded half up as PostgreSQL does."""
    weight = rules().kinds[kind]
    stake = max(value_fen, weight.floor_fen) * (likelihood_bp or weight.likelihood_bp)
    return (stake * urgency(due_on, as_of) + 500_000) // 1_000_000
