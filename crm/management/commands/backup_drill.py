"""backup_drill: prove that a backup comes back, on a throwaway database (docs/operations.md)."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from crm.ops.backup.drill import LARGE, drill, extrapolated
from crm.ops.backup.programs import BackupError


class Command(BaseCommand):
    help = (
        "Take a backup (or use DIR), restore it aside, check rows, digests, history and the published night."
    )

    def add_arguments(self, parser):
        parser.add_argument("folder", metavar="DIR", type=Path, nargs="?")

    def handle(self, *, folder, **options):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM customers_customer")
            customers = cursor.fetchone()[0]
        try:
            found = drill(folder, now=timezone.now(), say=self.stdout.write)
        except (BackupError, OSError) as error:
            raise CommandError(f"The drill failed. {error}") from None
        large = extrapolated(found, customers)
        if large:
            self.stdout.write(
                f"{customers:,} customers, {found['bytes'] / 1e6:,.0f} MB: a bank of 1,000,000 of the same "
                f"shape would take at most {large / 60:.0f} minutes here (the aim is {LARGE // 60})."
            )
        self.stdout.write("The drill passed.")
