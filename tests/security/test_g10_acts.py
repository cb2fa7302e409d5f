"""G10, act by act: whatever a person reads, reveals, takes along, asks or decides stands on record."""

import ast
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crm import audit
from crm.approvals import services as approvals
from crm.approvals.models import Approval
from crm.audit.models import AuditRecord
from crm.audit.recording import ACTS
from crm.export.models import Export
from customers.approvals import ask_backdated_assignment
from customers.models import CustomerIdentity
from tests.factories import make_manager

pytestmark = pytest.mark.django_db
APPS = ("crm", "managers", "customers", "service", "marketing", "performance")
PASSWORD = "Xk29!dwoq7Lm"


def acts_written():
    """Every act that the product's code hands to `record` (or to what hands it on), by its text."""
    for path in (path for app in APPS for path in Path(settings.BASE_DIR, app).rglob("*.py")):
        if path.name == "recording.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = getattr(node, "func", None)
            if getattr(named, "attr", getattr(named, "id", "")) in {"record", "_note"}:
                yield from (each.value for each in ast.walk(node) if isinstance(each, ast.Constant))


def test_every_act_is_written_somewhere():
    written = set(acts_written())
    assert set(ACTS) - written == set(UNWRITTEN)


UNWRITTEN = {"restore": "goes into an empty database, whose audit is what the backup brought"}


def last(act):
    found = AuditRecord.objects.filter(act=act).order_by("id").last()
    return found and (found.staff_number, found.customer_number)


def asked(customer, colleague, maker, days=9):
    today = timezone.localdate()
    day = today - timedelta(days=days)
    return ask_backdated_assignment(
        customer, manager=colleague, from_date=day, maker=maker, reason="wrong", as_of=today
    )


@pytest.mark.django_db(transaction=True)  # what is refused stays on record although the request rolls back
def test_reading_revealing_and_taking_along_are_on_record(as_user, manager, customer, settings):
    CustomerIdentity.objects.filter(customer=customer).update(mobile=None)
    client, number = as_user(manager.user), manager.user.username
    client.get(reverse("customers:detail", args=[customer.public_id]))
    assert last("read") == (number, customer.number)
    client.post(reverse("customers:reveal", args=[customer.public_id, "mobile"]), {"reason": "call back"})
    assert last("reveal") == (number, customer.number)
    settings.REVEALS_A_DAY = 1
    client.post(reverse("customers:reveal", args=[customer.public_id, "mobile"]), {"reason": "again"})
    assert last("reveal_refused") == (number, customer.number)
    client.post(reverse("exports:ask", args=["book"]), {"form": "csv"})
    assert last("export") == (number, "")
    made = Export.objects.get()
    client.get(reverse("exports:download", args=[made.public_id])).close()
    assert last("download") == (number, "")
    type(customer).objects.filter(pk=customer.pk).update(lead=None)
    client.get(reverse("exports:download", args=[made.public_id]))
    assert last("export_refused") == (number, "")


def test_asking_deciding_and_carrying_out_are_on_record(
    as_user, manager, colleague, supervisor, second_supervisor, customer
):
    first = asked(customer, colleague, supervisor)
    assert last("ask") == (supervisor.username, "")
    approvals.withdraw(first, supervisor)
    assert last("withdraw") == (supervisor.username, "")
    client = as_user(second_supervisor)
    for answer, act, days in (("reject", "reject", 8), ("approve", "approve", 7)):
        mine = asked(customer, colleague, supervisor, days)
        client.post(
            reverse("approvals:decide", args=[mine.public_id]), {"answer": answer, "reason": "looked at it"}
        )
        assert last(act) == (second_supervisor.username, "")
    approvals.execute(mine.pk)
    assert last("carry_out") == (second_supervisor.username, "")
    newcomer = make_manager("0933", branch=customer.branch, name="叶知秋")
    again = asked(customer, newcomer, supervisor, days=20)
    type(newcomer).objects.filter(pk=newcomer.pk).update(
        in_post=(timezone.localdate() - timedelta(days=5), None)
    )
    assert approvals.decide(again, second_supervisor, True).state == "failed"
    assert last("carry_out_failed") == (second_supervisor.username, "")


def test_coming_and_going_are_on_record(supervisor):
    supervisor.set_password(PASSWORD)
    supervisor.save()
    client, number = Client(), supervisor.username
    client.post(reverse("login"), {"login": number, "password": "wrong"})
    assert AuditRecord.objects.filter(act="sign_in_failed", subject_id=str(supervisor.public_id)).exists()
    client.post(reverse("login"), {"login": number, "password": PASSWORD})
    assert last("sign_in") == (number, "")
    client.post(reverse("logout"))
    assert last("sign_out") == (number, "")


def test_a_search_of_the_audit_and_its_file_are_on_record(as_user, auditor, manager):
    audit.record(manager.user, "read")
    client = as_user(auditor)
    client.get(reverse("audit"), {"person": "0931"})
    assert last("audit_search") == (auditor.username, "")
    client.post(reverse("exports:ask", args=["audit-acts"]) + "?person=0931", {"form": "csv"})
    assert last("export") == (auditor.username, "")


def test_no_act_of_an_approval_names_a_customer_in_clear(manager, colleague, supervisor, customer):
    asked(customer, colleague, supervisor)
    assert Approval.objects.count() == 1
    details = AuditRecord.objects.values_list("detail", flat=True)
    assert [detail for detail in details if customer.name in str(detail)] == []
