"""The night as a service: planned, moved on from stage to stage, mended after a crash, published.

PostgreSQL holds the whole state; the broker only carries step numbers. A step is taken by locking its row,
and the lock, which dies with its worker, is the sign of life. Every function may be repeated.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256

from django.db import connection, transaction
from django.db.models import F, Max
from django.db.models.functions import Now

from crm.feed.models import FeedLoad, FeedState
from customers.models import Publication, Rebuild
from performance import rules, tables
from performance.choices import NightState, Stage, StepState
from performance.models import Night, Step

CUTS, AFFINITIES = range(2)  # the shards of the fit stage
TABLE_STAGES = (Stage.ROLLUP, Stage.FIT, Stage.SCORE)  # whose digests make the night's
ATTEMPTS = 3
STARTING = timedelta(seconds=3)  # between taking a step and locking it, with much to spare
LOST = timedelta(seconds=3)  # a message that the empty queue no longer holds


def plan(shards: int) -> dict[tuple, set[tuple]]:
    """Return every step (stage, shard) of a night cut into `shards`, and the steps that each needs.

    In the order in which ready steps are queued: what much else waits for comes first.
    """
    rolled = [(Stage.ROLLUP, shard) for shard in range(shards)]
    fitted = [(Stage.FIT, CUTS), (Stage.FIT, AFFINITIES)]
    scored = [(Stage.SCORE, shard) for shard in range(shards)]
    published = (Stage.PUBLISH, 0)
    return {
        **{place: set() for place in rolled},
        (Stage.FIT, CUTS): {rolled[shard] for shard in tables.sampled_shards(shards)},
        (Stage.FIT, AFFINITIES): set(rolled),
        **{place: set(fitted) for place in scored},
        published: set(scored),
        (Stage.TASKS, 0): {published},
        (Stage.SCORECARDS, 0): {published},
    }


class NightError(Exception):
    """A night cannot be run or did not finish; the message says why and what to do."""


@dataclass(frozen=True)
class Planned:
    """A night ready to run, what it was before, and the steps to queue."""

    night: Night
    again: bool
    steps: list[int]


@transaction.atomic
def plan_night(as_of: date, *, from_scratch: bool = False) -> Planned:
    """Make, resume or repeat the night of `as_of`; return it with the steps to queue.

    A night that is running goes on; a failed one goes on where it failed, unless the records have moved
    since; a finished one is computed once more beside its readers. With `from_scratch` what is begun reads
    the whole ledger and every record instead of the night before. Raises NightError where the feed of that
    date is not loaded.
    """
    upto_load = _loads_for(as_of)
    night, new = _found_or_made(Night.objects.select_for_update(), as_of, upto_load)
    finished = night.state == NightState.PUBLISHED
    fresh = new or night.state == NightState.WAITING
    moved = from_scratch or night.upto_load != upto_load
    if fresh or finished or (night.state == NightState.FAILED and moved):
        _begin(night, upto_load, again=not fresh, from_scratch=from_scratch)
    elif night.state == NightState.FAILED:
        night.steps.filter(state=StepState.FAILED).update(
            state=StepState.WAITING, attempts=0, error="", queued_at=None
        )
        Night.objects.filter(pk=night.pk).update(state=NightState.RUNNING, error="", finished_at=None)
    night.refresh_from_db()
    return Planned(night, finished, advance(night.pk))


def ask_for(as_of: date) -> Night:
    """Note that the night of `as_of` is wanted: what a page may do, as tables are the worker's to make.

    `plan_night` on a worker goes on from here. Raises NightError as it does.
    """
    return _found_or_made(Night.objects, as_of, _loads_for(as_of))[0]


def _found_or_made(nights, as_of: date, upto_load: int) -> tuple[Night, bool]:
    return nights.get_or_create(
        business_date=as_of,
        version=rules.seven_p()["version"],
        defaults={  # asked only where the night is new
            "upto_load": upto_load,
            "previous": lambda: _night_before(as_of),
            "shards": tables.shards_for_bank,
        },
    )


def _loads_for(as_of: date) -> int:
    """Return the newest load; raise NightError unless some load covers `as_of`."""
    loaded = FeedLoad.objects.filter(state=FeedState.LOADED)
    if not loaded.filter(since__lt=as_of, business_date__gte=as_of).exists():
        last = loaded.aggregate(last=Max("business_date"))["last"]
        known = f"the last day loaded is {last}" if last else "no feed was loaded yet"
        raise NightError(
            f"The feed of {as_of} is not loaded ({known}): load it with `manage.py load_feed DIR` first."
        )
    return loaded.aggregate(last=Max("id"))["last"]


def latest_loaded() -> date | None:
    """Return the last business date that a loaded feed brought."""
    return FeedLoad.objects.filter(state=FeedState.LOADED).aggregate(last=Max("business_date"))["last"]


def is_computed(as_of: date) -> bool:
    """Return whether a night of `as_of` under the present rules was published."""
    version = rules.seven_p()["version"]
    return Night.objects.filter(business_date=as_of, version=version, published_run__isnull=False).exists()


def _night_before(as_of: date) -> Night | None:
    """The newest computed night before `as_of` whose rollups are still there."""
    nights = Night.objects.filter(business_date__lt=as_of, published_run__isnull=False)
    for night in nights.order_by("-business_date", "-id")[:5]:
        if tables.exists(tables.of_night(tables.ROLLUP, night, published=True)):
            return night
    return None


def mark() -> str:
    """Up to where changes to records are seen now: on which server, and the oldest transaction under way."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT system_identifier || ':' || pg_snapshot_xmin(pg_current_snapshot())::text "
            "FROM pg_control_system()"
        )
        return cursor.fetchone()[0]


def _begin(night: Night, upto_load: int, *, again: bool, from_scratch: bool) -> None:
    """Start a run of `night`: empty tables of its own and every step waiting."""
    if again:
        if night.run != night.published_run:
            tables.drop_night(night)
        night.run += 1
        if not (
            night.previous and tables.exists(tables.of_night(tables.ROLLUP, night.previous, published=True))
        ):
            night.previous = _night_before(night.business_date)
    if from_scratch:
        night.previous = None
    night.upto_load, night.error, night.records_mark = upto_load, "", mark()
    night.state, night.finished_at = NightState.RUNNING, None
    night.save()
    Night.objects.filter(pk=night.pk).update(started_at=Now())
    night.steps.all().delete()
    Step.objects.bulk_create(
        Step(night=night, stage=stage, shard=shard) for stage, shard in plan(night.shards)
    )
    tables.make_night(night)


@transaction.atomic
def advance(night_id: int) -> list[int]:
    """Open the steps whose needs are done; return those to queue, each returned once.

    Marks the night failed when a step gave up and no other can still run.
    """
    night = Night.objects.select_for_update().get(pk=night_id)
    if night.state != NightState.RUNNING:
        return []
    steps = {(step.stage, step.shard): step for step in night.steps.all()}
    undone = {place for place, step in steps.items() if step.state != StepState.DONE}
    if not undone:
        Night.objects.filter(pk=night_id).update(state=NightState.PUBLISHED, finished_at=Now())
        return []
    ready = [
        steps[place] for place, needs in plan(night.shards).items() if place in undone and not needs & undone
    ]
    failed = [step for step in ready if step.state == StepState.FAILED]
    if len(failed) == len(ready):
        what = f"{failed[0].stage}, shard {failed[0].shard}: {failed[0].error}"
        Night.objects.filter(pk=night_id).update(state=NightState.FAILED, error=what, finished_at=Now())
        return []
    fresh = [step.pk for step in ready if step.queued_at is None and step.state != StepState.FAILED]
    Step.objects.filter(pk__in=fresh).update(queued_at=Now())
    return fresh


@transaction.atomic
def reconcile(*, queue_is_empty: bool) -> list[int]:
    """Return the steps to queue again: those whose worker died, and those whose message is gone.

    A running step whose row nobody locks has lost its worker. A waiting one is lost only when the queue is
    empty and nothing of its night is being computed (a live worker may hold its message).
    """
    again = []
    for night in Night.objects.filter(state=NightState.RUNNING):
        begun = night.steps.exclude(state__in=[StepState.DONE, StepState.FAILED]).filter(
            queued_at__isnull=False
        )
        free = list(begun.select_for_update(skip_locked=True, of=("self",)))
        dead = [step.pk for step in free if step.state == StepState.RUNNING]
        dead = list(
            Step.objects.filter(pk__in=dead, started_at__lt=Now() - STARTING).values_list("pk", flat=True)
        )
        alive = begun.filter(state=StepState.RUNNING).count() - len(dead)
        if queue_is_empty and alive == 0:
            waiting = [step.pk for step in free if step.state == StepState.WAITING]
            lost = Step.objects.filter(pk__in=waiting, queued_at__lt=Now() - LOST)
            dead += lost.values_list("pk", flat=True)
        Step.objects.filter(pk__in=dead).update(state=StepState.WAITING, queued_at=Now())
        again += dead
    for night_id in Night.objects.filter(state=NightState.RUNNING).values_list("pk", flat=True):
        again += advance(night_id)
    if queue_is_empty:  # asked for, and the message that asked is lost
        for asked in Night.objects.filter(state=NightState.WAITING).values_list("business_date", flat=True):
            again += plan_night(asked).steps
    return again


def publish(night: Night) -> tuple[int, str, dict]:
    """Show `night` to every reader; return rows, digest and what happened. The caller holds the transaction.

    Checks that all shards are there and that rollups, analyses and standing hold the same customers. A run
    that gives what readers already see is dropped. A night older than the published one is attached, so that
    its figures can be looked up, but the pointer stays.
    """
    rows, digest = _checked(night)
    if night.published_run is not None and night.digest == digest:
        tables.drop_night(night)
        Night.objects.filter(pk=night.pk).update(run=night.published_run)
        return rows, digest, {"identical": True}
    tables.index_standing(night)
    if night.published_run is not None:
        tables.detach_night(night)
    tables.attach_night(night)
    Night.objects.filter(pk=night.pk).update(
        published_run=night.run, customers=rows, digest=digest, published_at=Now()
    )
    Rebuild.objects.filter(done_by_night=None, load_id__lte=night.upto_load).update(done_by_night=night.pk)
    seen = Publication.objects.select_for_update().first()
    if seen and seen.business_date > night.business_date:
        tables.drop_changes(night)
        return rows, digest, {"pointer": f"stays on {seen.business_date}"}
    changed = tables.apply_changes(night)
    tables.drop_changes(night)
    Publication.objects.update_or_create(
        only=True,
        defaults={"business_date": night.business_date, "night_id": night.pk, "published_at": Now()},
    )
    return rows, digest, {"pointer": str(night.business_date), "reclassed": changed}


def _checked(night: Night) -> tuple[int, str]:
    steps = night.steps.filter(stage__in=TABLE_STAGES).order_by("stage", "shard")
    by_stage = {stage: [step for step in steps if step.stage == stage] for stage in TABLE_STAGES}
    rolled, scored = by_stage[Stage.ROLLUP], by_stage[Stage.SCORE]
    for one, other in zip(rolled, scored, strict=True):
        if (one.rows, one.detail["keys"]) != (other.rows, other.detail["keys"]):
            raise NightError(
                f"Shard {one.shard} of {night} has {one.rows} rollups and {other.rows} analyses of other "
                "customers: run the night again."
            )
    rows = sum(step.rows for step in scored)
    standing = tables.count(tables.of_night(tables.STANDING, night))
    if standing != rows:
        raise NightError(f"The standing of {night} has {standing} rows instead of {rows}: run it again.")
    text = "\n".join(f"{step.stage} {step.shard} {step.rows} {step.digest}" for step in steps)
    return rows, sha256(text.encode()).hexdigest()


def fail_step(step: Step, error: str) -> None:
    """Note an attempt that failed: it waits to be tried again, or gives up after the third."""
    gives_up = step.attempts >= ATTEMPTS
    Step.objects.filter(pk=step.pk).exclude(state=StepState.DONE).update(
        state=StepState.FAILED if gives_up else StepState.WAITING, error=error[:2000], queued_at=None
    )


def take_step(step_id: int) -> Step | None:
    """Mark a waiting step as running; None when it is done, given up or in another worker's hands."""
    with transaction.atomic():
        # the step's row alone: ordered by its night, two workers would lock that and shut each other out
        steps = Step.objects.select_for_update(skip_locked=True, of=("self",))
        step = steps.filter(pk=step_id).order_by("pk").first()
        if step is None or step.state in (StepState.DONE, StepState.FAILED):
            return None
        Step.objects.filter(pk=step_id).update(
            state=StepState.RUNNING, attempts=F("attempts") + 1, started_at=Now(), error=""
        )
    return Step.objects.select_related("night__previous").get(pk=step_id)
