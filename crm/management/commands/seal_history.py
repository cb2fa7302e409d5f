"""`manage.py seal_history`: seal history and audit now, and write the head to the file of heads."""

from pathlib import Path

from django.core.management.base import BaseCommand

from crm.history.chain import seal
from crm.history.heads import export_heads, heads_file


class Command(BaseCommand):
    help = "Seals finished changes and audit records into the chain and exports its head."

    def add_arguments(self, parser):
        parser.add_argument("--heads", type=Path, help="file of heads (default: settings.HISTORY_HEADS)")

    def handle(self, *args, heads, **options):
        sealed = seal()
        export_heads(heads)
        if sealed is None:
            self.stdout.write("Nothing new to seal.")
        else:
            self.stdout.write(f"Seal {sealed.number}: {sealed.rows} rows, head {sealed.head}.")
        self.stdout.write(f"Heads: {heads or heads_file()}")
