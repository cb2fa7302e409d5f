"""A night as its page shows it: stages, the matrix of analyses by shard, events, what readers see."""

from dataclasses import dataclass
from datetime import datetime

from crm.partitions import SHARDS
from performance.choices import NightState, P, Stage, StepState
from performance.models import Night, Step

# How much of a whole night each stage is, for one honest bar: measured on the demo bank and at 200,000.
SHARE = {
    Stage.ROLLUP: 38,
    Stage.FIT: 4,
    Stage.SCORE: 40,
    Stage.PUBLISH: 4,
    Stage.SCORECARDS: 8,
    Stage.TASKS: 6,
}
EVENTS = 8


@dataclass(frozen=True)
class StageRow:
    """One line of the steps table. `seconds` run from the first start to the last end (or now)."""

    stage: Stage
    state: str
    done: int
    steps: int
    rows: int
    seconds: float | None
    retried: int
    error: str

    @property
    def share(self) -> float:
        return self.done / self.steps if self.steps else 0.0

    @property
    def percent(self) -> int:
        return int(self.share * 100)


@dataclass(frozen=True)
class Cell:
    """One analysis in one shard: done, part, wait, kept (yesterday's kept after an error) or retry."""

    shard: int
    state: str


@dataclass(frozen=True)
class MatrixRow:
    p: P
    cells: list[Cell]
    rows: int
    seconds: float
    kept: int

    @property
    def pace(self) -> float | None:
        """Rows a second."""
        return self.rows / self.seconds if self.seconds else None


@dataclass(frozen=True)
class NightPage:
    night: Night
    percent: float
    stages: list[StageRow]
    matrix: list[MatrixRow]
    events: list[Step]
    now_stage: StageRow | None
    used: float | None
    left: float | None

    @property
    def is_live(self) -> bool:
        return self.night.state in {NightState.WAITING, NightState.RUNNING}


def night_page(night: Night, now: datetime) -> NightPage:
    """Read every step once and lay the page out; `now` only measures what is still running."""
    steps = list(night.steps.all())
    stages = [_stage(stage, [step for step in steps if step.stage == stage], now) for stage in Stage]
    stages = [row for row in stages if row.steps]
    whole = sum(SHARE[row.stage] for row in stages)
    percent = 100 * sum(SHARE[row.stage] * row.share for row in stages) / whole if whole else 0.0
    if night.finished_at and night.state == NightState.PUBLISHED:
        percent = 100.0
    used = ((night.finished_at or now) - night.started_at).total_seconds() if night.started_at else None
    live = night.state == NightState.RUNNING
    left = used * (100 - percent) / percent if live and used is not None and percent >= 5 else None
    now_stage = next((row for row in stages if row.state != StepState.DONE), None)
    finished = [step for step in steps if step.finished_at or step.error]
    finished.sort(
        key=lambda step: step.finished_at or step.heartbeat_at or step.started_at or now, reverse=True
    )
    score = [step for step in steps if step.stage == Stage.SCORE]
    return NightPage(night, percent, stages, _matrix(score), finished[:EVENTS], now_stage, used, left)


def _stage(stage: Stage, steps: list[Step], now: datetime) -> StageRow:
    done = [step for step in steps if step.state == StepState.DONE]
    states = {step.state for step in steps}
    if StepState.FAILED in states:
        state = StepState.FAILED
    elif steps and len(done) == len(steps):
        state = StepState.DONE
    elif done or StepState.RUNNING in states:
        state = StepState.RUNNING
    else:
        state = StepState.WAITING
    starts = [step.started_at for step in steps if step.started_at]
    ends = [step.finished_at for step in done if step.finished_at]
    seconds = None
    if starts:
        end = max(ends) if state == StepState.DONE and ends else now
        seconds = max((end - min(starts)).total_seconds(), 0)
    return StageRow(
        stage=stage,
        state=state,
        done=len(done),
        steps=len(steps),
        rows=sum(step.rows for step in steps),
        seconds=seconds,
        retried=sum(step.attempts > 1 for step in steps),
        error=next((step.error for step in steps if step.error), ""),
    )


def _matrix(steps: list[Step]) -> list[MatrixRow]:
    """Seven analyses by shards, from each step's `detail`: {p: {rows, seconds, error}}."""
    by_shard = {step.shard: step for step in steps}
    if not by_shard:
        return []
    rows = []
    for p in P:
        details = [(step.detail or {}).get(p.value) or {} for step in steps]
        rows.append(
            MatrixRow(
                p=p,
                cells=[Cell(shard, _cell(by_shard.get(shard), p)) for shard in range(SHARDS)],
                rows=sum(detail.get("rows") or 0 for detail in details),
                seconds=sum(detail.get("seconds") or 0 for detail in details),
                kept=sum(bool(detail.get("error")) for detail in details),
            )
        )
    return rows


def _cell(step: Step | None, p: P) -> str:
    if step is None:
        return "wait"
    detail = (step.detail or {}).get(p.value) or {}
    if detail.get("error"):
        return "kept"
    if step.state == StepState.DONE:
        return "done"
    if step.state == StepState.RUNNING:
        return "done" if detail else "part"
    return "retry" if step.state == StepState.FAILED or step.attempts > 1 else "wait"


def earlier_nights(night: Night, limit: int = 6) -> list[Night]:
    """The nights before this one, newest first."""
    return list(Night.objects.exclude(pk=night.pk).filter(business_date__lte=night.business_date)[:limit])
