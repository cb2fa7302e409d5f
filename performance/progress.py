"""How far a night is: what the night's page and the terminal show, read from its steps."""

from dataclasses import dataclass, field
from datetime import datetime

from performance.choices import P, Stage, StepState

# how much of a night's time a stage takes, measured at 200,000 customers (docs/benchmarks.md)
WEIGHTS = {
    Stage.ROLLUP: 35,
    Stage.FIT: 10,
    Stage.SCORE: 35,
    Stage.PUBLISH: 5,
    Stage.SCORECARDS: 10,
    Stage.TASKS: 5,
}
COUNTED = (Stage.ROLLUP, Stage.SCORE)  # stages whose rows are customers


@dataclass(frozen=True)
class StageProgress:
    """One stage: state, steps done of all, rows, seconds since it began (None: not begun)."""

    stage: str
    label: str
    state: str
    done: int
    total: int
    rows: int
    seconds: float | None
    error: str


@dataclass(frozen=True)
class NightProgress:
    """A whole night. `matrix` has a row per P: {"p", "label", "cells": [state of each shard], "error"}.

    A cell is waiting, running, done, failed, or stale where the P failed and the night before stands in.
    `seconds` since the start, `remaining` seconds as the pace so far foretells (None: not known yet).
    """

    state: str
    percent: int
    rows_done: int
    rows_total: int
    seconds: float
    remaining: float | None
    stages: list[StageProgress] = field(default_factory=list)
    matrix: list[dict] = field(default_factory=list)
    error: str = ""


def night_progress(night, now: datetime) -> NightProgress:
    """Return how far `night` is at `now`, from two queries (the night is read anew)."""
    night.refresh_from_db()
    steps = list(night.steps.all())
    stages = [_stage(stage, [step for step in steps if step.stage == stage], now) for stage in Stage]
    share = sum(WEIGHTS[stage.stage] * stage.done / stage.total for stage in stages if stage.total)
    end = night.finished_at or now
    seconds = max((end - night.started_at).total_seconds(), 0.0) if night.started_at else 0.0
    rows_done = sum(stage.rows for stage in stages if stage.stage in COUNTED)
    return NightProgress(
        state=night.state,
        percent=int(share),
        rows_done=rows_done,
        rows_total=max(_total(night, stages), rows_done),
        seconds=round(seconds, 1),
        remaining=None if share <= 0 or night.finished_at else round(seconds * (100 - share) / share, 1),
        stages=stages,
        matrix=_matrix(steps),
        error=night.error,
    )


def _total(night, stages: list[StageProgress]) -> int:
    """Rows that the counted stages will write: known after the rollups, guessed from the shards before."""
    rollup = next(stage for stage in stages if stage.stage == Stage.ROLLUP)
    if not rollup.done:
        return 2 * night.customers
    return 2 * rollup.rows * rollup.total // rollup.done


def _stage(stage, steps: list, now: datetime) -> StageProgress:
    begun = [step.started_at for step in steps if step.started_at]
    ended = [step.finished_at for step in steps if step.finished_at]
    done = sum(step.state == StepState.DONE for step in steps)
    states = {step.state for step in steps}
    if done == len(steps):
        state = StepState.DONE
    elif StepState.FAILED in states:
        state = StepState.FAILED
    else:
        state = StepState.RUNNING if begun else StepState.WAITING
    seconds = None
    if begun:
        last = max(ended) if state == StepState.DONE else now
        seconds = round(max((last - min(begun)).total_seconds(), 0.0), 2)
    return StageProgress(
        stage=stage.value,
        label=stage.label,
        state=state.value,
        done=done,
        total=len(steps),
        rows=sum(step.rows for step in steps if step.state == StepState.DONE),
        seconds=seconds,
        error=next((step.error for step in steps if step.error), ""),
    )


def _matrix(steps: list) -> list[dict]:
    score = sorted((step for step in steps if step.stage == Stage.SCORE), key=lambda step: step.shard)
    return [
        {
            "p": p.value,
            "label": p.label,
            "cells": [_cell(step, p) for step in score],
            "error": next((e for step in score if (e := step.detail.get(p, {}).get("error"))), ""),
        }
        for p in P
    ]


def _cell(step, p) -> str:
    if step.state == StepState.DONE and step.detail.get(p, {}).get("error"):
        return "stale"
    return step.state
