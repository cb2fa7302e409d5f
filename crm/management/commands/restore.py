"""restore DIR: a backup into an empty or a new database, compared table by table (docs/operations.md)."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from crm.ops.backup.load import restore
from crm.ops.backup.programs import BackupError


class Command(BaseCommand):
    help = "Restore the backup in DIR into the bank's database, which must be empty, or into a new one."
    requires_system_checks = []  # the database may be empty

    def add_arguments(self, parser):
        parser.add_argument("folder", metavar="DIR", type=Path)
        parser.add_argument("--database", metavar="NAME", help="make this database and restore into it")
        parser.add_argument("--jobs", type=int, help="parallel processes (one a processor, at most 8)")

    def handle(self, *, folder: Path, database, jobs, **options):
        try:
            told = restore(folder, database=database, jobs=jobs)
        except (BackupError, OSError) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(
            f"{told['database']}: {told['rows']:,} rows in {told['tables']} tables restored in "
            f"{told['seconds']:.1f} s, every table counted and hashed alike in {told['checked']:.1f} s"
        )
