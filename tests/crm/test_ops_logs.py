"""Logs of every process: readable, correlated, and without anything of a customer's."""

import io
import json
import logging
import logging.config
import subprocess
import sys
import uuid

import psycopg
import pytest
import structlog
from django.db import IntegrityError, connection
from django.urls import reverse
from django.utils.module_loading import import_string as resolve

from crm.feed.errors import FeedError
from crm.ops.logs import logging_config
from crm.ops.redaction import scrub, sentence
from tests.bank import ROOT, environment
from tests.factories import make_customer

CANARIES = {
    "name": "欧阳金丝雀",
    "id": "110101199003074514",
    "mobile": "13800138000",
    "grouped": "138-0013-8000",
    "card": "6222 0202 0001 2345 678",
    "mail": "canary@bank.example",
}


def assert_no_canary(text):
    for kind, canary in CANARIES.items():
        assert canary not in text, kind
        assert json.dumps(canary).strip('"') not in text, kind


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("night 7 of 2026-06-30 done in 3.25 s", "night 7 of 2026-06-30 done in 3.25 s"),
        ("to 127.0.0.1:8000 by process 4711", "to 127.0.0.1:8000 by process 4711"),
        ("call 张伟 at 13800138000", "call [text] at [number]"),
        ("id 11010119900307451X, card 6222 0202 0001 2345", "id [number], card [number]"),
        ("GET /customers/?q=zhangwei&page=2", "GET /customers/?[query]"),
        ("boom: SELECT * FROM customers_customer WHERE name = 'Zhang'", "boom: [sql]"),
        ("duplicate key\nDETAIL:  Key (name)=(Zhang) exists", "duplicate key [detail]"),
        ("a\nforged line", "a forged line"),
        ("a.b@bank.example wrote", "[email] wrote"),
    ],
)
def test_a_text_loses_what_is_somebodys(text, left):
    assert scrub(text) == left


@pytest.mark.parametrize(
    ("error", "left"),
    [
        (
            ValueError('duplicate key violates "once"\nDETAIL: Key (n)=(1) exists.'),
            'duplicate key violates "once"',
        ),
        (
            ValueError('invalid input syntax for type date: "1990-13"'),
            "invalid input syntax for type date: [value]",
        ),
        (
            ValueError("could not parse `Li Lei` as i64 in `aum_fen`"),
            "could not parse [value] as i64 in `aum_fen`",
        ),
        (ValueError(f"no {CANARIES['name']} at {CANARIES['card']}"), "no [text] at [number]"),
        (
            FeedError('The folder "2026-06-30" has no customers.csv.'),
            'The folder "2026-06-30" has no customers.csv.',
        ),
    ],
)
def test_a_sentence_for_operators_quotes_no_value(error, left):
    assert sentence(error) == f"{type(error).__name__}: {left}"


def test_public_ids_and_digests_stay_readable():
    public_id, digest = str(uuid.UUID(int=0x1234567812345678)), "a" * 8 + "12345678" * 7
    assert scrub(f"{public_id} {digest}") == f"{public_id} {digest}"


def test_every_way_of_logging_is_redacted(lines):
    log, structured = logging.getLogger("customers.somewhere"), structlog.get_logger("guanhu.test")
    for canary in CANARIES.values():
        log.info("found %s", canary)
        log.warning("found", extra={"who": canary, "password": canary, "deep": {"list": [canary]}})
        log.info("%s", {"inner": canary})
        structured.info("found", who=canary, note=canary)
        try:
            raise ValueError(f"no {canary} here")
        except ValueError:
            log.exception("failed")
            structured.exception("failed")
    written = lines()
    assert len(written) == 6 * len(CANARIES)
    assert_no_canary(json.dumps(written, ensure_ascii=False))
    failed = written[4]["exception"]
    assert (failed["type"], failed["at"][-1].endswith("test_every_way_of_logging_is_redacted")) == (
        "builtins.ValueError",
        True,
    )


@pytest.mark.parametrize("json_lines", [True, False])
def test_an_error_and_a_line_that_cannot_be_written_tell_where_and_no_more(json_lines):
    """As JSON and as in the embedded bank; the library would print argument and row on standard error."""
    stream, config = io.StringIO(), logging_config(json=json_lines)
    formatter, log = dict(config["formatters"]["line"]), logging.Logger("customers.somewhere")
    handler = resolve(config["handlers"]["console"]["class"])(stream)
    handler.setFormatter(formatter.pop("()")(**formatter))
    log.addHandler(handler)
    try:
        raise ValueError(" ".join(CANARIES.values()))
    except ValueError:
        log.exception("failed")
        log.info("%d of them", CANARIES["name"])
    written = stream.getvalue()
    assert_no_canary(written)
    assert written.count("builtins.ValueError") == 1
    assert "tests/crm/test_ops_logs.py" in written
    assert "a line could not be written: TypeError at line" in written


def test_a_database_error_tells_its_constraint_and_not_the_row(lines, db, branch):
    make_customer(CANARIES["name"], branch=branch, number="C7")
    try:
        make_customer(CANARIES["name"], branch=branch, number="C7")
    except IntegrityError:
        logging.getLogger("customers").exception("not entered")
    (line,) = [line for line in lines() if line["event"] == "not entered"]
    assert line["exception"]["database"]["sqlstate"] == psycopg.errors.UniqueViolation.sqlstate
    assert line["exception"]["database"]["table"] == "customers_customer"
    assert "message" not in line["exception"]
    assert_no_canary(json.dumps(line))
    connection.needs_rollback = False


def test_our_own_errors_keep_their_sentence(lines):
    try:
        raise FeedError("The folder 2026-06-30 has no customers.csv.")
    except FeedError:
        logging.getLogger("crm.feed").exception("refused")
    assert lines()[-1]["exception"]["message"] == "The folder 2026-06-30 has no customers.csv."


def test_a_request_is_one_line_with_route_staff_and_id(lines, as_user, manager, customer):
    response = as_user(manager.user).get(reverse("customers:book"), {"q": CANARIES["name"]})
    (line,) = [line for line in lines() if line["event"] == "request"]
    assert (line["route"], line["status"], line["staff"]) == ("customers:book", 200, manager.user.username)
    assert line["request_id"] == response.headers["X-Request-ID"]
    assert set(line) == {
        *("event", "level", "logger", "timestamp", "request_id"),
        *("method", "route", "status", "ms", "staff"),
    }
    assert_no_canary(json.dumps(line))


def test_only_a_plain_id_of_the_proxy_is_taken_over(client, db):
    given = uuid.uuid4().hex
    taken = client.get("/healthz", headers={"X-Request-ID": given}).headers["X-Request-ID"]
    refused = client.get("/healthz", headers={"X-Request-ID": "张伟 13800138000"}).headers["X-Request-ID"]
    assert taken == given
    assert len(refused) == 32


def test_pages_with_canaries_leave_none_in_the_log(lines, as_user, manager, branch):
    customer = make_customer(CANARIES["name"], branch=branch, lead=manager, number=CANARIES["card"][:20])
    signed_in = as_user(manager.user)
    signed_in.get(reverse("customers:detail", args=[customer.public_id]))
    signed_in.get(f"/customers/{CANARIES['name']}/", {"q": CANARIES["id"]})
    signed_in.post(
        reverse("customers:log_contact", args=[customer.public_id]),
        {"note": CANARIES["mobile"], "happened_on": CANARIES["mail"]},
    )
    assert_no_canary(json.dumps(lines(), ensure_ascii=False))


TASK = """
import logging.config, sys
from crm.celery import app
from celery.app.trace import build_tracer
from crm.ops.logs import logging_config
app.loader.import_default_modules()
logging.config.dictConfig(logging_config(json=True))
@app.task(name="test.fails")
def fails(value):
    logging.getLogger("performance.test").info("working on %s", value)
    raise ValueError(value)
trace = build_tracer(fails.name, fails, app=app)
trace("11111111-2222-4333-8444-555555555555", [sys.argv[1]], {}, {"request_id": "ab" * 16, "id": "1"})
"""


def test_a_failed_task_tells_its_name_and_neither_argument_nor_words(db):
    done = subprocess.run(
        [sys.executable, "-c", TASK, CANARIES["name"] + CANARIES["id"]],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment(),
        check=True,
    )
    written = [json.loads(line) for line in done.stderr.splitlines()]
    assert_no_canary(done.stderr + done.stdout)
    working = [line for line in written if line["logger"] == "performance.test"]
    assert {(line["task"], line["request_id"]) for line in working} == {("test.fails", "ab" * 16)}
    failed = [line for line in written if line["event"] == "task failed"]
    assert {line["exception"]["type"] for line in failed} == {"builtins.ValueError"}
    assert {line["task"] for line in failed} == {"test.fails"}
