"""What of the feed is encrypted on its way in: the customers' identities and the accounts' numbers.

Staging tables hold the plain values and go with the load's transaction; what is built here for the tables
holds envelopes and hashes only.
"""

from collections.abc import Callable, Iterable

from crm.feed.records import STAGING
from crm.secrets import keyed_hash
from crm.secrets.fields import last_four
from customers.formats import normal_document, normal_mobile
from customers.sealing import sealed_account, sealed_identity

_BATCH = 5000
_STAGED = (
    f"SELECT row_no, document, document_number FROM {STAGING}.customers WHERE document_number IS NOT NULL"
)
_IDENTITIES = f"""SELECT c.id, i.wrapped_key, s.document_number, s.mobile, s.address,
        i.document_number, i.mobile, i.address
    FROM {STAGING}.customers AS s JOIN customers_customer AS c ON c.number = s.number
    LEFT JOIN customers_customeridentity AS i ON i.customer_id = c.id
    WHERE i.erased_on IS NULL"""
_MISSING = f"""INSERT INTO customers_customeridentity (customer_id)
    SELECT DISTINCT customer_id FROM {STAGING}.fresh_accounts AS f
    WHERE NOT EXISTS (SELECT FROM customers_customeridentity AS i WHERE i.customer_id = f.customer_id)"""
_ACCOUNTS = f"""SELECT f.customer_id, i.wrapped_key, i.erased_on, f.public_id, f.number, f.hash
    FROM {STAGING}.fresh_accounts AS f
    JOIN customers_customeridentity AS i ON i.customer_id = f.customer_id ORDER BY f.customer_id"""
_KEYS = f"""UPDATE customers_customeridentity AS i SET wrapped_key = k.wrapped_key
    FROM {STAGING}.fresh_keys AS k WHERE i.customer_id = k.customer_id AND i.wrapped_key IS NULL"""


def stage_identities(connection) -> None:
    """Put the keyed hash of every document of the folder into staging: rules and uniqueness look at it."""
    connection.execute(
        f"CREATE UNLOGGED TABLE {STAGING}.identities (row_no bigint, document text, document_hash bytea)"
    )

    def hashed(rows):
        for row, document, number in rows:
            yield row, document, keyed_hash("document", normal_document(number))

    with connection.transaction():
        _streamed(connection, _STAGED, f"{STAGING}.identities", hashed)
    connection.execute(f"ANALYZE {STAGING}.identities")


def seal_identities(connection) -> None:
    """Encrypt the identities of the customers just entered; the erased ones stay empty."""
    connection.execute(
        f"""CREATE UNLOGGED TABLE {STAGING}.sealed_identities (customer_id bigint, wrapped_key bytea,
        document_number bytea, document_hash bytea, mobile bytea, mobile_hash bytea, address bytea,
        mobile_tail_hash bytea)"""
    )

    def sealed(rows):
        for customer, wrapped, document, mobile, address, *held in rows:
            texts = document and normal_document(document), mobile and normal_mobile(mobile), address
            tail = texts[1] and keyed_hash("mobile-tail", texts[1][-4:])
            yield (*sealed_identity(customer, wrapped, texts, held), tail or None)

    _streamed(connection, _IDENTITIES, f"{STAGING}.sealed_identities", sealed)
    connection.execute(f"ANALYZE {STAGING}.sealed_identities")


def seal_accounts(connection) -> None:
    """Encrypt the numbers of the accounts that are new; the customer without a key gets one.

    An erased customer has none and gets none: his account keeps its hash and loses its number.
    """
    connection.execute(_MISSING)
    connection.execute(
        f"""CREATE UNLOGGED TABLE {STAGING}.sealed_accounts (hash bytea, public_id uuid, number bytea,
            last_four text);
        CREATE UNLOGGED TABLE {STAGING}.fresh_keys (customer_id bigint, wrapped_key bytea)"""
    )
    made: dict[int, bytes] = {}

    def sealed(rows):
        for customer, wrapped, erased_on, public_id, number, digest in rows:
            if erased_on:
                yield digest, public_id, None, ""
                continue
            known = wrapped or made.get(customer)
            key, envelope = sealed_account(customer, known, public_id, number)
            if known is None:
                made[customer] = key
            yield digest, public_id, envelope, last_four(number)

    _streamed(connection, _ACCOUNTS, f"{STAGING}.sealed_accounts", sealed)
    with connection.cursor() as cursor, cursor.copy(f"COPY {STAGING}.fresh_keys FROM STDIN") as copy:
        for row in made.items():
            copy.write_row(row)
    connection.execute(_KEYS)
    connection.execute(f"ANALYZE {STAGING}.sealed_accounts")


def _streamed(connection, query: str, table: str, made: Callable[[Iterable[tuple]], Iterable[tuple]]) -> None:
    """Bring what `made` makes of a query's rows into a table, in batches. Runs inside a transaction."""
    with connection.cursor(name="feed_secrets", binary=True) as rows, connection.cursor() as into:
        rows.itersize = _BATCH
        rows.execute(query)
        while batch := rows.fetchmany(_BATCH):
            with into.copy(f"COPY {table} FROM STDIN") as copy:
                for row in made(batch):
                    copy.write_row(row)
