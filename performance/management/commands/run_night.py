"""`manage.py run_night --date D [--follow]`: compute a business date through the Celery workers."""

import time
from datetime import date

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from crm.celery import app
from performance import nights
from performance.choices import NightState, StepState
from performance.progress import night_progress
from performance.rules import RulesError
from performance.tasks import queue, queue_is_empty

POLL_SECONDS = 0.2
RECONCILE_SECONDS = 2.0
SILENCE_SECONDS = 15


class Command(BaseCommand):
    help = "Compute the night of a business date: rollups, seven analyses, publication, scorecards, tasks."

    def add_arguments(self, parser):
        parser.add_argument("--date", help="business date, YYYY-MM-DD; default: the last one loaded")
        parser.add_argument("--follow", action="store_true", help="show progress until the night is over")
        parser.add_argument(
            "--from-scratch", action="store_true", help="read the whole ledger and every record anew"
        )
        parser.add_argument(
            "--patience", type=int, default=120, help="with --follow: seconds to wait for a worker (120)"
        )

    def handle(self, *, date, follow, patience, from_scratch, **options):
        as_of = _date(date)
        try:
            planned = nights.plan_night(as_of, from_scratch=from_scratch)
        except (nights.NightError, RulesError) as error:
            raise CommandError(str(error)) from None
        queue(planned.steps)
        if not follow:
            self.stdout.write(f"The night of {as_of} is queued: {planned.night.steps.count()} steps.")
            return
        self._follow(planned, patience)

    def _follow(self, planned, patience: int) -> None:
        night = planned.night
        before = night.digest
        console = Console(file=getattr(self.stdout, "_out", None))  # rich ends its own lines
        with _bar(console) as bar:
            line = bar.add_task("", total=100, what="", rest="")
            silence = Silence(patience, bar.console.print)
            reconciled = time.monotonic()
            while True:
                progress = night_progress(night, timezone.now())
                bar.update(line, completed=progress.percent, **_words(night, progress))
                if progress.state not in (NightState.WAITING, NightState.RUNNING):
                    break
                silence.check(night)
                if time.monotonic() - reconciled > RECONCILE_SECONDS:
                    queue(nights.reconcile(queue_is_empty=queue_is_empty()))
                    reconciled = time.monotonic()
                time.sleep(POLL_SECONDS)
        if progress.state == NightState.FAILED:
            raise CommandError(
                f"The night of {night} failed at {progress.error} — mend the cause and run it again: it goes "
                "on where it stopped."
            )
        self._report(planned, progress, before)

    def _report(self, planned, progress, before: str) -> None:
        night = planned.night
        what = f"{night.customers:,} customers in {progress.seconds} s, digest {night.digest[:16]}"
        if planned.again and night.digest == before:
            what += ", identical with the run before"
        elif planned.again:
            what += f"; the run before had {before[:16]}: the records have changed since"
        self.stdout.write(f"Night of {night}: {what}")
        for row in progress.matrix:
            if row["error"]:
                stale = row["cells"].count("stale")
                self.stdout.write(
                    f"{row['p']} failed in {stale} shards and keeps the night before: {row['error']}"
                )


class Silence:
    """Says when no worker answers, and gives up after `patience` seconds."""

    def __init__(self, patience: int, say):
        self.patience, self.say = patience, say
        self.since = time.monotonic()
        self.seen = None
        self.told = False

    def check(self, night) -> None:
        """Raise CommandError when nothing has moved for `patience` seconds and no worker answers."""
        seen = tuple(night.steps.values_list("state", "attempts").order_by("id"))
        busy = any(state == StepState.RUNNING for state, _ in seen)
        if seen != self.seen or busy:
            self.seen, self.since = seen, time.monotonic()
            return
        quiet = time.monotonic() - self.since
        if quiet > SILENCE_SECONDS and not self.told:
            self.told = True
            if not app.control.ping(timeout=1.0):
                self.say(
                    f"No worker has answered for {SILENCE_SECONDS} s. Start one with "
                    "`celery -A crm.celery worker`: the night goes on by itself."
                )
        if quiet > self.patience:
            raise CommandError(
                f"No worker took the night of {night} for {self.patience} s. It stays queued and goes on "
                "with the next worker: `celery -A crm.celery worker`."
            )


def _bar(console) -> Progress:
    return Progress(
        TextColumn("{task.fields[what]}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[rest]}"),
        console=console,
    )


def _words(night, progress) -> dict:
    stage = next((stage for stage in progress.stages if stage.state != StepState.DONE), None)
    what = f"{night} {stage.stage}" if stage else f"{night} done"
    rest = f"{progress.rows_done:,} of {progress.rows_total:,} rows"
    if progress.remaining is not None:
        rest += f", {progress.remaining:.0f} s left"
    return {"what": what, "rest": rest}


def _date(text: str | None) -> date:
    if text is None:
        latest = nights.latest_loaded()
        if latest is None:
            raise CommandError("No feed was loaded yet: load one with `manage.py load_feed DIR` first.")
        return latest
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{text!r} is no date: write it as 2026-06-30.") from None
