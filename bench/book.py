"""My book and the customer's page at 200,000 customers, against a bare list view in the same run.

`make bench ONLY=book`; BENCH_CUSTOMERS makes it smaller. Every page goes through Django's test client: the
whole stack with session, user, middleware and templates. The floor is the same stack with one
`SELECT … LIMIT 50` and a plain table of twelve columns. Readers are a manager, the supervisors of a
sub-branch and of a branch, and head office; sorts are all four, first page and the pages behind it.
"""

import html
import os
import re
import statistics
import sys
import time
from datetime import date, timedelta
from functools import cache

from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.template import engines
from django.test import Client, override_settings
from django.urls import path, reverse
from django.utils import timezone

from crm.partitions import ensure_months
from crm.urls import urlpatterns as crm_urls
from customers.choices import Family
from customers.models import Customer, Product, Publication
from managers.choices import BranchKind, Grade, Line, Role
from managers.models import Branch, Manager, User

CUSTOMERS = int(os.environ.get("BENCH_CUSTOMERS", "200000"))
BOOK_SIZE = 250
ROUNDS = 15
SORTS = ("next", "value", "silence", "risk")
NIGHT = 1
NEXT = re.compile(r'rel="next" href="([^"]+)"')
LIMITS = {"book": 3, "customer": 8, "book-wall": 1.3}
WALL = "crm.wall.middleware.RowScope"


def run() -> list[dict]:
    """Return three ratios of medians: My book to the floor (limit 3), the customer's page to the floor (8), My
    book with row-level security to the same pages without (1.3)."""
    as_of = timezone.localdate()
    started = time.perf_counter()
    users = _people()
    _fill(as_of)
    print(f"book: {CUSTOMERS:,} customers made in {time.perf_counter() - started:.0f} s", file=sys.stderr)
    with override_settings(ROOT_URLCONF="bench.book"):
        clients = {name: _signed_in(user) for name, user in users.items()}
        pages = {name: _book_addresses(client) for name, client in clients.items()}
        people = _addresses_of_customers(users["manager"])
        bare = {name: _without_wall(user) for name, user in users.items()}
        # interleaved, so that whatever else the machine does weighs on all alike
        floor, book, detail = [], {name: [] for name in clients}, []
        unwalled = {name: [] for name in clients}
        for turn in range(ROUNDS):
            floor += [_seconds(client, "/bench/floor/") for client in clients.values()]
            for name, client in clients.items():
                for address in pages[name]:
                    book[name].append(_seconds(client, address))
                    unwalled[name].append(_seconds(bare[name], address))
            detail += [_seconds(clients["manager"], people[(4 * turn + n) % len(people)]) for n in range(4)]
    base = statistics.median(floor)
    every = [seconds for times in book.values() for seconds in times]
    shared = {"customers": CUSTOMERS, "floor_ms": _ms(base)}
    return [
        {
            "name": "book",
            "value": round(statistics.median(every) / base, 2),
            "limit": LIMITS["book"],
            "ratio_of": "median of My book to a bare SELECT … LIMIT 50 view with session and user",
            "book_ms": {name: _ms(statistics.median(times)) for name, times in book.items()},
            "slowest_ms": {name: _slowest(pages[name], times) for name, times in book.items()},
            **shared,
        },
        {
            "name": "book-wall",
            "value": round(max(_wall_ratios(book, unwalled).values()), 2),
            "limit": LIMITS["book-wall"],
            "ratio_of": "My book with row security to the same pages without, the worst reader's median",
            "by_reader": _wall_ratios(book, unwalled),
            "without_ms": {name: _ms(statistics.median(times)) for name, times in unwalled.items()},
            **shared,
        },
        {
            "name": "customer",
            "value": round(statistics.median(detail) / base, 2),
            "limit": LIMITS["customer"],
            "ratio_of": "median of the customer's page to the same bare SELECT … LIMIT 50 view",
            "customer_ms": _ms(statistics.median(detail)),
            **shared,
        },
    ]


def floor(request):
    """The floor: session and user by the middleware, one SELECT … LIMIT 50, a plain table of its columns."""
    rows = Customer.objects.defer("name_bigrams")[:50]
    return HttpResponse(_floor_page().render({"rows": rows, "user": request.user}, request))


@cache
def _floor_page():
    """Twelve columns like the list's, compiled once like any template."""
    columns = (
        *("number", "name", "kind", "tier", "lifecycle", "since"),
        *("risk", "aml_level", "born_on", "last_contact_on", "next_date", "public_id"),
    )
    cells = "".join(f"<td>{{{{ row.{column} }}}}</td>" for column in columns)
    return engines["django"].from_string(
        "<!doctype html><title>floor</title><p>{{ user.name }}</p>"
        f"<table>{{% for row in rows %}}<tr>{cells}</tr>{{% endfor %}}</table>"
    )


urlpatterns = [path("bench/floor/", floor), *crm_urls]


def _people() -> dict[str, User]:
    """A tree of 1 + 4 + 40 units, one manager for 250 customers; return the four readers."""
    root = Branch.objects.create(code="HQ", name="总行", kind=BranchKind.HEAD_OFFICE)
    units = [
        Branch.objects.create(code=f"T{n}", name=f"分行{n}", kind=BranchKind.TIER1, parent=root)
        for n in range(4)
    ]
    outlets = [
        Branch.objects.create(code=f"S{n:02}", name=f"支行{n}", kind=BranchKind.SUB, parent=units[n % 4])
        for n in range(40)
    ]
    teams = max(CUSTOMERS // BOOK_SIZE, 1)
    staff = User.objects.bulk_create(
        User(username=f"M{n:06}", password="!", name=f"经理{n}", role=Role.MANAGER, branch=outlets[n % 40])
        for n in range(teams)
    )
    Manager.objects.bulk_create(
        Manager(
            user=user,
            branch=user.branch,
            line=Line.RETAIL,
            grade=Grade.JUNIOR,
            capacity=BOOK_SIZE,
            in_post=(date(2020, 1, 1), None),
        )
        for user in staff
    )
    readers = {
        "sub-branch": (Role.SUPERVISOR, outlets[0]),
        "branch": (Role.SUPERVISOR, units[0]),
        "head office": (Role.ADMIN, root),
    }
    return {"manager": staff[0]} | {
        name: User.objects.create(username=name, password="!", name=name, role=role, branch=branch)
        for name, (role, branch) in readers.items()
    }


def _fill(as_of):
    """Customers with their last night, tasks, contacts and holdings, by SQL; every figure follows from i."""
    products = [
        Product.objects.create(code=code, name=code, family=family)
        for code, family in (("CA", Family.CURRENT), ("TD", Family.TIME_DEPOSIT), ("WM", Family.WEALTH))
    ]
    values = {
        "customers": CUSTOMERS,
        "as_of": as_of,
        "night": NIGHT,
        "teams": max(CUSTOMERS // BOOK_SIZE, 1),
        "first_manager": Manager.objects.order_by("id").first().pk,
        "products": [product.pk for product in products],
        "families": [product.family for product in products],
    }
    ensure_months("customers_dailybalance", as_of - timedelta(days=430), as_of)
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TABLE customers_standing_n{NIGHT} PARTITION OF customers_standing "
            f"FOR VALUES IN ({NIGHT})"
        )
        for statement in STATEMENTS:
            cursor.execute(statement, values)
        cursor.execute("VACUUM ANALYZE")
    Publication.objects.create(
        business_date=as_of - timedelta(days=1), night_id=NIGHT, published_at=timezone.now()
    )


STATEMENTS = (
    # one in 20 has a co-manager; one in 10 a next date, most were seen within half a year
    """
    INSERT INTO customers_customer (id, public_id, number, kind, name, initials, branch_id, branch_path,
        lead_id, co_id, tier, lifecycle, risk_tested_on, aml_level, marketing_consent, profiling_consent,
        since,
        last_contact_on, next_date)
    SELECT i, gen_random_uuid(), 'C' || lpad(i::text, 9, '0'),
        CASE WHEN i %% 9 = 0 THEN 'company' ELSE 'person' END,
        substr('赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许', 1 + i %% 20, 1)
            || substr('云川远山青禾思齐明月知行清和', 1 + i * 7 %% 14, 1)
            || substr('雨泽然舟屿安宁澜溪棠', 1 + i * 3 %% 10, 1),
        substr('zqslzwzwfccwjshyzqyx', 1 + i %% 20, 1) || chr(97 + i * 7 %% 26) || chr(97 + i * 3 %% 26),
        b.id, b.path, m.id, CASE WHEN i %% 20 = 0 THEN %(first_manager)s + (i + 1) %% %(teams)s END,
        (ARRAY['basic', 'basic', 'basic', 'gold', 'gold', 'platinum', 'diamond', 'private'])[1 + (h.x & 7)],
        (ARRAY['new', 'growing', 'mature', 'mature', 'declining'])[1 + i %% 5],
        %(as_of)s::date - (i * 31 %% 400), 'low', true, true, date '2015-01-01' + (i * 37 %% 3500),
        CASE WHEN i %% 50 > 0 THEN %(as_of)s::date - ((h.x >> 8 & 1023) %% 190)::int END,
        CASE WHEN (h.x >> 20 & 1023) < 102 THEN %(as_of)s::date + ((h.x >> 32 & 1023) %% 90)::int - 5 END
    FROM generate_series(1, %(customers)s) AS i
    CROSS JOIN LATERAL (SELECT hashint8extended(i, 11) AS x) AS h
    JOIN managers_manager AS m ON m.id = %(first_manager)s + i %% %(teams)s
    JOIN managers_branch AS b ON b.id = m.branch_id
    """,
    """
    INSERT INTO customers_customeridentity (customer_id, document, document_expires_on)
    SELECT id, 'resident_id', %(as_of)s::date + (id * 11 %% 3000)::int
    FROM customers_customer
    """,
    """
    INSERT INTO customers_standing (night_id, customer_id, aum_fen, deposit_fen, loan_fen, eva_fen,
        next_maturity_fen, next_maturity_on, aum_change_bp, churn_bp, overdue_days, completeness_pct, loyalty,
        tier, months)
    SELECT %(night)s, id, aum, aum / 2, CASE WHEN id %% 6 = 0 THEN aum / 3 ELSE 0 END, aum / 170, aum / 4,
        CASE WHEN id %% 3 = 0 THEN %(as_of)s::date + (id * 7 %% 365)::int END,
        (id * 29 %% 3000)::int - 1500, CASE WHEN id %% 97 > 0 THEN (id * 7919 %% 4500)::int END,
        CASE WHEN id %% 70 = 0 THEN 5 ELSE 0 END, 80, 70, tier,
        (SELECT string_agg(int8send(aum * (90 + (id * k %% 20)) / 100), '') FROM generate_series(1, 13) AS k)
    FROM (SELECT id, tier, (hashint8extended(id, 3) & 8388607) * 1000 AS aum FROM customers_customer) AS c
    """,
    """
    INSERT INTO customers_task (public_id, customer_id, manager_id, kind, reason, value_fen, due_on, rank,
        state, created_on)
    SELECT gen_random_uuid(), id, lead_id, 'silent', '{"days": 96, "cycle_days": 90}', 100, %(as_of)s,
        id %% 999, 'open', %(as_of)s FROM customers_customer WHERE id %% 8 = 0
    """,
    """
    INSERT INTO customers_interaction (public_id, customer_id, manager_id, channel, purpose, outcome,
        happened_at, note, attendees, confidential, next_date, next_step, no_next_reason, feedback_accepted)
    SELECT gen_random_uuid(), id, lead_id, 2, 'maintenance', 'reached',
        %(as_of)s::timestamptz - k * interval '9 d', '问候', '', false,
        %(as_of)s::date - k * 9 + 7, '回访', '', false
    FROM customers_customer, generate_series(1, 4) AS k
    """,
    """
    INSERT INTO customers_account (id, public_id, number_hash, last_four, customer_id, product_id, branch_id,
        opened_on, matures_on, principal_fen)
    SELECT 3 * c.id + k, gen_random_uuid(), sha256(int8send(3 * c.id + k)), lpad(k::text, 4, '0'), c.id,
        (%(products)s::bigint[])[k + 1], c.branch_id, %(as_of)s::date - 420,
        CASE WHEN k = 1 THEN %(as_of)s::date + (c.id * 7 %% 365)::int END, 0
    FROM customers_customer AS c, generate_series(0, 2) AS k
    """,
    """
    INSERT INTO customers_dailybalance (customer_id, account_id, amount_fen, aum_delta, deposit_delta,
        loan_delta, nii_delta, el_delta, date, load_id, rate_e5, ftp_e5, pd_bp, lgd_pct, family)
    SELECT customer_id, 3 * customer_id + k, aum_fen / 3, 0, 0, 0, 0, 0,
        %(as_of)s::date - (customer_id * 5 %% 60)::int - back * 60, 1, 1550, 2250, 0, 0,
        (%(families)s::int[])[k + 1]
    FROM customers_standing, generate_series(0, 2) AS k, generate_series(0, 1) AS back
    """,
)


def _signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def _without_wall(user) -> Client:
    """A client whose requests keep the owner's role: no policy is asked, no transaction opened for it."""
    with override_settings(MIDDLEWARE=[name for name in settings.MIDDLEWARE if name != WALL]):
        client = _signed_in(user)
        client.get("/bench/floor/")  # the handler takes its middleware with the first request
    return client


def _wall_ratios(walled: dict, bare: dict) -> dict:
    return {
        name: round(statistics.median(times) / statistics.median(bare[name]), 2)
        for name, times in walled.items()
    }


def _book_addresses(client) -> list[str]:
    """For each sort the first page, the one behind it, and the one behind that."""
    found = []
    for sort in SORTS:
        address = f"{reverse('customers:book')}?sort={sort}"
        for _page in range(3):
            found.append(address)
            response = client.get(address)
            page = response.content.decode()
            if response.status_code != 200 or " data-row" not in page:
                raise RuntimeError(f"{address} answered {response.status_code} without rows")
            behind = NEXT.search(page)
            if not behind:
                break
            address = reverse("customers:book") + html.unescape(behind[1])
    return found


def _addresses_of_customers(user) -> list[str]:
    mine = Customer.objects.visible_to(user).values_list("public_id", flat=True)[:40]
    return [f"{reverse('customers:detail', args=[public_id])}?list=book" for public_id in mine]


def _seconds(client, address) -> float:
    started = time.perf_counter()
    response = client.get(address)
    taken = time.perf_counter() - started
    if response.status_code != 200:
        raise RuntimeError(f"{address} answered {response.status_code}")
    return taken


def _slowest(addresses, times) -> dict:
    """The slowest address by its own median, so that a mean figure hides nothing."""
    medians = [
        (statistics.median(times[place :: len(addresses)]), address.partition("&")[0])
        for place, address in enumerate(addresses)
    ]
    seconds, address = max(medians)
    return {"address": address, "ms": _ms(seconds)}


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
