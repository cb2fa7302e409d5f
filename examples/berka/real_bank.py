"""`make real-bank SRC=…`: a real bank's first quarter of 1994 through the product; var/real-bank.json tells.

Runs inside `python -m crm.embedded run --throwaway --`: loads each folder, runs its night on a real Celery
worker, and writes what the product then holds.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY), str(Path(__file__).parent)]
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")

import django  # noqa: E402
import raw  # noqa: E402
import to_feed  # noqa: E402

OUT = REPOSITORY / "var" / "real-bank.json"
LOG = REPOSITORY / "var" / "real-bank-worker.log"
PATIENCE = 20  # seconds for the worker to stop


def run(source: Path) -> dict:
    """Make the feed of `source`, load it and run its nights in an empty database; return what came of it."""
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    _require_empty()
    with tempfile.TemporaryDirectory(prefix="berka-") as folder:
        feed = Path(folder) / "feed"
        _say("Making the feed")
        to_feed.main(source, feed)
        with _worker(LOG):
            load_and_run_nights(feed)
    return figures()


def load_and_run_nights(feed: Path) -> None:
    """Load each folder of `feed` and run its night on the worker that is there, day by day as a bank does."""
    from django.core.management import call_command

    for business_date in to_feed.BUSINESS_DATES:
        _say(f"Loading {business_date} and running its night")
        call_command("load_feed", str(feed / business_date.isoformat()))
        call_command("run_night", date=business_date.isoformat(), follow=True)


def figures() -> dict:
    """Return what the database holds: counts, sums in hundredths, nights, scorecards of the last night."""
    from django.db.models import Q, Sum
    from django.db.models.functions import Abs

    from customers.choices import Family
    from customers.models import Account, Customer, Transaction
    from performance.models import Night, Scorecard

    sums = Transaction.objects.aggregate(
        credits=Sum("amount_fen", filter=Q(amount_fen__gt=0)),
        debits=Sum(Abs("amount_fen"), filter=Q(amount_fen__lt=0)),
    )
    nights = list(Night.objects.order_by("business_date"))
    cards = Scorecard.objects.filter(night=nights[-1]).select_related("manager__user", "period")
    return {
        "accounts": Account.objects.exclude(product__family__in=[Family.LOAN, Family.CARD]).count(),
        "customers": Customer.objects.count(),
        "transactions": Transaction.objects.count(),
        "credits": int(sums["credits"]),
        "debits": int(sums["debits"]),
        "loans": Account.objects.filter(product__family=Family.LOAN).count(),
        "cards": Account.objects.filter(product__family=Family.CARD).count(),
        "nights": [
            {"date": night.business_date.isoformat(), "rows": night.customers, "digest": night.digest}
            for night in nights
        ],
        "scorecards": [
            {
                "manager": card.manager.user.username,
                "period": card.period.code,
                "line": card.line,
                "points": card.points,
                "total": None if card.total is None else str(card.total),
                "grade": card.grade,
            }
            for card in cards.order_by("manager__user__username")
        ],
    }


def _require_empty() -> None:
    from customers.models import Customer

    if Customer.objects.exists():
        raise raw.RawError("The database holds customers already: `make real-bank` takes a new one.")


@contextlib.contextmanager
def _worker(log: Path) -> Iterator[None]:
    """Run a Celery worker of its own as long as the block runs."""
    command = [sys.executable, "-m", "celery", "-A", "crm.celery", "worker", "--loglevel", "INFO"]
    log.parent.mkdir(exist_ok=True)
    with log.open("w") as out:
        process = subprocess.Popen(
            [*command, "--concurrency", str(os.cpu_count() or 1)],
            cwd=REPOSITORY,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


_BEGUN = time.monotonic()


def _say(text: str) -> None:
    print(f"[{time.monotonic() - _BEGUN:5.1f} s] {text}", flush=True)


def main(argv: list[str]) -> int:
    """Write var/real-bank.json; return 2 after one sentence about what is wrong."""
    if len(argv) != 1:
        print("guanhu: say where the ledger lies: make real-bank SRC=folder", file=sys.stderr)
        return 2
    from django.core.management import CommandError

    try:
        found = run(Path(argv[0]))
        OUT.parent.mkdir(exist_ok=True)
        OUT.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    except (raw.RawError, CommandError, OSError) as error:
        print(f"guanhu: {error} (The worker's words: {LOG.relative_to(REPOSITORY)}.)", file=sys.stderr)
        return 2
    _say(
        f"{found['accounts']:,} accounts, {found['customers']:,} customers, "
        f"{found['transactions']:,} transactions, {len(found['nights'])} nights, "
        f"{len(found['scorecards'])} scorecards: {OUT.relative_to(REPOSITORY)}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
