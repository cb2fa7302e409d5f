"""G18: the night under fire. Workers are killed, the queue is emptied, PostgreSQL is killed, two clocks tick:
the published digest stays the same, no reader sees a mixture, and nobody has to help.

`tests/performance/test_night_faults.py` is the sample that every `make test` runs (kills in each stage, lost
messages, a worker with other rules). Here is the full size, on a bank of its own with real processes.
"""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack

import psycopg
import pytest

from tests.bank import AS_OF
from tests.crm.launching import bare_environment, connect, eventually, kill, postmaster, running, valkey
from tests.soak import Progress, say, share_of

pytestmark = pytest.mark.soak
PARTS = 5
WORKER_KILLS, FLUSHES, POSTGRES_KILLS = (share_of(figure // PARTS) for figure in (500, 20, 20))
CUSTOMERS = "300"
RECOVERY = 600  # seconds in which the bank must help itself


class Bank:
    """The processes of one bank on `state`: two workers, two clocks; whoever dies is started anew."""

    def __init__(self, state, logs):
        self.environment = bare_environment(GUANHU_STATE=str(state), GUANHU_PLAIN_STATIC="1")
        self.state, self.logs = state, logs
        self.people: dict[str, subprocess.Popen] = {}

    def manage(self, *arguments) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=1800,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def keep(self, name: str) -> None:
        """Start the process `name` unless it runs."""
        process = self.people.get(name)
        if process is not None and process.poll() is None:
            return
        command = ["setpriv", "--pdeathsig", "KILL", "--"]  # none stays where pytest is killed
        command += [sys.executable, "-m", "celery", "-A", "crm.celery"]
        command += (
            ["beat", "--schedule", str(self.logs / f"{name}-schedule"), "--pidfile", ""]
            if name.startswith("beat")
            else ["worker", "-n", f"{name}@%h", "--concurrency", "2", "--without-gossip", "--without-mingle"]
        )
        with (self.logs / f"{name}.log").open("a") as log:
            self.people[name] = subprocess.Popen(
                command, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    def keep_all(self) -> None:
        for name in ("worker1", "worker2", "beat1", "beat2"):
            self.keep(name)

    def end(self) -> None:
        for process in self.people.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(20)

    def kill_a_worker(self, dice) -> None:
        """One process of a worker's pool, or one in five times the worker with all of them."""
        process = self.people[dice.choice(("worker1", "worker2"))]
        if process.poll() is not None:
            return
        if dice.random() < 0.2:
            os.killpg(process.pid, signal.SIGKILL)
            return
        listed = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, text=True
        ).stdout.split()
        if listed:
            try:
                kill(int(dice.choice(listed)))
            except ProcessLookupError:
                return

    def ask(self, query: str):
        """The first row of a query; None while the database is away."""
        try:
            with connect(self.state) as connection:
                return connection.execute(query).fetchone()
        except (psycopg.Error, OSError):
            return None


class Reader(threading.Thread):
    """Reads the published night as a page does: all tables in one statement must tell of one whole night."""

    QUERY = """
        SELECT p.night_id, n.customers,
          (SELECT count(*) FROM customers_standing AS s WHERE s.night_id = p.night_id),
          (SELECT count(*) FROM performance_customeranalysis AS a WHERE a.night_id = p.night_id),
          (SELECT count(DISTINCT night_id) FROM customers_standing AS s WHERE s.night_id = p.night_id)
        FROM customers_publication AS p JOIN performance_night AS n ON n.id = p.night_id
    """

    def __init__(self, bank):
        super().__init__(daemon=True)
        self.bank, self.over, self.reads, self.mixed = bank, threading.Event(), 0, []

    def run(self):
        while not self.over.is_set():
            row = self.bank.ask(self.QUERY)
            if row is None:
                time.sleep(0.05)
                continue
            self.reads += 1
            if not (row[1] == row[2] == row[3] and row[4] == 1):
                self.mixed.append(row)
            time.sleep(0.01)


NIGHT = f"SELECT state, digest, run FROM performance_night WHERE business_date = '{AS_OF}'"


@pytest.mark.parametrize("seed", range(PARTS))
def test_kills_of_everything_leave_the_published_night_the_same(tmp_path, seed):
    state, dice = tmp_path / "bank", random.Random(seed)
    logs = tmp_path / "logs"
    logs.mkdir()
    with running(state, seconds=36_000) as launcher, ExitStack() as stack:
        bank = Bank(state, logs)
        stack.callback(bank.end)
        bank.manage("migrate", "--verbosity", "0")
        feed = str(tmp_path / "feed")
        bank.manage("make_demo_bank", feed, "--customers", CUSTOMERS, "--as-of", AS_OF.isoformat())
        bank.manage("load_feed", feed)
        bank.keep_all()
        bank.manage("run_night", "--date", AS_OF.isoformat(), "--follow")
        _, digest, run = bank.ask(NIGHT)
        reader = Reader(bank)
        reader.start()
        done, nights = {"worker": 0, "flush": 0, "postgres": 0}, 0
        wanted = {"worker": WORKER_KILLS, "flush": FLUSHES, "postgres": POSTGRES_KILLS}
        progress = Progress("faults", sum(wanted.values()))
        while done != wanted:
            nights += 1
            eventually(lambda: start(bank), RECOVERY, launcher)
            while (row := bank.ask(NIGHT)) is None or row[0] == "running":
                attack(bank, dice, done, wanted, launcher)
                progress.step()
                if done == wanted:
                    break
            eventually(lambda: settled(bank), RECOVERY, launcher)
            now = bank.ask(NIGHT)
            assert now[1] == digest, f"night {nights} after {done}"
        reader.over.set()
        reader.join(60)
        say(f"{nights} nights, {done}, {reader.reads:,} reads, {now[2] - run} runs")
        assert (now[0], now[1]) == ("published", digest)
        assert reader.reads > 100
        assert reader.mixed == []
        left = bank.ask("SELECT count(*) FROM performance_step WHERE state NOT IN ('done')")
        assert left == (0,)


def start(bank) -> bool:
    """Ask for the night once more; False while the database is away or the broker refuses."""
    bank.keep_all()
    done = subprocess.run(
        [sys.executable, "manage.py", "run_night", "--date", AS_OF.isoformat()],
        env=bank.environment,
        capture_output=True,
        timeout=300,
    )
    return done.returncode == 0


def settled(bank) -> bool:
    bank.keep_all()
    row = bank.ask(NIGHT)
    assert row is None or row[0] != "failed", "a night gave up"
    return row is not None and row[0] == "published"


def attack(bank, dice, done, wanted, launcher) -> None:
    """One fault of those that are still due, after a moment in which work goes on."""
    time.sleep(0.2 + dice.random() * 1.5)
    bank.keep_all()
    due = [kind for kind in done for _ in range(wanted[kind] - done[kind])]
    if not due:
        return
    kind = dice.choice(due)
    if kind == "worker":
        bank.kill_a_worker(dice)
    elif kind == "flush":
        with valkey(bank.state) as client:
            client.flushall()
    else:
        before = postmaster(bank.state)
        kill(before)
        eventually(lambda: answers_anew(bank, before), 120, launcher)
    done[kind] += 1


def answers_anew(bank, before) -> bool:
    try:
        return postmaster(bank.state) != before and bank.ask("SELECT 1") == (1,)
    except (OSError, IndexError):
        return False
