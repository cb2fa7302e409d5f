"""backup DIR: the whole database into a new folder, with a manifest (docs/operations.md)."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from crm.audit import record
from crm.ops.backup.dump import take
from crm.ops.backup.programs import BackupError


class Command(BaseCommand):
    help = "Back the database up into the new folder DIR: dump, checksums, rows and digest of every table."

    def add_arguments(self, parser):
        parser.add_argument("folder", metavar="DIR", type=Path)
        parser.add_argument("--jobs", type=int, help="parallel processes (one a processor, at most 8)")

    def handle(self, *, folder: Path, jobs, **options):
        try:
            told = take(folder, now=timezone.now(), jobs=jobs)
        except (BackupError, OSError) as error:
            raise CommandError(str(error)) from None
        record(None, "backup", detail={"rows": told["rows"], "size": told["bytes"]})
        self.stdout.write(
            f"{folder}: {told['rows']:,} rows of {len(told['tables'])} tables, "
            f"{told['bytes'] / 1e6:,.1f} MB, in {told['seconds']:.1f} s"
        )
