"""manage.py verify_scores: every published score is computed again from what is stored with it."""

from django.core.management.base import BaseCommand, CommandError

from performance import published
from performance.models import Period


class Command(BaseCommand):
    help = "Compute every published score again from its stored figures and rules; name those that differ."

    def add_arguments(self, parser):
        parser.add_argument("--period", help="one quarter only, e.g. 2026Q2")

    def handle(self, *, period, **options):
        periods = Period.objects.filter(published_scores__isnull=False).select_related("scheme").distinct()
        if period:
            periods = periods.filter(code=period)
            if not periods:
                raise CommandError(
                    f"No scores of {period} are published. Write a closed quarter, e.g. 2026Q2."
                )
        wrong = 0
        for each in periods.order_by("code"):
            count = each.published_scores.count()
            corrections = each.published_scores.filter(version__gt=1).count()
            faults = published.faults(each)
            for score, what in faults:
                self.stderr.write(
                    f"{each.code} {score.manager.user.username} version {score.version}: {what} differ."
                )
            wrong += len(faults)
            self.stdout.write(
                f"{each.code}: {count} scores, {corrections} of them corrections, {len(faults)} differ."
            )
        if wrong:
            raise CommandError(
                f"{wrong} published scores do not follow from their figures: tell the auditor."
            )
        self.stdout.write("Every published score follows from its figures and rules.")
