"""G9: every change has a line with an actor; nobody alters it; whatever is tampered with is named."""

from unittest.mock import ANY

import pytest
from django.apps import apps
from django.db import ProgrammingError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from crm.history import acting
from crm.history.models import Change, RecordHistory
from crm.history.tracking import rules
from crm.history.triggers import BULK, silent
from crm.history.words import HIDDEN
from crm.wall import roles
from customers.models import Customer
from managers.models import Course

pytestmark = pytest.mark.django_db


def journal():
    fields = ("source", "object_id", "label", "actor", "rows")
    return list(Change.objects.order_by("id").values_list(*fields))


def test_an_update_keeps_the_old_row_and_the_new_values(customer):
    Change.objects.all().delete()
    with acting("0931", "moved away"):
        customer.tier = "gold"
        customer.aml_level = "high"
        customer.save()
    (change,) = Change.objects.all()
    assert (change.source, change.label) == ("customers_customer", "update")
    assert change.object_id == str(customer.pk)
    assert (change.actor, change.customer_id) == ("0931", customer.pk)
    event = customer.history.get(pk=change.event_id)
    assert (event.tier, event.aml_level) == ("basic", "low")
    assert event.pgh_new == {"tier": "gold", "aml_level": "high"}
    told = dict(change.context.metadata)
    assert told.pop("database_user")
    assert told == {"actor": "0931", "reason": "moved away"}


def test_raw_sql_carries_the_databases_user(customer):
    Change.objects.all().delete()
    connection.connection.execute("UPDATE customers_customer SET tier = 'gold'")
    (change,) = Change.objects.all()
    assert change.actor.startswith("db:")
    assert change.context.metadata["transaction"]


def test_every_way_of_writing_carries_an_actor(as_user, admin_user, manager, customer, branch):
    Change.objects.all().delete()
    with acting("system:check"):
        Customer.objects.filter(pk=customer.pk).update(tier="gold")
        customer.tier = "private"
        Customer.objects.bulk_update([customer], ["tier"])
        Course.objects.bulk_create([Course(code="A", name="甲"), Course(code="B", name="乙")])
        Course.objects.filter(code="B").delete()
    assert journal() == [
        ("customers_customer", str(customer.pk), "update", "system:check", 1),
        ("customers_customer", str(customer.pk), "update", "system:check", 1),
        ("managers_course", ANY, "insert", "system:check", 1),
        ("managers_course", ANY, "insert", "system:check", 1),
        ("managers_course", ANY, "delete", "system:check", 1),
    ]


def test_a_contact_logged_on_the_page_carries_the_person_the_page_and_the_request(as_user, manager, customer):
    Change.objects.all().delete()
    answer = as_user(manager.user).post(
        reverse("customers:log_contact", args=[customer.public_id]),
        {"channel": "2", "purpose": "care", "outcome": "reached", "next_date": "2099-01-04", "note": "x"},
    )
    assert answer.status_code in {303, 422}
    if answer.status_code == 303:
        (change,) = Change.objects.filter(source="customers_interaction")
        assert (change.actor, change.label) == ("0931", "insert")
        assert change.context.metadata["page"] == "customers:log_contact"
        assert change.context.metadata["request"]


def test_a_bulk_insert_is_one_line_with_its_number_of_rows(customer):
    Change.objects.all().delete()
    with acting("feed:7", raw=True):
        connection.connection.execute(
            "INSERT INTO managers_course (code, name) SELECT 'K' || n, 'K' FROM generate_series(1, %s) AS n",
            [BULK + 1],
        )
    ((source, _range, label, actor, rows),) = journal()
    assert (source, label, actor, rows) == ("managers_course", "insert", "feed:7", BULK + 1)


def test_who_acts_is_forgotten_afterwards_and_nests(customer):
    Change.objects.all().delete()
    for raw in (False, True):
        with acting("outer", raw=raw):
            with acting("inner", "why", raw=raw):
                Customer.objects.filter(pk=customer.pk).update(aml_level="high")
            Customer.objects.filter(pk=customer.pk).update(aml_level="low")
        Customer.objects.filter(pk=customer.pk).update(aml_level="medium")
    actors = [actor for _source, _object, _label, actor, _rows in journal()]
    assert actors[:2] == actors[3:5] == ["inner", "outer"]
    assert actors[2].startswith("db:")
    assert actors[5].startswith("db:")


# Models without history, each with its reason; everything else has it.
WITHOUT = {
    "customers.loanstate": "a dated series that the feed adds to every day, like the ledger",
    "customers.transaction": "the ledger: only the feed adds rows, proved by the digest of its folder",
    "customers.dailybalance": "the ledger, as above",
    "customers.rebuild": "a work list of the night",
    "customers.reveal": "append-only: a count of what the audit records, row by row",
    "customers.revealgrant": "append-only, and recorded by the audit as an unlock",
    "customers.standing": "computed every night",
    "customers.publication": "the pointer to the published night, which stands in performance.night",
    "managers.calendarlink": "one address a person, made and revoked by himself, recorded by the audit",
    "customers.task": "written by the night in bulk; who did what about it stands in the contact",
    "performance.night": "the ledger of the nights itself",
    "performance.step": "the ledger of a night's steps",
    "performance.rollup": "computed every night",
    "performance.customeranalysis": "computed every night",
    "performance.fit": "computed every night",
}
APPS = {"managers", "customers", "service", "marketing", "performance"}


def test_every_model_has_history_or_a_reason_why_not():
    models = {
        model._meta.label_lower
        for model in apps.get_models()
        if model._meta.app_label in APPS
        and not issubclass(model, RecordHistory)
        and not model._meta.auto_created
    }
    assert models - set(rules()) - set(WITHOUT) == set()
    assert set(rules()) & set(WITHOUT) == set()
    assert set(WITHOUT) <= models


def test_every_trigger_stands_and_keeps_every_column():
    assert silent() == []
    with connection.cursor() as cursor:
        for rule in rules().values():
            cursor.execute(
                "SELECT prosrc, prosecdef FROM pg_proc WHERE proname = %s", [f"history_{rule.table}"]
            )
            ((source, as_owner),) = cursor.fetchall()
            assert as_owner
            assert [field.column for field in rule.fields if f'"{field.column}"' not in source] == []


def test_the_setting_that_silences_pgtrigger_silences_nothing(customer):
    Change.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL pgtrigger.ignore = '{customers_customer:history_update}'")
        cursor.execute("UPDATE customers_customer SET tier = 'gold'")
    assert len(journal()) == 1


HISTORY = ("crm_change", "crm_auditrecord", "crm_chainlink", "crm_chainseal", "pghistory_context",
           "customers_customerhistory")  # fmt: skip
ATTEMPTS = (
    "UPDATE {table} SET {column} = {column}",
    "DELETE FROM {table}",
    "TRUNCATE {table}",
    "ALTER TABLE {table} DISABLE TRIGGER ALL",
    "DROP TABLE {table}",
    "INSERT INTO {table} DEFAULT VALUES",
)


@pytest.mark.parametrize("role", roles.OF_PAGES)
@pytest.mark.parametrize("table", HISTORY)
def test_no_role_of_a_page_can_alter_history(role, table, customer):
    column = next(iter(connection.introspection.get_table_description(connection.cursor(), table))).name
    for attempt in ATTEMPTS:
        refused = pytest.raises(ProgrammingError, match=r"permission denied|must be owner")
        with refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL ROLE {role}")
            cursor.execute(attempt.format(table=table, column=column))


def test_what_changed_here_shows_old_and_new_and_hides_personal_data(as_user, manager, supervisor, customer):
    Change.objects.all().delete()
    with acting(supervisor, "tier review"):
        customer.tier = "gold"
        customer.name = "沈知远新"
        customer.save()
    answer = as_user(manager.user).get(reverse("changes", args=["customers.customer", customer.public_id]))
    (row,) = answer.context["changes"]
    assert [(field.label, field.old, field.new) for field in row["fields"]] == [
        (str(customer._meta.get_field("name").verbose_name).capitalize(), HIDDEN, HIDDEN),
        (str(customer._meta.get_field("tier").verbose_name).capitalize(), ANY, ANY),
    ]
    assert (row["who"], row["change"].reason) == (str(supervisor), "tier review")


def test_history_of_what_is_not_ones_own_is_not_there(as_user, manager, outsider, auditor, foreign_customer):
    foreign = reverse("changes", args=["customers.customer", foreign_customer.public_id])
    staff = reverse("changes", args=["managers.manager", outsider.public_id])
    broken = reverse("changes", args=["customers.customer", "x"])
    for url in (foreign, staff, broken, "/changes/auth.group/1/"):
        assert as_user(manager.user).get(url).status_code == 404
    assert as_user(auditor).get(foreign).status_code == 200
    assert as_user(auditor).get(staff).status_code == 200


@pytest.mark.parametrize("size", [1, 3])
def test_the_page_asks_the_same_number_of_queries(as_user, manager, customer, size):
    client = as_user(manager.user)
    url = reverse("changes", args=["customers.customer", customer.public_id])
    Change.objects.all().delete()
    for number in range(size):
        with acting(manager.user):
            Customer.objects.filter(pk=customer.pk).update(tier="gold" if number % 2 else "private")
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(url)
    assert len(answer.context["changes"]) == size
    assert sum("crm_change" in query["sql"] for query in queries) == 2
    assert sum("customers_customerhistory" in query["sql"] for query in queries) == 1
