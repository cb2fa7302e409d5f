"""A night as its page shows it: progress, the matrix with rows and pace, the latest events."""

from dataclasses import dataclass
from datetime import datetime

from performance.choices import NightState, P, Stage, StepState
from performance.models import Night, Step
from performance.progress import WEIGHTS, NightProgress, StageProgress, night_progress

EVENTS = 8
# What a cell of the matrix is drawn as. A part is a step under way: its analyses end together.
CELLS = {
    StepState.DONE: "done",
    StepState.RUNNING: "part",
    StepState.WAITING: "wait",
    StepState.FAILED: "retry",
    "stale": "kept",
}


@dataclass(frozen=True)
class MatrixRow:
    """One analysis: a cell a shard, customers analysed and seconds of computing over all shards."""

    label: str
    cells: list[str]
    rows: int
    seconds: float
    error: str

    @property
    def pace(self) -> float | None:
        """Customers a second."""
        return self.rows / self.seconds if self.seconds else None


@dataclass(frozen=True)
class NightPage:
    night: Night
    progress: NightProgress
    matrix: list[MatrixRow]
    events: list[Step]
    retried: dict[str, int]

    @property
    def is_live(self) -> bool:
        return self.night.state in {NightState.WAITING, NightState.RUNNING}

    @property
    def now_stage(self) -> StageProgress | None:
        """The first stage that is not over."""
        return next((row for row in self.progress.stages if row.state != StepState.DONE), None)

    @property
    def marks(self) -> list[dict]:
        """The stages on one bar: each label where its stage begins, in percent."""
        at, marks = 0, []
        for row in self.progress.stages:
            is_now = self.is_live and row is self.now_stage
            marks.append({"label": row.label, "at": at, "is_now": is_now})
            at += WEIGHTS[Stage(row.stage)]
        return marks


def night_page(night: Night, now: datetime) -> NightPage:
    """Read the night's steps and lay the page out; `now` only measures what is still running."""
    progress = night_progress(night, now)
    steps = list(night.steps.all())
    ended = [step for step in steps if step.finished_at or step.error]
    ended.sort(key=lambda step: step.finished_at or step.started_at or now, reverse=True)
    retried = {stage.value: 0 for stage in Stage}
    for step in steps:
        retried[step.stage] += step.attempts > 1
    return NightPage(night, progress, _matrix(progress, steps), ended[:EVENTS], retried)


def _matrix(progress: NightProgress, steps: list[Step]) -> list[MatrixRow]:
    """Seven analyses by shards; rows and seconds come from each done step's `detail`."""
    score = [step for step in steps if step.stage == Stage.SCORE]
    done = [step for step in score if step.state == StepState.DONE]
    rows = []
    for p, row in zip(P, progress.matrix, strict=True):
        details = [step.detail.get(p.value, {}) for step in done]
        rows.append(
            MatrixRow(
                label=row["label"],
                cells=[CELLS[cell] for cell in row["cells"]],
                rows=sum(step.rows for step in done),
                seconds=sum(detail.get("seconds") or 0 for detail in details),
                error=row["error"],
            )
        )
    return rows if score else []


def earlier_nights(night: Night, limit: int = 6) -> list[Night]:
    """The nights before this one, newest first."""
    return list(Night.objects.exclude(pk=night.pk).filter(business_date__lte=night.business_date)[:limit])
