"""G19: what was acknowledged stays, whatever is killed; and a backup comes back whole."""

import os
import random
import threading
import time
from io import StringIO

import psycopg
import pytest
from django.core.management import call_command

from tests.bank import make_bank
from tests.crm.launching import connect, eventually, kill, postmaster, running
from tests.performance.night_bank import empty
from tests.soak import Progress, parts

WRITERS = 4


class Writer(threading.Thread):
    """Writes numbers as fast as it may and remembers those that the server acknowledged."""

    def __init__(self, state, number):
        super().__init__(daemon=True)
        self.state, self.number = state, number
        self.acknowledged, self.over = [], threading.Event()

    def run(self):
        count = 0
        while not self.over.is_set():
            try:
                with connect(self.state) as connection:
                    while not self.over.is_set():
                        count += 1
                        connection.execute("INSERT INTO kept VALUES (%s, %s)", [self.number, count])
                        self.acknowledged.append((self.number, count))
            except (psycopg.Error, OSError):
                time.sleep(0.02)


def serves(state, before):
    try:
        return postmaster(state) != before and connect(state).close() is None
    except (psycopg.Error, OSError, IndexError):
        return False


@pytest.mark.parametrize(("kills", "seed"), parts(3, 200, of=4))
def test_kills_of_the_postmaster_under_load_lose_no_acknowledged_write(tmp_path, kills, seed):
    state, dice, progress = tmp_path / "bank", random.Random(seed), Progress("kills", kills)
    with running(state, seconds=7_200) as launcher:
        with connect(state) as connection:
            connection.execute("CREATE TABLE kept (writer int, number int)")
        writers = [Writer(state, number) for number in range(WRITERS)]
        for writer in writers:
            writer.start()
        for _ in range(kills):
            told = sum(len(writer.acknowledged) for writer in writers)
            eventually(lambda: sum(len(writer.acknowledged) for writer in writers) > told + 100, 60, launcher)  # noqa: B023
            time.sleep(dice.random() / 10)
            before = postmaster(state)
            kill(before)
            eventually(lambda: serves(state, before), 60, launcher)  # noqa: B023
            progress.step()
        for writer in writers:
            writer.over.set()
            writer.join(60)
        with connect(state) as connection:
            stored = connection.execute("SELECT writer, number FROM kept").fetchall()
    acknowledged = [row for writer in writers for row in writer.acknowledged]
    assert len(acknowledged) > 100 * kills
    assert set(acknowledged) - set(stored) == set()
    # a write whose answer was lost may be there; nothing is there twice
    assert len(stored) == len(set(stored))
    assert len(stored) - len(acknowledged) <= WRITERS * kills


@pytest.fixture(scope="module")
def demo_bank(django_db_setup, django_db_blocker, tmp_path_factory):
    """A committed demo bank with a published night; its number of customers."""
    customers = int(os.environ.get("DRILL_CUSTOMERS", "2000"))
    with django_db_blocker.unblock():
        try:
            make_bank(tmp_path_factory.mktemp("demo"), customers=customers)
            yield customers
        finally:
            empty()


@pytest.mark.soak
@pytest.mark.django_db
def test_the_drill_passes_on_a_demo_bank(demo_bank):
    said = StringIO()
    call_command("backup_drill", stdout=said)
    print(said.getvalue())
    assert f"{demo_bank:,} customers, all there" in said.getvalue()
    assert "The drill passed." in said.getvalue()
