"""Personal data that nobody has: the canaries of the tests of masks, encryption and reveals."""

import base64
import json
import re
from urllib.parse import quote

import redis
from django.conf import settings
from django.db import connection

DOCUMENT = "999999190001010014"
MOBILE = "13800001234"
ADDRESS = "江南省青禾市城东区人民路一百二十八号"
ACCOUNT = "6200000000000013"


def give_identity(customer):
    """Give a customer a document, a mobile and an address; return his identity."""
    row = customer.identity
    row.document, row.document_number, row.mobile, row.address = "resident_id", DOCUMENT, MOBILE, ADDRESS
    row.save()
    return row


# --- looking for them afterwards ---
NAME, EMAIL = "欧阳金丝雀", "canary.person@bank.example"
CANARIES = {
    "name": NAME,
    "document": DOCUMENT,
    "mobile": MOBILE,
    "account": ACCOUNT,
    "address": "人民路一百二十八号",
    "mail": EMAIL,
}


def traces(text: str, *, but: tuple[str, ...] = ()) -> set[str]:
    """The kinds of canaries in `text`, in whatever way texts are written into logs, URLs and messages."""
    found = set()
    for kind, canary in CANARIES.items():
        ways = {
            canary,
            quote(canary),
            json.dumps(canary).strip('"'),
            canary.encode("unicode_escape").decode(),
        }
        ways |= {canary.encode().hex(), base64.b64encode(canary.encode()).decode().rstrip("=")[:-2]}
        if kind not in but and any(way.lower() in text.lower() for way in ways):
            found.add(kind)
    return found


def traces_in_tables(but: dict[str, tuple[str, ...]]) -> dict[str, set[str]]:
    """Table → kinds of canaries in its rows; `but`: what a table is there to hold."""
    found = {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND pg_relation_size(oid) > 0 "
            "AND relnamespace::regnamespace::text NOT LIKE 'pg_%' AND relnamespace::regnamespace::text <> "
            "'information_schema'"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT string_agg(t::text, ' ') FROM {table} AS t")
            if hits := traces(cursor.fetchone()[0] or "", but=but.get(table, ())):
                found[table] = hits
    return found


def everything_in_redis() -> str:
    """Every key and value of this test's broker and cache, and what Celery's messages hold in base64."""
    parts, client = [], redis.from_url(settings.REDIS_URL)
    read = {
        b"string": client.get,
        b"list": lambda key: client.lrange(key, 0, -1),
        b"hash": client.hgetall,
        b"set": client.smembers,
        b"zset": lambda key: client.zrange(key, 0, -1),
    }
    for key in client.scan_iter():
        parts += [repr(key), repr(read[client.type(key)](key))]
    text = " ".join(parts)
    return text + " ".join(
        repr(base64.b64decode(body)) for body in re.findall(r'"body": ?"([A-Za-z0-9+/=]+)"', text)
    )
