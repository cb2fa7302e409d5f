"""What Celery runs: it fetches and delegates. Polars is imported inside tasks only, never before the fork."""

from datetime import date

from celery import shared_task

from crm.celery import app
from performance import nights
from performance.housekeeping import drop_old_nights


def queue(step_ids: list[int]) -> None:
    """Send steps to the workers."""
    for step_id in step_ids:
        run_step.delay(step_id)


def queue_is_empty() -> bool:
    """True when no message waits in the broker's queue (messages that workers hold do not count)."""
    with app.connection_for_read() as broker:
        name = app.conf.task_default_queue
        return broker.default_channel.queue_declare(name).message_count == 0


@shared_task(name="performance.start_night")
def start_night(day: str | None = None) -> None:
    """Start the night of `day` (YYYY-MM-DD, as an administrator asked), computed already or not.

    Without a day (beat, 01:00) that of the last business date loaded, unless it was computed.
    """
    as_of = date.fromisoformat(day) if day else nights.latest_loaded()
    if as_of and (day or not nights.is_computed(as_of)):
        queue(nights.plan_night(as_of).steps)


@shared_task(name="performance.reconcile_nights", ignore_result=True)
def reconcile_nights() -> None:
    """Queue again what a dead worker or a lost message left behind, and tidy up (beat, every 20 s)."""
    queue(nights.reconcile(queue_is_empty=queue_is_empty()))
    drop_old_nights()


@shared_task(name="performance.run_step")
def run_step(step_id: int) -> None:
    """Run one step of a night, then queue what it opened."""
    from performance.steps import run_step as run

    queue(run(step_id))
