"""retain: show what is older than its time; with --apply, remove it (docs/operations.md)."""

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from crm.ops.retention import BATCH, RetentionError, apply, rules


class Command(BaseCommand):
    help = "Show what of each class of data is past its retention; remove it with --apply."

    def add_arguments(self, parser):
        parser.add_argument("--apply", action="store_true", help="remove it; without this nothing changes")
        parser.add_argument("--only", metavar="CLASS", help="one class of data")
        parser.add_argument("--batch", type=int, default=BATCH, help=f"rows removed at once ({BATCH})")

    def handle(self, *, only, batch, **options):
        if batch < 1:
            raise CommandError("--batch is 1 or more.")
        now = timezone.now()
        try:
            known = {rule.code: rule for rule in rules()}
            if only and only not in known:
                raise CommandError(f"There is no class {only!r}: {', '.join(known)}.")
            for rule in [known[only]] if only else known.values():
                self._treat(rule, now, batch, remove=options["apply"])
        except RetentionError as error:
            raise CommandError(str(error)) from None
        if not options["apply"]:
            self.stdout.write("Nothing was changed: --apply removes it.")

    def _treat(self, rule, now, batch, *, remove):
        due = rule.due(now)
        since = f", the oldest of {due.oldest:%Y-%m-%d}" if due.oldest else ""
        line = f"{rule.code}: {due.count:,} past retention{since} ({rule.label}, kept {rule.keep})"
        if rule.remove is None:
            line += "; no job removes these"
        elif remove:
            line += f"; {apply(rule, now, batch=batch):,} removed"
        self.stdout.write(line)
