"""load_feed DIR: bring a bank's folders of files in, whole or not at all (docs/feed.md)."""

from pathlib import Path

import psycopg
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from crm.feed.errors import BadRows, FeedError
from crm.feed.loading import load_feed


class Command(BaseCommand):
    help = "Load the dated folder DIR (YYYY-MM-DD), or every dated folder in DIR, in the order of the days."

    def add_arguments(self, parser):
        parser.add_argument("folder", metavar="DIR", type=Path)

    def handle(self, *, folder: Path, verbosity: int, **options):
        try:
            load_feed(folder, say=self._say if verbosity else None)
        except BadRows as error:
            for bad in error.report.first:
                place = f"{bad.record} row {bad.row}" + (f", {bad.column}" if bad.column else "")
                value = f" {bad.value!r}" if bad.value else ""
                self.stderr.write(f"{place}:{value} {bad.reason}")
            raise CommandError(str(error)) from None
        except FeedError as error:
            raise CommandError(str(error)) from None
        except KeyboardInterrupt:
            raise CommandError("Interrupted: nothing of this folder was entered. Load it again.") from None
        except (OperationalError, psycopg.OperationalError) as error:
            raise CommandError(
                f"The database is away ({str(error).splitlines()[0]}): nothing of this folder was entered; "
                "start it and load again."
            ) from None

    def _say(self, outcome):
        if outcome.loaded:
            speed = outcome.rows / outcome.seconds if outcome.seconds else 0
            self.stdout.write(
                f"{outcome.business_date}: {outcome.rows:,} rows entered in {outcome.seconds:.1f} s "
                f"({speed:,.0f} a second)"
            )
        else:
            self.stdout.write(f"{outcome.business_date}: already loaded, nothing changed")
