"""G10: the row of a read, a reveal or an export is committed before the value is sent."""

import pytest
from django.db import connection, transaction
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from crm import audit
from crm.audit.models import AuditRecord
from crm.audit.recording import UnknownAct
from crm.history.views import PAGE
from customers.models import Customer
from customers.selectors.who_sees import readers_of
from tests.factories import make_user


@pytest.mark.django_db(transaction=True)
def test_a_record_stands_although_the_request_is_rolled_back(manager, customer):
    request = RequestFactory().post("/", REMOTE_ADDR="10.1.2.3")
    request.user = manager.user
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        number = audit.record(request, "reveal", subject=customer, detail={"field": "mobile"})
        raise ZeroDivisionError
    (row,) = AuditRecord.objects.values(
        "id",
        "act",
        "user_id",
        "staff_number",
        "role",
        "branch_path",
        "subject_type",
        "subject_id",
        "customer_number",
        "detail",
        "request_id",
        "address",
        "by_function",
    )
    assert row == {
        "id": number,
        "act": "reveal",
        "user_id": manager.user.pk,
        "staff_number": "0931",
        "role": "manager",
        "branch_path": "HQ/T1/S1/",
        "subject_type": "customers.customer",
        "subject_id": str(customer.public_id),
        "customer_number": customer.number,
        "detail": {"field": "mobile"},
        "request_id": request.request_id,
        "address": "10.1.2.3",
        "by_function": True,
    }


@pytest.mark.django_db(transaction=True)
def test_a_record_without_a_connection_of_its_own_goes_with_the_request(manager):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        audit.record(manager.user, "read", own=False)
        raise ZeroDivisionError
    assert AuditRecord.objects.count() == 0


@pytest.mark.django_db
def test_an_unknown_act_is_refused(manager):
    with pytest.raises(UnknownAct):
        audit.record(manager.user, "peek")


@pytest.mark.django_db
def test_opening_a_customer_is_a_recorded_read(as_user, manager, customer):
    assert (
        as_user(manager.user).get(reverse("customers:detail", args=[customer.public_id])).status_code == 200
    )
    (row,) = AuditRecord.objects.filter(act="read").values_list("staff_number", "customer_number")
    assert row == ("0931", customer.number)


@pytest.mark.django_db
def test_a_customer_who_is_not_ones_own_is_no_read(as_user, manager, foreign_customer):
    url = reverse("customers:detail", args=[foreign_customer.public_id])
    assert as_user(manager.user).get(url).status_code == 404
    assert not AuditRecord.objects.filter(act="read").exists()


@pytest.mark.django_db
def test_the_auditor_finds_acts_by_person_customer_act_and_day(
    as_user, auditor, manager, colleague, customer
):
    audit.record(manager.user, "reveal", subject=customer, detail={"field": "mobile"})
    audit.record(colleague.user, "export", detail={"rows": 12})
    client = as_user(auditor)

    def found(**query):
        answer = client.get(reverse("audit"), query)
        assert answer.status_code == 200
        return [item["row"].act for item in answer.context["acts"]]

    assert {"reveal", "export"} <= set(found())
    assert found(person="0931") == ["reveal"]
    assert found(customer=customer.number) == ["reveal"]
    assert found(act="export") == ["export"]
    assert found(person="0931", act="export") == []
    assert found(person="0931", since="not a day") == ["reveal"]
    assert found(until="2020-01-01") == []
    assert found(since="2020-01-01", person="0932") == ["export"]


@pytest.mark.django_db
def test_a_search_of_the_audit_is_itself_recorded(as_user, auditor):
    as_user(auditor).get(reverse("audit"), {"person": "0931"})
    (row,) = AuditRecord.objects.filter(act="audit_search").values_list("staff_number", "detail")
    assert row == ("0009", {"show": "acts", "person": "0931"})


@pytest.mark.django_db
@pytest.mark.parametrize("size", [1, 3])
def test_the_search_asks_the_same_number_of_queries(as_user, auditor, manager, size):
    client = as_user(auditor)
    for _number in range(size):
        audit.record(manager.user, "export")
    client.get(reverse("audit"), {"person": "0931"})
    with CaptureQueriesContext(connection) as queries:
        client.get(reverse("audit"), {"person": "0931"})
    assert sum("crm_auditrecord" in query["sql"] for query in queries) == 2  # one page: places, then rows


@pytest.mark.django_db
def test_pages_of_the_search_follow_each_other_without_gap(as_user, auditor, manager):
    for number in range(PAGE + 5):
        audit.record(manager.user, "export", detail={"n": number})
    client, url = as_user(auditor), reverse("audit")
    first = client.get(url, {"person": "0931"})
    second = client.get(url + first.context["next_url"])
    told = [item["row"].detail["n"] for page in (first, second) for item in page.context["acts"]]
    assert told == list(range(PAGE + 4, -1, -1))
    assert client.get(url, {"after": "rubbish"}).status_code == 200


@pytest.mark.django_db
def test_who_can_see_is_what_the_scope_says(
    as_user, manager, colleague, supervisor, outsider, back_office, admin_user, auditor, customer, region
):
    make_user("0201", role="supervisor", branch=region, name="杜衡")
    left = make_user("0202", role="supervisor", branch=region, name="离任")
    type(left).objects.filter(pk=left.pk).update(is_active=False)
    told = {reader.user.pk for reader in readers_of(customer)}
    users = [user for user in type(left).objects.all() if customer in Customer.objects.visible_to(user)]
    assert told == {user.pk for user in users}
    answer = as_user(manager.user).get(reverse("customers:who_sees", args=[customer.public_id]))
    assert answer.status_code == 200
    assert "杜衡" in answer.content.decode()
