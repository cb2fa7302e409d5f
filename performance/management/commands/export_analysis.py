"""manage.py export_analysis: a published night as CSV or Parquet, one row per customer."""

import os
import sys
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from crm import audit
from performance.models import Night


class Command(BaseCommand):
    help = "Write the seven analyses of a published night, one row per customer, as CSV or Parquet."

    def add_arguments(self, parser):
        parser.add_argument("--date", help="business date, YYYY-MM-DD; default: the newest published night")
        parser.add_argument("--format", choices=["csv", "parquet"], default="csv")
        parser.add_argument("--out", help="file to write; default: standard output")
        parser.add_argument(
            "--dictionary", action="store_true", help="write the columns and what they hold instead"
        )

    def handle(self, *, format, out, dictionary, **options):
        day = options["date"]
        from performance import analysis_table  # Polars

        if dictionary:
            for column, meaning in analysis_table.dictionary().items():
                self.stdout.write(f"{column}\t{meaning}")
            return
        night = analysis_table.night_of(_day(day))
        if night is None:
            raise CommandError(
                f"No published night of {_day(day)} is kept: compute it with `manage.py run_night --date "
                f"{_day(day)}`, or name one of the last 35 days."
            )
        if format == "parquet" and not out and self.stdout.isatty():
            raise CommandError("Parquet is no text: name a file with --out, or send it into one with >.")
        audit.record(None, "export", detail={"what": "analysis", "date": str(night.business_date)})
        with _target(out, self.stdout) as file:
            rows = _write(analysis_table.frames(night), format, file)
        self.stderr.write(f"{rows} customers of {night.business_date} written.")


def _write(frames, form: str, file) -> int:
    """Write frame after frame; return the rows."""
    import pyarrow.parquet as parquet

    writer, rows = None, 0
    for frame in frames:
        if form == "csv":
            frame.write_csv(file, include_header=not rows)
        else:
            table = frame.to_arrow()
            writer = writer or parquet.ParquetWriter(file, table.schema, compression="zstd")
            writer.write_table(table)
        rows += len(frame)
    if writer:
        writer.close()
    return rows


@contextmanager
def _target(out: str | None, stdout):
    """The file to write, as bytes; a named one appears whole or not at all."""
    if not out:
        yield getattr(getattr(stdout, "_out", stdout), "buffer", None) or sys.stdout.buffer
        return
    path = Path(out)
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with half.open("wb") as file:
            yield file
        half.replace(path)
    except OSError as error:
        raise CommandError(f"{out} cannot be written: {error.strerror}.") from error
    finally:
        half.unlink(missing_ok=True)


def _day(text: str | None) -> date:
    if text:
        try:
            return date.fromisoformat(str(text))
        except ValueError:
            raise CommandError(f"{text!r} is no date: write YYYY-MM-DD.") from None
    newest = Night.objects.filter(published_at__isnull=False).order_by("-business_date").first()
    if newest is None:
        raise CommandError("No night is published yet: run `manage.py run_night` first.")
    return newest.business_date
