"""A bank from before encryption is encrypted as it stands: filled tables, a kill in the middle, batches."""

from importlib import import_module

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tests.security.personal import ADDRESS

BEFORE, AFTER = ("customers", "0003_record_history"), ("customers", "0007_no_trace")
BATCH = 20
PLAIN = ("plain_document_number", "plain_mobile", "plain_address", "plain_number")
sealing = import_module("customers.migrations.0005_seal_values")


@pytest.fixture
def old_bank(django_db_setup, django_db_blocker, monkeypatch):
    """A database of its own whose tables are as they were before encryption; Django's connection is to it."""
    monkeypatch.setattr(sealing, "BATCH", BATCH)
    with django_db_blocker.unblock():
        kept, name = connection.settings_dict["NAME"], f"{connection.settings_dict['NAME']}_old"
        connection.close()
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
            cursor.execute(f'CREATE DATABASE "{name}"')
        connection.settings_dict["NAME"] = name
        try:
            yield migrated(BEFORE)
        finally:
            connection.close()
            connection.settings_dict["NAME"] = kept
            with connection._nodb_cursor() as cursor:
                cursor.execute(f'DROP DATABASE "{name}"')


def migrated(target):
    """Migrate to `target`; return the models as they are there."""
    executor = MigrationExecutor(connection)
    return executor.migrate([target]).apps


def fill(apps, count):
    """`count` people with an account each; every fifth has no identity row, some values are empty."""
    model = apps.get_model
    branch = model("managers", "Branch").objects.create(
        code="HQ", name="总行", kind="head_office", path="HQ/"
    )
    product = model("customers", "Product").objects.create(
        code="D01", name="活期", family=1, rate_e5=250, ftp_e5=1650
    )
    for n in range(count):
        customer = model("customers", "Customer").objects.create(
            number=f"C{n:08d}",
            name=f"客户{n}",
            kind="person",
            branch=branch,
            branch_path="HQ/",
            since="2020-01-01",
        )
        model("customers", "Account").objects.create(
            number=account_of(n), customer=customer, product=product, branch=branch, opened_on="2020-01-01"
        )
        if n % 5:
            model("customers", "CustomerIdentity").objects.create(
                customer=customer,
                document="resident_id" if n % 3 else None,
                document_number=f"{document_of(n)[:6]} {document_of(n)[6:]}" if n % 3 else None,
                mobile=f"+86 {mobile_of(n)}" if n % 4 else None,
                address=f"{ADDRESS}{n}",
            )


def document_of(n):
    return f"99999919000101{n:03d}X"


def mobile_of(n):
    return f"1380000{n:04d}"


def account_of(n):
    return f"62000000{n:08d}"


def scalar(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()[0]


def test_filled_tables_are_encrypted_killed_in_the_middle_or_not(old_bank, monkeypatch):
    fill(old_bank, 103)
    whole, calls = sealing.sealed_account, []

    def dies(*args):
        calls.append(args)
        if len(calls) == 3 * BATCH + 7:
            raise KeyboardInterrupt
        return whole(*args)

    monkeypatch.setattr(sealing, "sealed_account", dies)
    with pytest.raises(KeyboardInterrupt):
        migrated(AFTER)
    monkeypatch.setattr(sealing, "sealed_account", whole)
    # whole batches stayed, the broken one is as it was; nothing that was sealed is sealed again
    sealed = "SELECT string_agg(number::text, '' ORDER BY id) FROM customers_account WHERE id <= %s"
    last = scalar("SELECT max(id) FROM customers_account WHERE number_hash IS NOT NULL")
    assert scalar("SELECT count(*) FROM customers_account WHERE number_hash IS NOT NULL") == 3 * BATCH
    before = scalar(sealed, last)

    with connection.execute_wrapper(in_batches):
        apps = migrated(AFTER)
    assert scalar(sealed, last) == before
    assert_values_are_there(apps)
    assert_nothing_plain_is_left()


def in_batches(execute, statement, values, many, context):
    """However large the bank, one batch is all that Python holds of it."""
    assert not many or len(values) <= BATCH
    answer = execute(statement, values, many, context)
    if context["cursor"].description is not None:
        assert context["cursor"].rowcount <= BATCH or "customers_" not in statement
    return answer


def assert_values_are_there(apps):
    people = apps.get_model("customers", "Customer").objects.select_related("identity").order_by("number")
    accounts = apps.get_model("customers", "Account").objects
    for n, customer in enumerate(people):
        held = customer.identity
        assert (held.document_number, held.mobile, held.address) == (
            document_of(n) if n % 5 and n % 3 else None,
            mobile_of(n) if n % 5 and n % 4 else None,
            f"{ADDRESS}{n}" if n % 5 else None,
        )
        account = accounts.select_related("customer__identity").get(number_hash=account_of(n))
        assert (account.customer_id, account.number, account.last_four) == (
            customer.pk,
            account_of(n),
            account_of(n)[-4:],
        )
    identities = apps.get_model("customers", "CustomerIdentity").objects
    assert identities.get(document_hash=document_of(1)).customer.number == "C00000001"
    assert identities.get(mobile_hash=mobile_of(1)).customer.number == "C00000001"


def assert_nothing_plain_is_left():
    assert not scalar(
        "SELECT count(*) FROM information_schema.columns WHERE column_name = ANY(%s)", list(PLAIN)
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        tables = [name for (name,) in cursor.fetchall()]
    for table in tables:
        for canary in (document_of(1), mobile_of(1), ADDRESS, account_of(1)):
            assert not scalar(f'SELECT count(*) FROM "{table}" AS t WHERE t::text LIKE %s', f"%{canary}%"), (
                table
            )
