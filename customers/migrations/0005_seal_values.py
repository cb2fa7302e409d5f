"""Encrypt what a bank already holds, in batches that commit: killed, it goes on where it stood."""

from django.db import connection, migrations, transaction

from crm.secrets.fields import last_four
from crm.secrets.keys import keyed_hash
from customers.formats import normal_document, normal_mobile
from customers.sealing import sealed_account, sealed_identity

BATCH = 2000
MISSING = """INSERT INTO customers_customeridentity (customer_id)
    SELECT DISTINCT customer_id FROM customers_account AS a
    WHERE NOT EXISTS (SELECT FROM customers_customeridentity AS i WHERE i.customer_id = a.customer_id)"""
IDENTITIES = """SELECT customer_id, wrapped_key, plain_document_number, plain_mobile, plain_address
    FROM customers_customeridentity WHERE wrapped_key IS NULL ORDER BY customer_id LIMIT %s"""
SEAL_IDENTITY = """UPDATE customers_customeridentity SET wrapped_key = %s, document_number = %s,
    document_hash = %s, mobile = %s, mobile_hash = %s, address = %s WHERE customer_id = %s"""
ACCOUNTS = """SELECT a.id, a.customer_id, a.public_id, a.plain_number, i.wrapped_key
    FROM customers_account AS a JOIN customers_customeridentity AS i USING (customer_id)
    WHERE a.number_hash IS NULL ORDER BY a.id LIMIT %s"""
SEAL_ACCOUNT = "UPDATE customers_account SET number = %s, number_hash = %s, last_four = %s WHERE id = %s"


def seal(apps, schema_editor):
    with connection.cursor() as cursor:
        cursor.execute(MISSING)
        while _identities(cursor):
            pass
        while _accounts(cursor):
            pass


def _identities(cursor) -> bool:
    with transaction.atomic():
        cursor.execute(IDENTITIES, [BATCH])
        rows = cursor.fetchall()
        sealed = [
            sealed_identity(
                customer,
                None,
                (document and normal_document(document), mobile and normal_mobile(mobile), address),
                (None, None, None),
            )
            for customer, _key, document, mobile, address in rows
        ]
        cursor.executemany(SEAL_IDENTITY, [(*values, customer) for customer, *values in sealed])
    return bool(rows)


def _accounts(cursor) -> bool:
    with transaction.atomic():
        cursor.execute(ACCOUNTS, [BATCH])
        rows = cursor.fetchall()
        cursor.executemany(
            SEAL_ACCOUNT,
            [
                (
                    sealed_account(customer, bytes(key), public_id, number)[1],
                    keyed_hash("account", number),
                    last_four(number),
                    pk,
                )
                for pk, customer, public_id, number, key in rows
            ],
        )
    return bool(rows)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("customers", "0004_sealed_columns")]
    operations = [migrations.RunPython(seal, elidable=True)]
