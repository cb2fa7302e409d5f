"""Master keys rotate while the bank works; a kill in the middle loses nothing. Erasing destroys one key."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from datetime import date
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import translation

from crm.audit.models import AuditRecord
from crm.secrets import Erased, keyring
from crm.secrets.cipher import master_of
from crm.secrets.keys import Keyring, write
from customers.models import Account, CustomerIdentity
from customers.services.rotation import masters_in_use
from tests.factories import make_account, make_branch, make_customer, make_product

MOBILE = "13800001234"


@pytest.fixture
def keys(tmp_path, settings):
    """A key file of this test's own."""
    settings.SECRET_KEYS_FILE = str(tmp_path / "keys.json")
    write(Keyring.new(), tmp_path / "keys.json")
    yield tmp_path / "keys.json"
    keyring.cache_clear()


def people(count):
    branch = make_branch("HQ")
    for n in range(count):
        row = make_customer(f"客户{n}", branch=branch).identity
        row.mobile = MOBILE
        row.save()


def rotated(*options):
    out = StringIO()
    call_command("rotate_keys", *options, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_the_key_file_is_proved_by_opening(keys):
    people(3)
    out = StringIO()
    call_command("check_keys", stdout=out)
    assert "3 values of 3 customers opened" in out.getvalue()
    right = keyring()
    write(replace(right, search=os.urandom(32)), keys)
    with pytest.raises(CommandError, match="search key of the key file is another one"):
        call_command("check_keys")
    write(replace(right, masters={name: os.urandom(32) for name in right.masters}), keys)
    with pytest.raises(CommandError):
        call_command("check_keys")
    write(replace(right, masters={"k9": os.urandom(32)}, current="k9"), keys)
    with pytest.raises(CommandError, match="The key file lacks k1"):
        call_command("check_keys")


@pytest.mark.django_db
def test_every_key_moves_to_the_new_master_and_the_old_one_retires(keys):
    people(5)
    before = bytes(CustomerIdentity.objects.first().__dict__["mobile"])
    assert "wrapped by k2 (5 of 5" in rotated("--new", "--batch", "2")
    assert masters_in_use() == {"k2"}
    assert {row.mobile for row in CustomerIdentity.objects.all()} == {MOBILE}
    assert bytes(CustomerIdentity.objects.first().__dict__["mobile"]) == before  # values stay as they are
    assert "(0 of 5" in rotated("--retire")
    assert set(Keyring.parsed(keys.read_text(), "").masters) == {"k2"}
    assert oct(keys.stat().st_mode & 0o777) == "0o600"
    assert {row.mobile for row in CustomerIdentity.objects.all()} == {MOBILE}


@pytest.mark.django_db(transaction=True)
def test_a_rotation_killed_in_the_middle_goes_on(keys):
    people(300)
    environment = os.environ | {"SECRET_KEYS_FILE": str(keys)}
    environment["DATABASE_URL"] = (
        f"postgresql://{connection.settings_dict['USER']}@/{connection.settings_dict['NAME']}"
        f"?host={connection.settings_dict['HOST']}"
    )
    command = [sys.executable, "-u", "manage.py", "rotate_keys", "--new", "--batch", "1"]
    with subprocess.Popen(
        command, cwd=settings.BASE_DIR, env=environment, stdout=subprocess.PIPE, text=True
    ) as running:
        for line in running.stdout:
            if line.startswith("20 of"):
                running.send_signal(signal.SIGKILL)
                break
    keyring.cache_clear()
    assert masters_in_use() == {"k1", "k2"}
    assert {row.mobile for row in CustomerIdentity.objects.all()} == {MOBILE}  # both masters open
    rotated()
    assert masters_in_use() == {"k2"}
    assert {row.mobile for row in CustomerIdentity.objects.all()} == {MOBILE}


@pytest.mark.django_db
def test_a_master_that_another_process_made_is_read_anew(keys):
    people(1)
    old = keyring()
    keys.write_text(old.with_new_master().text())
    keyring.cache_clear()
    rotated()
    assert master_of(CustomerIdentity.objects.get().wrapped_key) == "k2"
    CustomerIdentity.objects.get()
    assert CustomerIdentity.objects.get().mobile == MOBILE


@pytest.mark.django_db(transaction=True)
def test_erasing_needs_ten_years_and_leaves_nothing_readable(keys, branch):
    left = make_customer("沈知远", branch=branch, since=date(2000, 1, 1), closed_on=date(2012, 2, 29))
    identity = left.identity
    identity.mobile = MOBILE
    identity.save()
    account = make_account(left, make_product(), opened_on=date(2001, 1, 1), closed_on=date(2012, 2, 29))
    envelope, wrapped = identity.__class__.objects.get().__dict__["mobile"], identity.wrapped_key
    recent = make_customer("陆怀瑜", branch=branch, closed_on=date(2024, 1, 1))
    for customer, options, said in (
        (recent, (), "for 10 years"),
        (make_customer("白屿", branch=branch), (), "still a customer"),
        (left, ("--hold",), "legal hold"),
    ):
        with translation.override("en"), pytest.raises(CommandError, match=said):
            call_command("erase_customer", customer.number, "--reason", "PIPL 47", "--yes", *options)
    call_command("erase_customer", left.number, "--reason", "PIPL 47")
    assert CustomerIdentity.objects.get(pk=left.pk).mobile == MOBILE
    call_command("erase_customer", left.number, "--reason", "PIPL 47", "--yes")
    left.refresh_from_db()
    gone = CustomerIdentity.objects.get(pk=left.pk)
    assert (left.name, gone.mobile, gone.wrapped_key, gone.mobile_hash) == ("—", None, None, None)
    assert Account.objects.get(pk=account.pk).number is None
    with connection.cursor() as cursor:  # the history may keep the envelope, nowhere the key
        for table in ("customers_customeridentity", "customers_customeridentityhistory"):
            cursor.execute(f"SELECT count(*) FROM {table} AS t WHERE t::text LIKE %s", [f"%{wrapped.hex()}%"])
            assert cursor.fetchone()[0] == 0
    gone.__dict__["mobile"] = envelope
    with pytest.raises(Erased):
        _ = gone.mobile
    assert AuditRecord.objects.filter(act="erase", customer_number=left.number).count() == 1
