"""Class C2 fields are encrypted in their tables, bound to their rows, and found by a keyed hash alone."""

from datetime import date

import pytest
from django.core.exceptions import FieldError
from django.db import IntegrityError, connection, transaction

from crm.secrets import Erased, SecretError, keyed_hash
from crm.secrets.cipher import DataKey, place
from crm.secrets.fields import Sealed
from crm.secrets.keys import Keyring
from customers.models import Account, CustomerIdentity
from customers.selectors.search import matching
from tests.factories import make_account, make_customer, make_product
from tests.security.personal import ACCOUNT, ADDRESS, DOCUMENT, MOBILE, give_identity

pytestmark = pytest.mark.django_db


@pytest.fixture
def identity(customer):
    give_identity(customer)
    return CustomerIdentity.objects.get(pk=customer.pk)


def stored(table, column, key, value):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table} WHERE {key} = %s", [value])
        return bytes(cursor.fetchone()[0])


def test_values_come_back_and_the_table_holds_envelopes(identity):
    assert (identity.document_number, identity.mobile, identity.address) == (DOCUMENT, MOBILE, ADDRESS)
    for column, text in (("document_number", DOCUMENT), ("mobile", MOBILE), ("address", ADDRESS)):
        held = stored("customers_customeridentity", column, "customer_id", identity.pk)
        assert text.encode() not in held
        assert len(held) == 1 + 12 + len(text.encode()) + 16


def test_no_plain_value_is_left_in_any_table(identity, customer):
    account = make_account(customer, make_product())
    canaries = (DOCUMENT, MOBILE, ADDRESS, account.number)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
        for (table,) in cursor.fetchall():
            for canary in canaries:
                cursor.execute(f'SELECT count(*) FROM "{table}" AS t WHERE t::text LIKE %s', [f"%{canary}%"])
                assert (table, cursor.fetchone()[0]) == (table, 0)


def test_an_unchanged_value_keeps_its_envelope(identity):
    before = stored("customers_customeridentity", "mobile", "customer_id", identity.pk)
    identity.document_expires_on = date(2030, 1, 1)
    identity.save()
    assert stored("customers_customeridentity", "mobile", "customer_id", identity.pk) == before


def test_an_envelope_moved_to_another_row_or_column_does_not_open(identity, branch):
    other = make_customer("他人", branch=branch).identity
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE customers_customeridentity AS o SET mobile = i.mobile, wrapped_key = i.wrapped_key "
            "FROM customers_customeridentity AS i WHERE o.customer_id = %s AND i.customer_id = %s",
            [other.pk, identity.pk],
        )
        cursor.execute(
            "UPDATE customers_customeridentity SET address = mobile WHERE customer_id = %s", [identity.pk]
        )
    with pytest.raises(SecretError, match="does not open"):
        _ = CustomerIdentity.objects.get(pk=other.pk).mobile
    with pytest.raises(SecretError, match="does not open"):
        _ = CustomerIdentity.objects.get(pk=identity.pk).address


def test_an_altered_envelope_does_not_open():
    key, at = DataKey.new(), place("t", "c", 1)
    sealed = bytearray(key.seal(MOBILE, at))
    for byte in range(1, len(sealed)):
        sealed[byte] ^= 1
        with pytest.raises(SecretError) as caught:
            key.opened(bytes(sealed), at)
        assert MOBILE not in str(caught.value)
        sealed[byte] ^= 1
    assert key.opened(bytes(sealed), at) == MOBILE


def test_lookups_by_the_value_are_refused_without_naming_it(identity):
    for refused in (
        lambda: CustomerIdentity.objects.filter(mobile=MOBILE).exists(),
        lambda: CustomerIdentity.objects.update(mobile=MOBILE),
        lambda: CustomerIdentity.objects.filter(mobile__startswith="138").exists(),
    ):
        with pytest.raises(FieldError) as caught:
            refused()
        assert MOBILE not in str(caught.value)


def test_found_by_the_whole_number_only(identity, customer):
    account = make_account(customer, make_product(), number=ACCOUNT)
    assert Account.objects.get(number_hash=ACCOUNT) == account
    people = type(customer).objects
    for words in (DOCUMENT, MOBILE, f"+86 {MOBILE}", "999999 19000101 0014", ACCOUNT):
        assert list(people.filter(matching(words))) == [customer]
    for words in (DOCUMENT[:-1], MOBILE[:-1], ACCOUNT[:-1]):
        assert list(people.filter(matching(words))) == []


def test_a_document_belongs_to_one_customer(identity, branch):
    other = make_customer("他人", branch=branch).identity
    other.document, other.document_number = "resident_id", DOCUMENT
    with pytest.raises(IntegrityError), transaction.atomic():
        other.save()


def test_hashes_differ_by_kind_and_by_key(monkeypatch):
    assert keyed_hash("mobile", MOBILE) != keyed_hash("account", MOBILE)
    before = keyed_hash("mobile", MOBILE)
    ring = Keyring.new()
    monkeypatch.setattr("crm.secrets.keys.keyring", lambda: ring)
    assert keyed_hash("mobile", MOBILE) != before


def test_nothing_tells_the_value_by_its_repr(identity, customer):
    account = Account.objects.get(pk=make_account(customer, make_product()).pk)
    said = f"{identity!r} {identity} {account!r} {account} {vars(identity)} {vars(account)} {Keyring.new()!r}"
    assert not [text for text in (DOCUMENT, MOBILE, ADDRESS, account.number) if text in said]
    assert repr(Sealed(b"123")) == "<encrypted, 3 bytes>"


def test_an_erased_customer_cannot_be_read_or_written(identity, customer):
    account = make_account(customer, make_product())
    CustomerIdentity.objects.filter(pk=identity.pk).update(
        wrapped_key=None,
        erased_on=date(2026, 6, 30),
        document_number=None,
        document_hash=None,
        mobile=None,
        mobile_hash=None,
        mobile_tail_hash=None,
        address=None,
    )
    with pytest.raises(Erased):
        _ = Account.objects.get(pk=account.pk).number
    fresh = CustomerIdentity.objects.get(pk=identity.pk)
    fresh.mobile = MOBILE
    with pytest.raises(Erased):
        fresh.save()


def test_a_damaged_key_file_is_refused_by_name():
    for text in ("", "{}", '{"current": "k1", "masters": {"k1": "AAAA"}, "search": "AAAA"}', "[1]"):
        with pytest.raises(SecretError, match=r"keys\.json is"):
            Keyring.parsed(text, "keys.json")
    ring = Keyring.new()
    assert Keyring.parsed(ring.text(), "keys.json") == ring
