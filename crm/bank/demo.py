"""The demo bank's installation: steps that can be interrupted anywhere and go on, never half a bank.

What was asked for and which steps are done stands in the database itself, in the table `demo_install`, so it
can neither outlive nor miss the data it speaks of.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import psycopg

from crm.bank.options import DEFAULT_CUSTOMERS, Options
from crm.embedded.errors import CannotStart
from crm.embedded.folders import require_space

MONTHS = 15
STEPS = ("load", "logins", "night")
# 160 measured (PostgreSQL, its log, the feed while it loads; docs/operations.md), and half as much again
KILOBYTES_PER_CUSTOMER = 250


@dataclass
class Plan:
    """A demo bank of `customers` as of `as_of`, `done` so far; `logins` is what was printed about them."""

    customers: int
    as_of: date
    seed: int
    done: list[str] = field(default_factory=list)
    logins: str = ""

    @property
    def complete(self) -> bool:
        return all(step in self.done for step in STEPS)


def read(url: str) -> Plan | None:
    """Return the plan that the database at `url` holds, or None."""
    with psycopg.connect(url) as connection:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS demo_install "
            "(single boolean PRIMARY KEY DEFAULT true CHECK (single), plan jsonb NOT NULL)"
        )
        row = connection.execute("SELECT plan FROM demo_install").fetchone()
    return Plan(**{**row[0], "as_of": date.fromisoformat(row[0]["as_of"])}) if row else None


def write(url: str, plan: Plan) -> None:
    """Store `plan` in the database at `url`."""
    stored = json.dumps({**plan.__dict__, "as_of": plan.as_of.isoformat()})
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO demo_install (plan) VALUES (%s) "
            "ON CONFLICT (single) DO UPDATE SET plan = excluded.plan",
            [stored],
        )


def decide(url: str, options: Options) -> Plan | None:
    """Return the plan to carry out or already carried out; None where the bank holds data of its own.

    Raises CannotStart when the person asks for another size than the bank has.
    """
    plan = read(url)
    if plan is None:
        if _has_customers(url):
            return None
        plan = Plan(options.customers or DEFAULT_CUSTOMERS, options.as_of, options.seed)
        write(url, plan)
    if options.customers not in (None, plan.customers):
        raise CannotStart(
            f"This bank was begun with {plan.customers:,} demo customers: run `make run` without CUSTOMERS "
            f"to open it, or `make new-bank run CUSTOMERS={options.customers}` to throw it away first."
        )
    return plan


def _has_customers(url: str) -> bool:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT EXISTS (SELECT FROM customers_customer)").fetchone()[0]


def make_feed(folder: Path, plan: Plan, manage: Callable[..., str]) -> None:
    """Generate the feed into `folder`; a generation that was interrupted is thrown away."""
    if folder.exists():
        return
    require_space(folder, plan.customers * KILOBYTES_PER_CUSTOMER // 1000 + 300, "The demo bank")
    partial = folder.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    manage(
        "make_demo_bank",
        str(partial),
        *("--customers", str(plan.customers), "--months", str(MONTHS)),
        *("--as-of", plan.as_of.isoformat(), "--seed", str(plan.seed)),
    )
    partial.rename(folder)


def install(
    url: str,
    plan: Plan,
    state: Path,
    manage: Callable[..., str],
    start_worker: Callable[[], None],
    say: Callable[[str], None],
) -> None:
    """Carry out what of `plan` is not done; every step may be repeated, so a killed one is simply run again.

    `manage(command, *arguments, capture=False)` runs a management command and returns what it printed where
    captured.
    """

    def done(step: str) -> None:
        plan.done.append(step)
        write(url, plan)

    folder = state / f"demo-feed-{plan.customers}-{plan.as_of}-{plan.seed}"
    if plan.done or folder.exists():
        say(f"Going on with the demo bank of {plan.customers:,} customers, interrupted earlier")
    if "load" not in plan.done:
        say(f"Making a feed of {plan.customers:,} customers over {MONTHS} months up to {plan.as_of}")
        make_feed(folder, plan, manage)
        say("Loading the feed")
        try:
            manage("load_feed", str(folder))
        except CannotStart:  # refused, not interrupted: the next run makes it anew
            shutil.rmtree(folder)
            raise
        done("load")
    shutil.rmtree(folder, ignore_errors=True)
    if "logins" not in plan.done:
        plan.logins = manage("demo_logins", capture=True)
        done("logins")
    if "night" not in plan.done:
        say(f"Running the night of {plan.as_of}")
        start_worker()
        manage("run_night", "--date", plan.as_of.isoformat(), "--follow")
        done("night")
