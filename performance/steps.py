"""What one step of a night does: takes its row, works, and notes DONE in the transaction that wrote.

Fits, publication, scorecards and tasks run on Django's connection; a shard's rollups and seven P on ADBC's.
Either way the step's row is locked for as long as the work lasts, and a step already done is left alone.
"""

import json
import logging
from hashlib import sha256

from django.db import connection, transaction
from django.db.models.functions import Now

from crm.ops.redaction import sentence
from performance import nights, rules
from performance.choices import Stage, StepState
from performance.models import Step

log = logging.getLogger(__name__)
COLUMNAR = (Stage.ROLLUP, Stage.SCORE)
SETTINGS = (
    # a dead worker's statement ends with it, so that its lock is free within a second
    "SET LOCAL client_connection_check_interval = '500ms'",
    # where the log is minimal, a new table's pages are synced at commit, not compressed into the log
    "SET LOCAL wal_skip_threshold = 0",
)


def run_step(step_id: int) -> list[int]:
    """Run one step and return the steps that may now be queued; an error is noted, never raised."""
    step = nights.take_step(step_id)
    if step is None:
        return []
    try:
        if step.stage in COLUMNAR:
            _compute(step)
        else:
            _work(step)
    except Exception as error:
        log.exception("night %s: %s failed, attempt %s", step.night, step, step.attempts)
        nights.fail_step(step, sentence(error))
    return nights.advance(step.night_id)


def _work(step: Step) -> None:
    """Do a step on Django's connection."""
    work = {
        Stage.FIT: _fit,
        Stage.PUBLISH: _publish,
        Stage.SCORECARDS: _scorecards,
        Stage.TASKS: _tasks,
    }[step.stage]
    with transaction.atomic():
        with connection.cursor() as cursor:
            for setting in SETTINGS:
                cursor.execute(setting)
        locked = Step.objects.select_for_update().get(pk=step.pk)
        if locked.state == StepState.DONE:
            return
        rows, digest, detail = work(step)
        Step.objects.filter(pk=step.pk).update(
            state=StepState.DONE, rows=rows, digest=digest, detail=detail, error="", finished_at=Now()
        )


def _fit(step: Step):
    _check_rules(step.night)
    from performance.fits import write_affinities, write_cuts

    rows, contents = (write_cuts if step.shard == nights.CUTS else write_affinities)(step.night)
    text = json.dumps(contents, sort_keys=True, separators=(",", ":"))
    return rows, sha256(text.encode()).hexdigest(), {kind: len(content) for kind, content in contents.items()}


def _publish(step: Step):
    return nights.publish(step.night)


def _scorecards(step: Step):
    from performance.scorecards import write_scorecards

    rows, digest = write_scorecards(step.night)
    return rows, digest, {}


def _tasks(step: Step):
    from performance.today import write_tasks

    rows, digest = write_tasks(step.night)
    return rows, digest, {}


def _check_rules(night) -> None:
    """A worker that was started with other rules than the night was planned with must not compute it."""
    version = rules.seven_p()["version"]
    if version != night.version:
        raise nights.NightError(
            f"This worker has version {version} of the rules, the night was planned with {night.version}: "
            "restart the worker."
        )


def _compute(step: Step) -> None:
    """Do a step of one shard's customers on ADBC's connection, row lock and DONE included."""
    from performance.database import columns, execute, read

    _check_rules(step.night)
    with columns() as arrow:
        for setting in SETTINGS:
            execute(arrow, setting)
        execute(arrow, f"SELECT 1 FROM performance_step WHERE id = {step.pk} FOR UPDATE")
        state = read(arrow, f"SELECT state::text FROM performance_step WHERE id = {step.pk}").item()
        if state == StepState.DONE:
            return
        rows, digest, detail = (_rollup if step.stage == Stage.ROLLUP else _score)(arrow, step)
        told = json.dumps(detail).replace("'", "''")
        execute(
            arrow,
            f"UPDATE performance_step SET state = 'done', rows = {rows}, digest = '{digest}', "
            f"detail = '{told}'::jsonb, error = '', finished_at = statement_timestamp() WHERE id = {step.pk}",
        )


def _rollup(arrow, step: Step):
    from performance.rollups import write_rollup

    rows, digest, keys = write_rollup(arrow, step.night, step.shard)
    return rows, digest, {"keys": keys}


def _score(arrow, step: Step):
    from performance.score import score_shard

    rows, digest, keys, detail = score_shard(arrow, step.night, step.shard)
    return rows, digest, detail | {"keys": keys}
