"""`make run` from an empty folder: interrupted, gone on with, opened, broken, closed."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import date
from typing import ClassVar

import psycopg
import pytest

from crm.bank import demo, options
from crm.embedded.errors import CannotStart
from crm.embedded.layout import REPOSITORY
from tests.crm.launching import (
    bare_environment,
    connect,
    eventually,
    kill,
    postmaster,
    processes_of,
    valkey_process,
)

CUSTOMERS = 60
AS_OF = "2026-06-30"


class Opened:
    """A `python -m crm.bank` under test, and what it said so far."""

    running: ClassVar[list[subprocess.Popen]] = []

    def __init__(self, state, port, **extra):
        self.state, self.port = state, port
        self.output = state.parent / f"output-{time.monotonic_ns()}"
        with open(self.output, "w") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "crm.bank"],
                cwd=REPOSITORY,
                env=bare_environment(GUANHU_STATE=str(state), PORT=str(port), AS_OF=AS_OF, **extra),
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        self.running.append(self.process)

    @property
    def said(self):
        return self.output.read_text()

    def wait_said(self, words, seconds):
        deadline = time.monotonic() + seconds
        while words not in self.said:
            assert self.process.poll() is None, self.said
            assert time.monotonic() < deadline, self.said
            time.sleep(0.05)

    def status(self, path="/login/"):
        connection = http.client.HTTPConnection("localhost", self.port, timeout=10)
        with contextlib.closing(connection):
            try:
                connection.request("GET", path)
                return connection.getresponse().status
            except OSError:
                return None

    def ready(self):
        """What each check of /readyz says (nothing without a database), and `pages`: 200 ok, 503 down."""
        connection = http.client.HTTPConnection("localhost", self.port, timeout=30)
        with contextlib.closing(connection):
            try:
                connection.request("GET", "/readyz")
                answer = connection.getresponse()
                text = answer.read()
            except (OSError, http.client.HTTPException):
                return {}
        if answer.status != 200:
            return {"pages": {503: "down"}.get(answer.status, str(answer.status))}
        return {"pages": "ok"} | {name: check["state"] for name, check in json.loads(text)["checks"].items()}

    def children(self, words):
        found = subprocess.run(
            ["ps", "-o", "pid=,args=", "--ppid", str(self.process.pid)], capture_output=True, text=True
        )
        return [int(line.split()[0]) for line in found.stdout.splitlines() if words in line]


@pytest.fixture(autouse=True)
def none_stays():
    """Where a test fails, its banks end with it, halted ones too."""
    yield
    while Opened.running:
        process = Opened.running.pop()
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.terminate()
            process.wait(60)


@pytest.fixture
def port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def published(state):
    with connect(state) as connection:
        return (
            connection.execute("SELECT count(*) FROM customers_customer").fetchone()[0],
            connection.execute("SELECT plan->'done' FROM demo_install").fetchone()[0],
        )


def healthcheck(opened, name):
    """Ask as the containers of docker-compose.yml do; return the exit code."""
    environment = bare_environment(GUANHU_STATE=str(opened.state), PORT=str(opened.port))
    return subprocess.run([sys.executable, "-m", "crm.healthcheck", name], env=environment).returncode


def tells_what_is_away(opened):
    """Stop beat, worker, broker and database for real, one after another; nobody starts them anew meanwhile.

    The processes are killed; only their launcher is halted, and goes on in the end.
    """
    eventually(lambda: set(opened.ready().values()) == {"ok"}, 30)
    os.kill(opened.process.pid, signal.SIGSTOP)
    for words, name, said in (("beat", "beat", "degraded"), ("worker", "worker", "degraded")):
        [number] = opened.children(words)
        kill(number)
        eventually(lambda name=name, said=said: opened.ready().get(name) == said, 20)
    kill(valkey_process(opened.state))
    eventually(lambda: opened.ready().get("broker") == "degraded", 20)
    assert (opened.ready()["pages"], opened.ready()["database"]) == ("ok", "ok")
    kill(postmaster(opened.state))
    eventually(lambda: opened.ready().get("pages") == "down", 20)
    os.kill(opened.process.pid, signal.SIGCONT)


def test_bank_is_interrupted_gone_on_with_opened_broken_and_closed(tmp_path, port):
    state = tmp_path / "bank"
    first = Opened(state, port, CUSTOMERS=str(CUSTOMERS))
    first.wait_said("Loading the feed", 300)
    kill(first.process.pid)
    first.process.wait()
    eventually(lambda: processes_of(state) == set(), 20)

    second = Opened(state, port, SILENCE_SECONDS="6")
    second.wait_said("Ctrl-C closes it", 600)
    assert f"Going on with the demo bank of {CUSTOMERS} customers" in second.said
    assert f"http://localhost:{port}/" in second.said
    assert published(state) == (CUSTOMERS, ["load", "logins", "night"])
    assert second.status() == 200

    for name in ("web", "worker", "beat"):
        eventually(lambda name=name: healthcheck(second, name) == 0, 60)

    tells_what_is_away(second)
    [web] = second.children("gunicorn")
    kill(web)
    for name in ("web", "worker", "beat", "Valkey", "PostgreSQL"):
        second.wait_said(f"{name} ended unexpectedly", 20)
    eventually(lambda: set(second.ready().values()) == {"ok"}, 60)
    assert published(state) == (CUSTOMERS, ["load", "logins", "night"])

    beside = Opened(state, port)
    assert beside.process.wait(60) == 2
    assert beside.said == (
        f"guanhu: This bank is already running (process {second.process.pid} at http://localhost:{port}/): "
        f"stop it first (Ctrl-C in its terminal), or set GUANHU_STATE to another folder. State: {state}\n"
    )

    second.process.send_signal(signal.SIGINT)
    assert second.process.wait(60) == 0
    assert processes_of(state) == set()

    larger = Opened(state, port, CUSTOMERS="90")
    assert larger.process.wait(60) == 2
    assert f"guanhu: This bank was begun with {CUSTOMERS} demo customers:" in larger.said

    third = Opened(state, port)
    third.wait_said("Ctrl-C closes it", 300)
    assert "Making a feed" not in third.said
    assert published(state) == (CUSTOMERS, ["load", "logins", "night"])
    third.process.terminate()
    assert third.process.wait(60) == 0
    assert processes_of(state) == set()


def test_port_in_use_is_one_sentence_before_anything_is_made(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        opened = Opened(tmp_path / "bank", port)
        assert opened.process.wait(60) == 2
    assert opened.said == (
        f"guanhu: 127.0.0.1:{port} cannot be listened on (Address already in use): end what uses it, "
        f"or choose another port: make run PORT={port + 1}.\n"
    )
    assert not (tmp_path / "bank" / "postgres").exists()


def test_database_away_is_one_sentence_without_its_password(tmp_path, port):
    url = "postgresql://crm:geheim@127.0.0.1:1/bank"
    opened = Opened(tmp_path / "bank", port, DATABASE_URL=url)
    assert opened.process.wait(60) == 2
    assert opened.said.startswith("guanhu: The database 127.0.0.1/bank of DATABASE_URL does not answer (")
    assert opened.said.endswith("correct the URL, or unset DATABASE_URL to use the embedded one.\n")
    assert ("geheim" in opened.said, "Traceback" in opened.said) == (False, False)


def test_broker_away_is_one_sentence(tmp_path, port):
    opened = Opened(tmp_path / "bank", port, REDIS_URL="redis://:geheim@127.0.0.1:1/0")
    assert opened.process.wait(60) == 2
    assert opened.said.startswith("guanhu: The broker of REDIS_URL does not answer (")
    assert ("geheim" in opened.said, "Traceback" in opened.said) == (False, False)


def test_malformed_date_is_one_sentence(monkeypatch):
    monkeypatch.setenv("AS_OF", "2026-02-30")
    with pytest.raises(CannotStart) as refused:
        options.from_environment()
    assert str(refused.value) == "AS_OF is '2026-02-30': write a date such as 2026-06-30."


@pytest.fixture
def url():
    """A database of its own on the test's server, with the one table the plan asks about."""
    served = os.environ["DATABASE_URL"]
    with psycopg.connect(served, autocommit=True) as connection:
        connection.execute("CREATE DATABASE demo_plans")
    own = served.replace("/guanhu?", "/demo_plans?")
    with psycopg.connect(own) as connection:
        connection.execute("CREATE TABLE customers_customer (id int)")
    yield own
    with psycopg.connect(served, autocommit=True) as connection:
        connection.execute("DROP DATABASE demo_plans")


def chosen(customers):
    return options.Options(customers, "127.0.0.1", 8000, date(2026, 6, 30), 1)


def test_plan_of_an_empty_bank_is_kept(url):
    plan = demo.decide(url, chosen(300))
    assert plan == demo.Plan(300, date(2026, 6, 30), 1, [], "")
    plan.done.append("load")
    demo.write(url, plan)
    assert demo.decide(url, chosen(None)) == plan


def test_plan_for_a_bank_with_customers_of_its_own_is_none(url):
    with psycopg.connect(url) as connection:
        connection.execute("INSERT INTO customers_customer VALUES (1)")
    assert demo.decide(url, chosen(None)) is None


def test_plan_of_another_size_is_refused(url):
    demo.decide(url, chosen(None))
    with pytest.raises(CannotStart, match="begun with 2,000 demo customers"):
        demo.decide(url, chosen(300))


def test_install_repeats_only_what_is_not_done(url, tmp_path):
    plan = demo.decide(url, chosen(40))
    ran = []

    def manage(command, *arguments, capture=False):
        ran.append(command)
        if command == "make_demo_bank":
            (tmp_path / "demo-feed-40-2026-06-30-1.partial").mkdir()
        if command == "run_night" and ran.count("run_night") == 1:
            raise CannotStart("the first night fails")
        return "manager 1001" if capture else ""

    with pytest.raises(CannotStart, match="the first night fails"):
        demo.install(url, plan, tmp_path, manage, lambda: None, lambda text: None)
    plan = demo.decide(url, chosen(None))
    demo.install(url, plan, tmp_path, manage, lambda: None, lambda text: None)
    assert ran == ["make_demo_bank", "load_feed", "demo_logins", "run_night", "run_night"]
    assert (demo.read(url).complete, demo.read(url).logins) == (True, "manager 1001")
    assert os.listdir(tmp_path) == []
