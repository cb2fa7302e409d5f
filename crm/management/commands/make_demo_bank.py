"""`manage.py make_demo_bank DIR`: write the feed of a constructed city bank (docs/feed.md)."""

import shutil
import time
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError

from crm.demo import bank
from crm.demo.folders import is_demo_bank
from crm.demo.window import Window

LEAST_CUSTOMERS = 50


class Command(BaseCommand):
    help = "Write dated feed folders of a believable, wholly constructed Chinese city bank."
    requires_system_checks = ()

    def add_arguments(self, parser):
        parser.add_argument("folder", metavar="DIR", type=Path)
        parser.add_argument("--customers", type=int, default=2000, help="at least 50 (default 2000)")
        parser.add_argument("--months", type=int, default=15, help="months of history (default 15)")
        parser.add_argument(
            "--as-of", default="", help="last business date, e.g. 2026-06-30 (default: yesterday)"
        )
        parser.add_argument("--seed", type=int, default=1, help="same seed, same bytes (default 1)")

    def handle(self, *, folder: Path, customers: int, months: int, as_of: str, seed: int, **options):
        if customers < LEAST_CUSTOMERS:
            raise CommandError(
                f"A bank of {customers} customers is too small to be believable: "
                f"ask for --customers {LEAST_CUSTOMERS} or more."
            )
        if months < 1:
            raise CommandError(f"{months} months hold no history: ask for --months 1 or more.")
        if seed < 0:
            raise CommandError(f"The seed {seed} is negative: choose 0 or more.")
        window = Window(_date(as_of), months)
        _empty(folder)
        begun = time.monotonic()
        rows = bank.make(folder, customers, window, seed)
        if options["verbosity"]:
            self.stdout.write(
                f"{sum(rows.values()):,} rows of {len(rows)} record types in {len(window.folders())} folders "
                f"up to {window.as_of}: {folder} ({time.monotonic() - begun:.1f} s)"
            )


def _date(text: str) -> date:
    """Return `text` as a date; where it is empty, yesterday in the bank's time."""
    if not text:
        return datetime.now(ZoneInfo("Asia/Shanghai")).date() - timedelta(days=1)
    try:
        moment = date.fromisoformat(text)
    except ValueError:
        raise CommandError(f"--as-of is {text!r}: write a date such as 2026-06-30.") from None
    if not date(2000, 1, 1) <= moment <= date(2099, 12, 31):
        raise CommandError(f"--as-of is {moment}: choose a date from 2000 to 2099.")
    return moment


def _empty(folder: Path) -> None:
    """Make `folder` an empty one; an earlier demo bank in it is removed, anything else is left alone."""
    if folder.exists() and not folder.is_dir():
        raise CommandError(f"{folder} is a file: name a folder.")
    if folder.is_dir() and any(folder.iterdir()):
        if not is_demo_bank(folder):
            raise CommandError(f"{folder} is not empty and no demo bank: name a new or empty folder.")
        shutil.rmtree(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(f"{folder} cannot be made ({error.strerror}): name another folder.") from None
