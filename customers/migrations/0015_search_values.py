"""Give the customers a bank already holds what search looks for, in batches that commit: killed, it goes on."""

from django.db import connection, migrations, transaction

from crm.secrets.cipher import place
from crm.secrets.keys import keyed_hash, unwrap
from customers.choices import CustomerKind
from customers.names import sound

BATCH = 5000
IDENTITY = "customers_customeridentity"
NAMES = """SELECT id, name, kind FROM customers_customer WHERE id > %s AND sound = '' ORDER BY id LIMIT %s"""
SOUNDS = """UPDATE customers_customer AS c SET sound = v.sound
    FROM unnest(%s::bigint[], %s::text[]) AS v (id, sound) WHERE c.id = v.id"""
MOBILES = """SELECT customer_id, wrapped_key, mobile FROM customers_customeridentity
    WHERE customer_id > %s AND mobile IS NOT NULL AND mobile_tail_hash IS NULL AND erased_on IS NULL
    ORDER BY customer_id LIMIT %s"""
TAILS = """UPDATE customers_customeridentity AS i SET mobile_tail_hash = v.hash
    FROM unnest(%s::bigint[], %s::bytea[]) AS v (id, hash) WHERE i.customer_id = v.id"""


def fill(apps, schema_editor):
    _in_batches(NAMES, lambda pk, name, kind: sound(name, is_person=kind == CustomerKind.PERSON), SOUNDS)
    _in_batches(MOBILES, _tail, TAILS)


def _tail(customer, wrapped, envelope):
    key = unwrap(bytes(wrapped), place(IDENTITY, "wrapped_key", customer))
    mobile = key.opened(bytes(envelope), place(IDENTITY, "mobile", customer))
    return keyed_hash("mobile-tail", mobile[-4:])


def _in_batches(query, made, update):
    """Run `update` with the ids and what is `made` of each row of `query`, one batch a transaction."""
    last = 0
    with connection.cursor() as cursor:
        while True:
            cursor.execute(query, [last, BATCH])
            rows = cursor.fetchall()
            if not rows:
                return
            with transaction.atomic():
                cursor.execute(update, [[row[0] for row in rows], [made(*row) for row in rows]])
            last = rows[-1][0]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("customers", "0014_search_columns")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
