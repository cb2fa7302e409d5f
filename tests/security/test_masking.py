"""Personal data (class C2) put through every way in: 0 traces in logs, reports, sessions, messages, history.

Pages themselves may show a name to who looks after the customer, and a revealed value to who asked for it.
"""

import base64
import json
import shutil
from datetime import date
from pathlib import Path

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import DataError, connection
from django.urls import reverse

from crm.export import services as exports
from crm.export.models import Export
from crm.export.tasks import write_export
from crm.feed.models import FeedLoad
from customers.services.assignment import assign
from performance import steps
from performance.choices import NightState, Stage
from performance.models import Night, Step
from tests.factories import make_account, make_customer, make_product
from tests.feed.conftest import EXAMPLE, replace
from tests.security.personal import (
    ACCOUNT,
    CANARIES,
    DOCUMENT,
    EMAIL,
    MOBILE,
    NAME,
    everything_in_redis,
    give_identity,
    traces,
    traces_in_tables,
)

# What a table is there to hold; nothing else holds anything.
HELD = {"customers_customer": ("name",), "customers_customerhistory": ("name",)}
ALL_AT_ONCE = " ".join(CANARIES.values())


@pytest.fixture
def canary(transactional_db, branch, manager):
    customer = make_customer(NAME, branch=branch, lead=manager)
    give_identity(customer)
    make_account(customer, make_product(), number=ACCOUNT)
    return customer


def logged(lines) -> str:
    written = lines()
    assert written
    return json.dumps(written, ensure_ascii=False)


def sessions() -> str:
    return " ".join(
        json.dumps(session.get_decoded(), ensure_ascii=False) for session in Session.objects.all()
    )


def everywhere(lines) -> dict:
    """Sink → kinds of canaries found there."""
    found = {
        "logs": traces(logged(lines)),
        "sessions": traces(sessions(), but=("name",)),
        "redis": traces(everything_in_redis()),
        **traces_in_tables(HELD),
    }
    return {sink: hits for sink, hits in found.items() if hits}


def test_pages_forms_searches_and_faults_leave_no_trace(lines, as_user, manager, supervisor, canary):
    """Everything that a person at the counter does, right and wrong; headers of every answer too."""
    headers = []

    def said(response):
        headers.append(" ".join(f"{name}: {value}" for name, value in response.items()))
        return response

    page = reverse("customers:detail", args=[canary.public_id])
    contact = reverse("customers:log_contact", args=[canary.public_id])
    client = as_user(manager.user)
    for url in (
        page,
        contact,
        reverse("customers:today"),
        reverse("customers:who_sees", args=[canary.public_id]),
    ):
        assert said(client.get(url)).status_code == 200
    for value in CANARIES.values():
        said(client.get(reverse("customers:book"), {"q": value}))
        said(client.get(f"/customers/{value}/"))
        said(client.post(contact, {"happened_on": value, "channel": value, "next_date": value}))
        said(client.post(reverse("customers:reveal", args=[canary.public_id, "mobile"]), {"reason": ""}))
        said(client.post(reverse("exports:ask", args=["book"]) + f"?tier={value}", {"form": value}))
        said(client.post(reverse("login"), {"login": value, "password": value}))
        said(client.get("/audit/", {"person": value, "customer": value}))
    client = as_user(manager.user)
    shown = said(
        client.post(reverse("customers:reveal", args=[canary.public_id, "mobile"]), {"reason": "回访前核对"})
    )
    assert MOBILE in shown.content.decode()
    said(as_user(supervisor).get(reverse("customers:reveals")))
    said(client.get("/internal/metrics"))
    assert [traces(header) for header in headers if traces(header)] == []
    assert everywhere(lines) == {}


def test_the_administrators_site_logs_no_name(lines, as_user, admin_user, canary):
    client = as_user(admin_user)
    for model in ("customer", "customeridentity", "account", "assignment"):
        for value in CANARIES.values():
            assert client.get(reverse(f"admin:customers_{model}_changelist"), {"q": value}).status_code in (
                200,
                302,
            )
    body = client.get(reverse("admin:customers_customer_change", args=[canary.pk])).content.decode()
    assert traces(body) == set()  # masks here too
    add = client.post(reverse("admin:managers_calendarday_add"), {"day": DOCUMENT, "kind": ALL_AT_ONCE})
    assert add.status_code in (200, 403)
    client.post(
        reverse("admin:customers_product_add"), {"code": "P9", "name": "新产品", "family": ALL_AT_ONCE}
    )
    LogEntry.objects.log_actions(
        admin_user.pk, [canary, canary.identity, canary.accounts.get()], 2, "changed"
    )
    assert LogEntry.objects.count() == 3
    assert everywhere(lines) == {}


def test_what_changes_leaves_numbers_in_the_history_and_no_values(
    lines, manager, colleague, supervisor, canary
):
    canary.identity.mobile = MOBILE[::-1]
    canary.identity.save()
    give_identity(canary)
    assign(canary, manager=colleague, from_date=date(2026, 7, 1), as_of=date(2026, 7, 1))
    lines()
    assert traces_in_tables(HELD) == {}


def test_a_500_tells_nothing(lines, as_user, manager, canary, monkeypatch):
    def fails(*args, **kwargs):
        raise DataError(
            f'invalid input syntax: "{ALL_AT_ONCE}"\nDETAIL:  Failing row contains ({ALL_AT_ONCE}).'
        )

    monkeypatch.setattr("customers.views.customer.holdings_of", fails)
    client = as_user(manager.user)
    client.raise_request_exception = False
    for header in ({}, {"HX-Request": "true"}):
        answer = client.get(
            reverse("customers:detail", args=[canary.public_id]), {"q": ALL_AT_ONCE}, headers=header
        )
        assert answer.status_code == 500
        assert traces(answer.content.decode() + str(answer.headers)) == set()
    assert traces(client.get("/internal/metrics").content.decode()) == set()
    assert everywhere(lines) == {}


def test_files_are_asked_for_by_number_and_a_failing_task_tells_its_name(lines, manager, canary, monkeypatch):
    export = exports.start(manager.user, "book", {"q": MOBILE}, "csv", as_of=date(2026, 7, 1))
    write_export.delay(export.pk)  # waits in the broker: nobody works here
    waiting = everything_in_redis()
    assert "crm.write_export" in waiting
    assert traces(waiting) == set()

    def fails(*args, **kwargs):
        raise ValueError(f"no such row: {ALL_AT_ONCE}")
        yield

    monkeypatch.setattr("crm.export.services._write_rows", fails)
    Export.objects.update(state="waiting")
    assert write_export.apply(args=[export.pk]).state == "FAILURE"
    found = everywhere(lines)
    # the filter that was asked for is the file's own; a file itself is for its owner
    assert set(found) <= {"crm_export", "crm_exportchunk"}
    assert found.get("crm_export", set()) <= {"mobile"}


def test_a_night_that_fails_tells_no_row(lines, transactional_db, monkeypatch):
    night = Night.objects.create(
        business_date=date(2026, 6, 30), version="1", upto_load=1, shards=2, state=NightState.RUNNING
    )
    step = Step.objects.create(night=night, stage=Stage.FIT, shard=0)

    def fails(*args):
        raise DataError(
            f'invalid input syntax for type date: "{ALL_AT_ONCE}"\nCONTEXT:  COPY t, line 1: {ALL_AT_ONCE}'
        )

    monkeypatch.setattr(steps, "_work", fails)
    for _attempt in range(3):
        steps.run_step(step.pk)
    step.refresh_from_db()
    assert (step.state, step.error) == ("failed", "DataError: invalid input syntax for type date: [value]")
    assert everywhere(lines) == {}


SLIPPED = [  # file, text in it, what it becomes: personal data where none belongs
    ("customers", "2019-03-04", DOCUMENT),
    ("customers", "1985-02-11", NAME),
    ("customers", "C3,", f"{MOBILE},"),
    ("customers", "C00000001,person", f"C00000001,{CANARIES['address']}"),
    ("customers", "999999198502110010", DOCUMENT[:-1] + "9"),
    ("customers", "13800000001", f"{MOBILE}5"),
    ("accounts", "C00000001,CUR", f"{NAME},CUR"),
    ("accounts", "1500000.00", EMAIL),
    ("interactions", ",phone,", f",{EMAIL},"),
    ("assignments", "lead,0.7000", f"{MOBILE},0.7000"),
]


def test_bad_rows_are_reported_without_what_they_held(lines, capsys, transactional_db, tmp_path, settings):
    settings.BASE_DIR = tmp_path
    example = Path(shutil.copytree(EXAMPLE, tmp_path / "feed" / EXAMPLE.name))
    for name, old, new in SLIPPED:
        replace(example, name, old, new)
    with pytest.raises(CommandError) as rows:
        call_command("load_feed", str(example))
    (report,) = (tmp_path / "var" / "feed-reports").glob("*.csv")
    text = report.read_text(encoding="utf-8")
    assert text.count("\n") > len(SLIPPED)
    broken = example / "loans.csv"  # no such column; more values than columns; no header
    for head in ("account,customer", "account,date,loan_class", f"{NAME},{MOBILE}"):
        broken.write_text(f"{head}\n{ACCOUNT},{NAME},{ALL_AT_ONCE},{MOBILE}\n")
        with pytest.raises(CommandError) as file:
            call_command("load_feed", str(example))
        assert traces(str(file.value)) == set()
    said = capsys.readouterr()
    assert traces(text) == set()
    assert traces(str(rows.value) + said.out + said.err) == set()
    assert set(FeedLoad.objects.values_list("state", flat=True)) == {"refused"}
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regnamespace('feed_staging')")
        assert cursor.fetchone() == (None,)  # where the rows stood as they came
    assert traces_in_tables(HELD) == {}
    assert traces(logged(lambda: [*lines(), "read"])) == set()


def test_the_search_for_traces_finds_them():
    """Plain, in JSON, in a URL, in base64 and in hexadecimal: else the zeros above mean nothing."""
    for kind, value in CANARIES.items():
        coded = base64.b64encode(value.encode()).decode()
        for text in (value, json.dumps(value), reverse("login") + f"?q={value}", coded, value.encode().hex()):
            assert kind in traces(text)
