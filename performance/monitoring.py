"""What monitoring asks of the nights: age of what readers see, states, seconds by stage, waiting steps."""

from django.db.models import Count, F, Max, Min, Sum
from django.utils import timezone

from crm.ops.checks import DEGRADED, OK
from crm.ops.metrics import by_label, gauge
from customers.models import Publication
from performance.choices import NightState, StepState
from performance.models import Night, Step
from performance.selectors.freshness import freshness


def night() -> tuple[str, dict]:
    """A readiness check: pages answer with an old night too, but say so. Never down."""
    now = timezone.now()
    found = freshness(now)
    age = _age(now)
    figures = {"level": found.level, "age_hours": None if age is None else round(age / 3600, 1)}
    return OK if found.level == "ok" else DEGRADED, figures


def _age(now) -> float | None:
    seen = Publication.objects.first()
    return None if seen is None else (now - seen.published_at).total_seconds()


def nights():
    """Metric families of the nights; stages are those of the newest night that began."""
    now = timezone.now()
    yield gauge("night_age_seconds", "Seconds since the night that readers see was published.", _age(now))
    counted = {state.value: 0 for state in NightState}
    counted |= dict(Night.objects.order_by().values_list("state").annotate(Count("pk")))
    yield by_label("nights", "Nights by state.", "state", counted)
    newest = Night.objects.exclude(started_at=None).order_by("-started_at").first()
    yield from _stages(newest)
    waiting = Step.objects.filter(
        night__state=NightState.RUNNING, state=StepState.WAITING, queued_at__isnull=False
    )
    found = waiting.aggregate(count=Count("pk"), oldest=Min("queued_at"))
    yield gauge("steps_waiting", "Steps that are queued and that nobody works on.", found["count"])
    oldest = (now - found["oldest"]).total_seconds() if found["oldest"] else 0
    yield gauge("step_waiting_seconds_max", "How long the oldest of them waits.", oldest)
    yield gauge("steps_failed", "Steps that gave up.", Step.objects.filter(state=StepState.FAILED).count())


def _stages(newest):
    if newest is None:
        return
    done = newest.steps.filter(state=StepState.DONE).order_by()
    rows = done.values("stage").annotate(
        first=Min("started_at"), last=Max("finished_at"), work=Sum(F("finished_at") - F("started_at"))
    )
    wall = {row["stage"]: (row["last"] - row["first"]).total_seconds() for row in rows if row["first"]}
    work = {row["stage"]: row["work"].total_seconds() for row in rows if row["work"] is not None}
    yield by_label("night_stage_seconds", "Seconds from a stage's begin to its end.", "stage", wall)
    yield by_label("night_stage_work_seconds", "Seconds that its steps took together.", "stage", work)
    attempts = newest.steps.aggregate(most=Max("attempts"))["most"]
    yield gauge("night_step_attempts_max", "Attempts of the step that took most.", attempts)
