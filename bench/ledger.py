"""A constructed ledger made by SQL inside the database: any size in minutes, the same rows every time.

Nothing here is random: every figure follows from the customer's number and the day. Tests use it small.
"""

from datetime import date, timedelta

from django.db import connection

from crm.feed.models import FeedLoad, FeedState
from crm.partitions import ensure_months
from customers.choices import Family
from managers.choices import Grade, Line, Role
from managers.models import Manager, User

# code, family, risk, margin (fen), rate, ftp, for organisations
PRODUCTS = (
    ("CUR", Family.CURRENT, None, 6000, 250, 1650, True),
    ("TD1", Family.TIME_DEPOSIT, None, 12000, 1550, 2250, True),
    ("WM1", Family.WEALTH, "R2", 40000, 0, 0, True),
    ("WM2", Family.WEALTH, "R3", 60000, 0, 0, False),
    ("FD1", Family.FUND, "R4", 38000, 0, 0, False),
    ("IN1", Family.INSURANCE, "R2", 50000, 0, 0, False),
    ("BD1", Family.BOND, "R1", 9000, 0, 0, True),
    ("LN1", Family.LOAN, None, 90000, 4200, 2400, True),
)
FIELDS = (
    ("mobile", 20, 24),
    ("address", 15, None),
    ("employer", 25, 12),
    ("income", 30, 12),
    ("email", 10, None),
)

CUSTOMERS = """
INSERT INTO customers_customer (id, public_id, number, kind, name, initials, branch_id, branch_path, tier,
    lifecycle, risk, aml_level, marketing_consent, profiling_consent, since, lead_id, last_contact_on)
SELECT i, gen_random_uuid(), 'C' || lpad(i::text, 9, '0'),
    CASE WHEN i %% 9 = 0 THEN 'company' ELSE 'person' END,
    '客户' || i, 'kh', %(branch)s, %(path)s, 'basic', 'new',
    CASE WHEN i %% 9 > 0 AND i %% 13 > 0 THEN 'C' || (1 + i %% 5) END, 'low', i %% 7 > 0, i %% 31 > 0,
    %(first)s::date - (i * 37 %% 2500)::integer, (%(managers)s::bigint[])[1 + i %% %(teams)s],
    %(last)s::date - (i * 17 %% 100)::integer
FROM generate_series(1, %(customers)s) AS i
"""
ACCOUNTS = """
INSERT INTO customers_account (id, public_id, number_hash, last_four, customer_id, product_id, branch_id, opened_on,
    matures_on, principal_fen)
SELECT 4 * i + k, gen_random_uuid(), sha256(int8send(4 * i + k)), lpad(k::text, 4, '0'), i, p.id, %(branch)s,
    %(first)s::date - 1, CASE WHEN p.code = 'TD1' THEN %(last)s::date + (i * 11 %% 300)::integer END,
    CASE WHEN p.code = 'TD1' AND i %% 2 = 0 THEN (i * 7919 %% 400 + 1) * 100000 ELSE 0 END
FROM generate_series(1, %(customers)s) AS i
CROSS JOIN LATERAL (VALUES (0, 'CUR'),
    (1, (ARRAY['TD1', 'TD1', 'WM1', 'FD1', 'WM2', 'IN1', 'BD1'])[1 + i * 5 %% 7]),
    (2, CASE WHEN i %% 10 < 2 THEN 'LN1' END)) AS v (k, code)
JOIN customers_product AS p ON p.code = v.code
"""
# The amount of an account after its j-th change, in fen.
AMOUNT = "((hashint8extended(a.id, 7) & 262143) * (84 + (hashint8extended(a.id * 1000 + {j}, 5) & 31)))"
# Current accounts change every 15 days, others every 35, on days of their own; all begin on the first day.
BALANCES = f"""
INSERT INTO customers_dailybalance (customer_id, account_id, family, date, amount_fen, aum_delta, deposit_delta,
    loan_delta, nii_delta, el_delta, rate_e5, ftp_e5, pd_bp, lgd_pct, load_id)
SELECT customer_id, id, family, day, amount, change * (family <= 7)::integer, change * (family <= 2)::integer,
    change * (family = 8)::integer,
    change * CASE WHEN family = 8 THEN rate_e5 - ftp_e5
        WHEN family <= 2 THEN ftp_e5 - rate_e5 ELSE 0 END,
    change * CASE WHEN family = 8 THEN 120 * 40 ELSE 0 END,
    rate_e5, ftp_e5, CASE WHEN family = 8 THEN 120 ELSE 0 END, CASE WHEN family = 8 THEN 40 ELSE 0 END,
    %(load)s
FROM (
    SELECT a.customer_id, a.id, p.family, p.rate_e5, p.ftp_e5, {AMOUNT.format(j="j")} AS amount,
        {AMOUNT.format(j="j")} - CASE WHEN j = 0 THEN 0 ELSE {AMOUNT.format(j="(j - 1)")} END AS change,
        %(first)s::date
            + CASE WHEN j = 0 THEN 0 ELSE (j - 1) * step + 1 + (a.id * 11 %% step)::integer END AS day
    FROM customers_account AS a JOIN customers_product AS p ON p.id = a.product_id
    CROSS JOIN LATERAL (SELECT CASE a.id %% 4 WHEN 0 THEN 15 ELSE 35 END AS step) AS s
    CROSS JOIN LATERAL generate_series(0, 1 + (%(last)s::date - %(first)s::date) / step) AS g (j)
) AS changes
WHERE day BETWEEN %(after)s AND %(last)s ORDER BY day
"""
# Every customer posts on every fourth day, mostly his own doing; salaries, fees and sales now and then.
TRANSACTIONS = """
INSERT INTO customers_transaction (customer_id, account_id, branch_id, amount_fen, booked_on, load_id, kind,
    channel, family)
SELECT i, 4 * i + sold, %(branch)s,
    CASE WHEN kind = 53 THEN -1 WHEN kind IN (1, 3, 5, 50, 52) THEN 1 ELSE -1 END * (1 + (h & 65535)) * 10,
    %(first)s::date + n, %(load)s, kind, channel, CASE WHEN sold = 1 THEN family ELSE 1 END
FROM generate_series(%(after)s::date - %(first)s::date, %(last)s::date - %(first)s::date) AS n
CROSS JOIN LATERAL generate_series((n * 7) %% 4 + 1, %(customers)s, 4) AS i
CROSS JOIN LATERAL (SELECT hashint8extended(i * 1000::bigint + n, 3) AS h) AS hashed
CROSS JOIN LATERAL (SELECT CASE (h >> 20) & 31 WHEN 0 THEN 53
    WHEN 1 THEN CASE WHEN i %% 3 = 0 THEN 5 ELSE 7 END WHEN 3 THEN 50 WHEN 4 THEN 52
    ELSE (ARRAY[1, 2, 3, 4, 4, 7, 7, 9])[1 + ((h >> 25) & 7)] END AS kind,
    (ARRAY[5, 5, 5, 6, 8, 8, 9, 5])[1 + ((h >> 30) & 7)] AS channel) AS what
CROSS JOIN LATERAL (SELECT (kind = 5)::integer AS sold,
    (ARRAY[2, 2, 3, 4, 3, 5, 6])[1 + i * 5 %% 7] AS family) AS sale
"""
FACTS = """
INSERT INTO customers_profilefact (customer_id, field_id, value, source, noted_on, verified_on)
SELECT i, f.id, 'v', 'customer', %(last)s::date - ((i * 13 + f.id * 101) %% 900)::integer, NULL
FROM generate_series(1, %(customers)s) AS i CROSS JOIN customers_profilefield AS f WHERE (i + f.id) %% 4 > 0
"""
INTERACTIONS = """
INSERT INTO customers_interaction (customer_id, channel, purpose, outcome, happened_at, note, attendees,
    confidential, next_step, no_next_reason, feedback_accepted)
SELECT i, 2, 'maintenance', 'reached', (%(last)s::date - (i * 17 + k * 61)::integer %% 400)::timestamptz, '',
    '', false, '', '', false
FROM generate_series(1, %(customers)s) AS i CROSS JOIN generate_series(1, 4) AS k
"""
INVITATIONS = """
INSERT INTO marketing_invitation (campaign_id, customer_id, arm, channel, invited_on, responded_on, value_fen)
SELECT c.id, i, CASE WHEN i %% 5 > 0 THEN 'treatment' ELSE 'control' END,
    CASE WHEN i %% 5 > 0 THEN 2 + i %% 4 END,
    c.starts_on, CASE WHEN i %% 11 = 0 THEN c.starts_on + 3 END, 0
FROM generate_series(1, %(customers)s) AS i CROSS JOIN marketing_campaign AS c WHERE (i + c.id) %% 3 = 0
"""
LOAN_STATES = """
INSERT INTO customers_loanstate (account_id, customer_id, date, loan_class, overdue_days, overdue_fen,
    interest_due_fen, interest_received_fen)
SELECT a.id, a.customer_id, m::date, 'pass', CASE WHEN a.customer_id %% 200 = 0 THEN 12 ELSE 0 END, 0, 10000,
    10000
FROM customers_account AS a JOIN customers_product AS p ON p.id = a.product_id AND p.family = 8
CROSS JOIN generate_series(%(first)s::date, %(last)s::date, '1 month') AS m
"""


ASSIGNMENTS = """
ALTER TABLE customers_assignment DISABLE TRIGGER USER;
INSERT INTO customers_assignment (public_id, customer_id, manager_id, role, share, during, reason)
SELECT gen_random_uuid(), c.id, c.lead_id, 'lead', 1, daterange(c.since, NULL), '' FROM customers_customer AS c;
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE customers_assignment ENABLE TRIGGER USER;
"""
BOOK = 400  # customers of one manager


def _managers(count: int, branch) -> list[int]:
    users = User.objects.bulk_create(
        User(username=f"M{n:05d}", name=f"经理{n}", role=Role.MANAGER, branch=branch, password="!")
        for n in range(count)
    )
    managers = Manager.objects.bulk_create(
        Manager(
            user=user,
            branch=branch,
            line=Line.values[n % len(Line.values)],
            grade=Grade.INTERMEDIATE,
            capacity=BOOK,
            in_post=(date(1990, 1, 1), None),
        )
        for n, user in enumerate(users)
    )
    return [manager.pk for manager in managers]


def fill(customers: int, first: date, last: date, *, branch) -> None:
    """Fill an empty database with `customers` and their ledger of `first`..`last`, as one feed load."""
    facts = {"customers": customers, "first": first, "last": last, "branch": branch.pk, "path": branch.path}
    facts["managers"] = _managers(1 + customers // BOOK, branch)
    facts["teams"] = len(facts["managers"])
    with connection.cursor() as cursor:
        for code, family, risk, margin, rate, ftp, organisations in PRODUCTS:
            cursor.execute(
                "INSERT INTO customers_product (code, name, family, risk, on_sale, for_persons, "
                "for_organisations, margin_fen, rate_e5, ftp_e5) "
                "VALUES (%s, %s, %s, %s, true, true, %s, %s, %s, %s)",
                [code, code, int(family), risk, organisations, margin, rate, ftp],
            )
        for code, weight, months in FIELDS:
            cursor.execute(
                "INSERT INTO customers_profilefield (code, name, name_en, weight, for_persons, "
                "for_organisations, valid_months) VALUES (%s, %s, %s, %s, true, %s, %s)",
                [code, code, code, weight, code != "employer", months],
            )
        for number in range(3):
            starts = last - timedelta(40 * number + 20)
            cursor.execute(
                "INSERT INTO marketing_campaign (code, name, starts_on, ends_on, goal, script) "
                "VALUES (%s, %s, %s, %s, '', '')",
                [f"CP{number}", f"活动{number}", starts, starts + timedelta(30)],
            )
        for statement in (CUSTOMERS, ACCOUNTS, FACTS, INTERACTIONS, INVITATIONS, LOAN_STATES):
            cursor.execute(statement, facts)
        cursor.execute(ASSIGNMENTS)
        for table in ("customers_customer", "customers_account"):
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}")
    post(customers, first, first, last, branch=branch)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def post(customers: int, first: date, after: date, last: date, *, branch) -> FeedLoad:
    """Book the days `after`..`last` (both included) of the ledger that began on `first`."""
    load = FeedLoad.objects.create(
        business_date=last, since=after - timedelta(1), digest=f"{last}", state=FeedState.LOADED
    )
    ensure_months("customers_transaction", after, last)
    ensure_months("customers_dailybalance", after, last)
    facts = {"customers": customers, "first": first, "after": after, "last": last, "branch": branch.pk}
    with connection.cursor() as cursor:
        cursor.execute(BALANCES, facts | {"load": load.pk})
        cursor.execute(TRANSACTIONS, facts | {"load": load.pk})
    return load
