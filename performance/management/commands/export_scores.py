"""manage.py export_scores: every manager × indicator of a quarter as JSON or CSV, to standard output."""

import csv
import json
import re

from django.core.management.base import BaseCommand, CommandError

from performance.score_table import COLUMNS, rows_of


class Command(BaseCommand):
    help = "Write every manager × indicator of a quarter: figures, points, weight, share of the total, rules."

    def add_arguments(self, parser):
        parser.add_argument("--period", required=True, help="a quarter, e.g. 2026Q2")
        parser.add_argument("--format", choices=["json", "csv"], default="json")

    def handle(self, *, period, format, **options):
        if not re.fullmatch(r"\d{4}Q[1-4]", period):
            raise CommandError(f"{period!r} is no quarter: write year and quarter, e.g. 2026Q2.")
        rows = rows_of(period)
        if rows is None:
            raise CommandError(f"There are no scores of {period}: run a night in that quarter first.")
        if format == "json":
            json.dump(list(rows), self.stdout, ensure_ascii=False, indent=1)
            self.stdout.write("")
            return
        writer = csv.DictWriter(self.stdout, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
