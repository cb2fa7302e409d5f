"""What changed here, for people: from each record to its changes, in words."""

from datetime import date
from unittest.mock import ANY

import pytest
from django.urls import reverse
from django.utils import translation

from crm.history import acting
from crm.history.links import changes_url
from crm.history.models import Change
from crm.history.words import told_changes
from customers.models import Assignment
from managers.models import Leave
from performance.models import Scheme
from tests.factories import make_account, make_product, make_task
from tests.performance.world import make_card, make_night

pytestmark = pytest.mark.django_db


def test_a_record_links_to_its_changes_for_whom_they_are(manager, auditor, customer, branch):
    url = f"/changes/customers.customer/{customer.public_id}/"
    assert [changes_url(customer, user) for user in (manager.user, auditor)] == [url, url]
    assert changes_url(branch, manager.user) == ""
    assert changes_url(branch, auditor) == f"/changes/managers.branch/{branch.public_id}/"
    assert changes_url(make_task(customer), auditor) == ""  # has no history


def test_pages_of_a_record_lead_to_its_changes(as_user, manager, customer):
    client = as_user(manager.user)
    card = make_card(manager, make_night())
    for name, record in (("customers:detail", customer), ("performance:scorecard", card)):
        page = client.get(reverse(name, args=[record.public_id])).content.decode()
        assert changes_url(record, manager.user) in page
        answer = client.get(changes_url(record, manager.user))
        assert answer.status_code == 200
        assert reverse(name, args=[record.public_id]) in answer.content.decode()


def test_changes_speak_in_words(as_user, auditor, manager, customer, branch):
    with translation.override("en"), acting(manager.user, "moved", request="abcdef1234567890"):
        Change.objects.all().delete()
        scheme = Scheme.objects.get()
        scheme.content = {**scheme.content, "deduction_cap": 21, "grades": {"A": 91}}
        scheme.save()
        Assignment.objects.filter(customer=customer).update(during=(date(2020, 1, 1), date(2026, 4, 1)))
        of_scheme, of_assignment = told_changes(list(Change.objects.select_related("context").order_by("pk")))
    told = {field.label: (field.old, field.new) for field in of_scheme["fields"]}
    assert told["Content deduction_cap"] == (ANY, "21")
    assert (of_assignment["kind"], of_assignment["what"], of_assignment["who"]) == (
        "Assignment", "changed", str(manager.user),
    )  # fmt: skip
    (field,) = of_assignment["fields"]
    assert (field.old, field.new) == ("2020-01-01 –", "2020-01-01 – 2026-04-01")
    assert (of_assignment["customer"], of_assignment["request"]) == (customer.number, "abcdef1234567890")


def test_a_removed_record_keeps_its_page_for_the_auditor(as_user, auditor, manager, branch):
    leave = Leave.objects.create(manager=manager, kind="annual", during=(date(2026, 1, 1), date(2026, 1, 9)))
    url = changes_url(leave, auditor)
    with acting(manager.user):
        leave.delete()
    answer = as_user(auditor).get(url)
    assert [row["change"].label for row in answer.context["changes"]] == ["delete", "insert"]
    assert as_user(manager.user).get(url).status_code == 404


def test_changes_of_a_customer_narrow_by_kind(as_user, manager, customer):
    make_account(customer, make_product())
    client, url = as_user(manager.user), reverse("changes", args=["customers.customer", customer.public_id])
    kinds = {row["change"].source for row in client.get(url).context["changes"]}
    assert {"customers_account", "customers_customer"} <= kinds
    narrowed = client.get(url, {"kind": "customers_account"}).context["changes"]
    assert {row["change"].source for row in narrowed} == {"customers_account"}
    whole = client.get(url).context["changes"]
    assert len(client.get(url, {"kind": "performance_plan"}).context["changes"]) == len(whole)  # no such kind
