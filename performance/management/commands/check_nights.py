"""`manage.py check_nights`, for monitoring: is what readers see young enough? Exit 0, 1 (warn) or 2."""

from datetime import timedelta

from django.core.management.base import BaseCommand
from django.utils import timezone

from performance.selectors.freshness import CRITICAL_HOURS, WARN_HOURS, freshness

EXIT = {"ok": 0, "warn": 1, "critical": 2}


class Command(BaseCommand):
    help = (
        f"Say how old the published night is: warns from {WARN_HOURS} hours, critical from {CRITICAL_HOURS}. "
        "Exit code 0, 1 or 2."
    )

    def add_arguments(self, parser):
        parser.add_argument("--warn", type=int, default=WARN_HOURS, help="hours (26)")
        parser.add_argument("--critical", type=int, default=CRITICAL_HOURS, help="hours (50)")

    def handle(self, *, warn, critical, **options):
        found = freshness(timezone.now(), warn=timedelta(hours=warn), critical=timedelta(hours=critical))
        self.stdout.write(f"{found.level}: {found.text}")
        if EXIT[found.level]:
            raise SystemExit(EXIT[found.level])
