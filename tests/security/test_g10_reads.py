"""G10: the row of a read, a reveal or an export is committed before the value is sent."""

import psycopg
import pytest
from django.db import connection, transaction
from django.test import RequestFactory

from crm import audit
from crm.audit.models import AuditRecord
from crm.audit.recording import UnknownAct


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
