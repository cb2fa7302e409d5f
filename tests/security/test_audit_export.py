"""The auditor's search in words, and as a file (G10, G11)."""

import ast
from pathlib import Path

import pytest
from django.conf import settings
from django.test import override_settings
from django.urls import reverse
from django.utils import translation

from crm import audit
from crm.audit.models import AuditRecord
from crm.audit.words import LABELS, told_acts
from crm.export.models import Export
from crm.history import acting
from customers.models import Customer

pytestmark = pytest.mark.django_db
APPS = ("crm", "managers", "customers", "service", "marketing", "performance")


def calls_of(name):
    """Every call of a function of this name in the product."""
    for path in (path for app in APPS for path in Path(settings.BASE_DIR, app).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and name == getattr(
                node.func, "attr", getattr(node.func, "id", "")
            ):
                yield node


def test_acts_speak_in_words(auditor, manager, customer, branch):
    audit.record(manager.user, "reveal", subject=customer, detail={"field": "mobile", "reason": "回访"})
    with translation.override("en"):
        (told,) = told_acts(list(AuditRecord.objects.filter(act="reveal")))
    assert (told["who"], told["role"], told["branch"], told["act"], told["kind"]) == (
        str(manager.user), "Account manager", branch.name, "revealed", "Customer",
    )  # fmt: skip
    assert told["detail"] == [("field", "mobile"), ("why", "回访")]


def test_every_key_of_a_detail_has_a_word():
    """What `audit.record` is given anywhere in the product."""
    details = [word.value for call in calls_of("record") for word in call.keywords if word.arg == "detail"]
    found = {key.value for each in details if isinstance(each, ast.Dict) for key in each.keys if key}
    assert found
    assert found - set(LABELS) == set()


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_auditor_takes_the_search_along(as_user, auditor, manager, colleague, customer, form):
    audit.record(manager.user, "reveal", subject=customer, detail={"field": "mobile"})
    audit.record(colleague.user, "export", detail={"rows": 12})
    client, address = (
        as_user(auditor),
        reverse("exports:ask", args=["audit-acts"]) + "?show=acts&person=0931&act=",
    )
    assert client.get(address).status_code == 200
    assert client.post(address, {"form": form}).status_code == 303
    made = Export.objects.get()
    assert (made.rows, made.query["person"], set(made.query)) == (1, "0931", {"person", "upto"})
    (act,) = AuditRecord.objects.filter(act="export", staff_number=auditor.username)
    assert (act.detail["what"], act.detail["rows"]) == ("audit-acts", 1)
    body = b"".join(client.get(reverse("exports:download", args=[made.public_id])).streaming_content)
    if form == "csv":
        assert all(words in body.decode() for words in ("0931", customer.number, str(manager.user)))


def test_changes_leave_as_a_file_too(as_user, auditor, manager, customer):
    with acting(manager.user, "tier review"):
        Customer.objects.filter(pk=customer.pk).update(tier="gold", name="新名")
    client = as_user(auditor)
    address = reverse("exports:ask", args=["audit-changes"]) + f"?customer={customer.number}&person=0931"
    assert client.post(address, {"form": "csv"}).status_code == 303
    made = Export.objects.get()
    body = b"".join(client.get(reverse("exports:download", args=[made.public_id])).streaming_content).decode()
    assert (made.rows, "tier review" in body, "新名" in body, customer.name in body) == (
        1,
        True,
        False,
        False,
    )


def test_the_audit_is_no_file_for_others(as_user, manager, supervisor):
    for person in (manager.user, supervisor):
        assert as_user(person).get(reverse("exports:ask", args=["audit-acts"])).status_code == 403


@override_settings(EXPORT_MOST_ROWS=2)
def test_a_search_above_the_limit_is_narrowed_first(as_user, auditor, manager):
    for _number in range(3):
        audit.record(manager.user, "export")
    answer = as_user(auditor).post(
        reverse("exports:ask", args=["audit-acts"]) + "?person=0931", {"form": "csv"}
    )
    assert (answer.status_code, Export.objects.count()) == (422, 0)
