"""G7, end to end: a page approves, the broker carries it, a real worker does it, once, whatever is killed."""

import os
import signal
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from crm.approvals.models import Approval, Execution, State
from crm.approvals.tasks import execute_approval
from crm.celery import app
from crm.export.tasks import tidy_forms_and_files
from customers.approvals import ask_backdated_assignment
from customers.models import Assignment, Customer
from tests.bank import worker
from tests.performance.night_bank import wait_for, worker_is_idle

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def asked(customer, colleague, manager):
    app.control.purge()
    today = timezone.localdate()
    return ask_backdated_assignment(
        customer,
        manager=colleague,
        from_date=today - timedelta(days=9),
        maker=manager.user,
        reason="wrongly assigned",
        as_of=today,
    )


def state_of(approval):
    return Approval.objects.get(pk=approval.pk).state


def waits_for_a_lock():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # else the transaction sees what it saw first
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() "
            "AND wait_event_type = 'Lock')"
        )
        return cursor.fetchone()[0]


def test_what_a_page_approves_a_worker_does_once(
    asked, as_user, supervisor, customer, colleague, manager, tmp_path
):
    page = as_user(supervisor).post(
        reverse("approvals:decide", args=[asked.public_id]), {"answer": "approve"}
    )
    assert page.status_code == 303
    assert (state_of(asked), Assignment.objects.count()) == (State.APPROVED, 1)  # a page does nothing itself

    with worker(tmp_path / "killed.log") as process, transaction.atomic():
        Customer.objects.select_for_update().get(pk=customer.pk)  # the worker stops amid its work here
        wait_for(waits_for_a_lock)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(20)
    assert (state_of(asked), Execution.objects.count(), Assignment.objects.count()) == (State.APPROVED, 0, 1)

    for _again in range(5):  # the message comes again and again, and so does the tidying
        execute_approval.delay(asked.pk)
    tidy_forms_and_files.delay()
    with worker(tmp_path / "next.log"):
        wait_for(lambda: state_of(asked) == State.DONE)
        wait_for(worker_is_idle)
    assert (Execution.objects.count(), Assignment.objects.count()) == (1, 2)
    assert Customer.objects.get(pk=customer.pk).lead == colleague
    execute_approval(asked.pk)
    assert (state_of(asked), Execution.objects.count(), Assignment.objects.count()) == (State.DONE, 1, 2)
