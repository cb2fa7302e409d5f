"""`manage.py verify_history`: name every row of history and audit that was tampered with."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from crm.history.heads import heads_file
from crm.history.verify import verify


class Command(BaseCommand):
    help = "Proves the chain over history and audit; ends with 1 and names every row that does not fit."

    def add_arguments(self, parser):
        parser.add_argument("--heads", type=Path, help="exported heads (default: settings.HISTORY_HEADS)")

    def handle(self, *args, heads, **options):
        proof = verify(heads or heads_file())
        for fault in proof.faults:
            self.stdout.write(f"{fault.kind}: {fault.what}")
        told = f"{proof.links} rows in {proof.seals} seals, {proof.unsealed} not sealed yet"
        if proof.faults:
            raise CommandError(f"{len(proof.faults)} faults ({told}): history was tampered with.")
        self.stdout.write(f"Whole: {told}.")
