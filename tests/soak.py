"""The figures of `make soak`: whole, or SOAK_SHARE of them; how far one is; what was measured.

`var/soak.jsonl` gets a line for each test that ended. SOAK_RESUME=1 leaves out those that passed already at
this commit, so a run that was interrupted goes on.
"""

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LEDGER = ROOT / "var" / "soak.jsonl"
SHARE = float(os.environ.get("SOAK_SHARE") or 1)
SAY_EVERY = 30  # seconds


def share_of(figure: int) -> int:
    """The full `figure` of docs/security.md, or what SOAK_SHARE leaves of it."""
    return max(1, round(figure * SHARE))


def sizes(sample: int, figure: int) -> list:
    """Parameters of a test: `sample` in every run, `figure` under `make soak`."""
    return [
        pytest.param(sample, id="sample"),
        pytest.param(share_of(figure), id="soak", marks=pytest.mark.soak),
    ]


def parts(sample: int, figure: int, *, of: int) -> list:
    """(count, seed) as `sizes`, the figure in `of` tests of their own, each with its own seed."""
    whole = [
        pytest.param(share_of(figure // of), seed, id=f"soak{seed}", marks=pytest.mark.soak)
        for seed in range(1, of + 1)
    ]
    return [pytest.param(sample, 20, id="sample"), *whole]


class Progress:
    """Counts towards `total` and says so every half minute; silent in a run that is over before."""

    def __init__(self, what: str, total: int):
        self.what, self.total, self.done = what, total, 0
        self.begun = self.said = time.monotonic()

    def step(self, count: int = 1) -> None:
        self.done += count
        now = time.monotonic()
        if now - self.said > SAY_EVERY:
            self.said = now
            rest = (now - self.begun) / self.done * (self.total - self.done)
            say(f"{self.what}: {self.done:,} of {self.total:,}, about {rest / 60:.0f} min to go")


def say(text: str) -> None:
    """Print past pytest's capture (`make soak` has it take Python's streams only)."""
    print(f"  [soak] {text}", file=sys.__stderr__, flush=True)


@cache
def _commit() -> str:
    asked = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return asked.stdout.strip()


def _lines() -> list[dict]:
    return [json.loads(line) for line in LEDGER.read_text().splitlines()] if LEDGER.exists() else []


def leave_out_what_passed(items: list, config) -> None:
    """With SOAK_RESUME, take out of `items` what passed at this commit with this share."""
    if not os.environ.get("SOAK_RESUME"):
        return
    of_today = [line for line in _lines() if (line["commit"], line["share"]) == (_commit(), SHARE)]
    passed = {line["test"] for line in of_today if line["passed"]}
    config.hook.pytest_deselected(items=[item for item in items if item.nodeid in passed])
    items[:] = [item for item in items if item.nodeid not in passed]


def note(report) -> None:
    """Add a line about a test of `make soak` that has ended."""
    if report.when != "call" or "soak" not in report.keywords:
        return
    line = {
        "test": report.nodeid,
        "passed": report.passed,
        "seconds": round(report.duration, 1),
        "share": SHARE,
        "commit": _commit(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    LEDGER.parent.mkdir(exist_ok=True)
    with LEDGER.open("a") as ledger:
        ledger.write(json.dumps(line) + "\n")
    say(f"{report.nodeid}: {report.outcome} in {report.duration:.0f} s")
