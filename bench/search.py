"""Search over a million customers: milliseconds of the slowest way to look, for each reader.

`make bench ONLY=search`; BENCH_CUSTOMERS makes it smaller. Names are constructed: 2,800 of persons, each borne
by some 350 in a million, as common ones are; companies by town, brand, trade and form. Each reader asks for
every way through Django's test client, the list under the box and the whole page.
"""

import os
import statistics
import sys
import time
from itertools import product

from django.db import connection
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from crm.secrets.keys import keyed_hashes
from customers.models import Publication
from customers.names import initials, sound

CUSTOMERS = int(os.environ.get("BENCH_CUSTOMERS", "1000000"))
LIMIT_MS = 50
ROUNDS = 7
SURNAMES, MIDDLE, LAST = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许",
    "云川远山青禾思齐明月知行清和",
    "雨泽然舟屿安宁澜溪棠",
)
TOWNS, FORMS = ("浙江", "江州", "临海", "安宁", "清河"), ("有限公司", "股份有限公司", "合伙企业")
TRADES = ("科技", "商贸", "建设", "医药", "物流", "食品", "纺织", "电子")
WORDS = {
    "whole name": "沈知安",
    "two characters": "知安",
    "one surname": "沈",
    "company by its brand": "云澜科技",
    "the commonest ending": "有限公司",
    "another character, same sound": "沈之安",
    "initials": "sza",
    "pinyin": "shenzhian",
    "pinyin with a slip": "shenzhain",
    "one character wrong": "浙江云南科技有限公司",
    "customer number": "C000123",
    "mobile's last four": "5678",
    "company code": "91330000MA27XXXX0Q",
    "nothing there": "欧阳锋",
}
PERSONS = """UPDATE customers_customer AS c SET name = n.name, initials = n.initials, sound = n.sound
    FROM unnest(%s::text[], %s::text[], %s::text[]) WITH ORDINALITY AS n (name, initials, sound, place)
    WHERE c.kind {kind} AND n.place = 1 + (hashint8extended(c.id, 5) & 1048575) %% %s"""
TAILS = """UPDATE customers_customeridentity AS i SET mobile_tail_hash = t.hash
    FROM unnest(%s::bytea[]) WITH ORDINALITY AS t (hash, place)
    WHERE t.place = 1 + (hashint8extended(i.customer_id, 7) & 1048575) %% 10000"""


def run() -> list[dict]:
    """Return the slowest way's median of each reader, in milliseconds of the whole request (limit 50)."""
    from bench import book

    book.CUSTOMERS = CUSTOMERS
    users = book._people()
    _fill(book, timezone.localdate())
    worst, every, floor = {}, {}, []
    with override_settings(ROOT_URLCONF="bench.book"):
        for reader, user in users.items():
            client = Client()
            client.force_login(user)
            floor.append(_median_ms(client, "/bench/floor/"))
            every[reader] = {
                f"{way}, {where}": _median_ms(client, f"{reverse(f'customers:{where}')}?q={words}")
                for way, words in WORDS.items()
                for where in ("search_quick", "search")
            }
            way = max(every[reader], key=every[reader].get)
            worst[reader] = {"way": way, "ms": every[reader][way]}
    return [
        {
            "name": "search",
            "value": max(one["ms"] for one in worst.values()),
            "limit": LIMIT_MS,
            "ratio_of": "milliseconds: the slowest way to search, median, the whole request, the worst reader",
            "customers": CUSTOMERS,
            "floor_ms": statistics.median(floor),
            "worst": worst,
            "by_reader": every,
        }
    ]


def _fill(book, as_of) -> None:
    """Customers, identities and a night by My book's SQL, then names, sounds and tails."""
    began = time.perf_counter()
    values = book._values(as_of)
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TABLE customers_standing_n{book.NIGHT} PARTITION OF customers_standing "
            f"FOR VALUES IN ({book.NIGHT})"
        )
        for statement in book.STATEMENTS[:3]:
            cursor.execute(statement, values)
    name_them()
    night = {"business_date": as_of, "night_id": book.NIGHT, "published_at": timezone.now()}
    Publication.objects.create(**night)
    print(f"search: {CUSTOMERS:,} customers made in {time.perf_counter() - began:.0f} s", file=sys.stderr)


def name_them() -> None:
    """Give the constructed customers names as a bank has them, their sounds, and tails of mobiles."""
    persons = ["".join(parts) for parts in product(SURNAMES, MIDDLE, LAST)]
    companies = ["".join(parts) for parts in product(TOWNS, MIDDLE, LAST, TRADES, FORMS)]
    with connection.cursor() as cursor:
        _triggers(cursor, "DISABLE")  # no history of making them up
        for names, is_person in ((persons, True), (companies, False)):
            told = [names, *([f(n, is_person=is_person) for n in names] for f in (initials, sound))]
            kind = "= 'person'" if is_person else "<> 'person'"
            cursor.execute(PERSONS.format(kind=kind), [*told, len(names)])
        cursor.execute(TAILS, [keyed_hashes("mobile-tail", [f"{n:04}" for n in range(10_000)])])
        _triggers(cursor, "ENABLE")
        cursor.execute("VACUUM ANALYZE")


def _triggers(cursor, do: str) -> None:
    for table in ("customers_customer", "customers_customeridentity"):
        cursor.execute(f"ALTER TABLE {table} {do} TRIGGER USER")


def _median_ms(client, address) -> float:
    times = []
    for _round in range(ROUNDS):
        began = time.perf_counter()
        response = client.get(address)
        times.append(time.perf_counter() - began)
        if response.status_code != 200:
            raise RuntimeError(f"{address} answered {response.status_code}")
    return round(statistics.median(times) * 1000, 1)
