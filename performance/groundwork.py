"""What several sources stand on: who is held on the last day, what is known of him, who was reached.

Each is a SELECT in the WITH list of performance.sources; `{which}` narrows it to one manager's customers.
"""

from customers.choices import Outcome
from performance.layouts import ROLLUP


def local_day(column: str) -> str:
    """The bank's day of a moment."""
    return f"({column} AT TIME ZONE 'Asia/Shanghai')::date"


# Received from somebody else within the days of grace: the receiver does not answer for him yet.
RECEIVED = """
    SELECT a.id FROM customers_assignment AS a
    WHERE lower(a.during) BETWEEN %(as_of)s - %(grace)s + 1 AND %(as_of)s
        AND EXISTS (
            SELECT FROM customers_assignment AS p
            WHERE p.customer_id = a.customer_id AND p.manager_id <> a.manager_id
                AND lower(p.during) < lower(a.during)
        )
        AND NOT EXISTS (
            SELECT FROM customers_assignment AS p
            WHERE p.customer_id = a.customer_id AND p.manager_id = a.manager_id
                AND upper(p.during) = lower(a.during)
        )
"""
FIELD = """
    SELECT *, 1::bigint << (row_number() OVER (ORDER BY id) - 1)::int AS bit FROM customers_profilefield
"""
# What is filled, as bits of the fields in the order of their ids (at most 63); on its last day a fact holds.
KNOWN = """
    SELECT a.customer_id, max(a.verified_on) FILTER (WHERE a.verified_on <= %(as_of)s) AS verified_on,
        bit_or(q.bit) FILTER (WHERE a.expires_on IS NULL OR a.expires_on >= %(as_of)s) AS bits
    FROM customers_profilefact AS a JOIN field AS q ON q.id = a.field_id
    WHERE a.noted_on <= %(as_of)s AND {which}
    GROUP BY a.customer_id
"""
CONTACTED = f"""
    SELECT a.customer_id, max({local_day("a.happened_at")}) AS last_on
    FROM customers_interaction AS a
    WHERE a.manager_id IS NOT NULL AND a.outcome <> '{Outcome.NO_ANSWER}'
        AND a.happened_at >= (%(as_of)s - %(cycle_3_days)s)::timestamp AT TIME ZONE 'Asia/Shanghai'
        AND a.happened_at < %(upto)s::timestamp AT TIME ZONE 'Asia/Shanghai' AND {{which}}
    GROUP BY a.customer_id
"""
# Only who is large enough for a shorter cycle: the others' size decides nothing.
SIZED_BY_NIGHT = f"""
    SELECT customer_id, size FROM (
        SELECT customer_id, greatest({ROLLUP.sql("deposit", "state")}, {ROLLUP.sql("loan", "state")}) AS size
        FROM performance_rollup WHERE night_id = %(night)s
    ) AS r WHERE size >= least(%(cycle_1_fen)s, %(cycle_2_fen)s)
"""
SIZED_BY_LEDGER = """
    SELECT a.customer_id, greatest(sum(a.deposit_delta), sum(a.loan_delta)) AS size
    FROM customers_dailybalance AS a WHERE a.date <= %(as_of)s AND {which} GROUP BY a.customer_id
"""
# Customers on the last day with what is known of them. (Without the range operator: for the whole bank one
# pass is cheaper than an index look-up per customer.)
HELD = """
    SELECT a.manager_id, a.customer_id, a.share, c.kind = 'person' AS is_person, c.aml_level, c.since,
        coalesce(k.bits, 0) AS bits, k.verified_on, i.document_expires_on, z.size, t.last_on
    FROM customers_assignment AS a
    JOIN customers_customer AS c ON c.id = a.customer_id
    LEFT JOIN known AS k ON k.customer_id = a.customer_id
    LEFT JOIN sized AS z ON z.customer_id = a.customer_id
    LEFT JOIN contacted AS t ON t.customer_id = a.customer_id
    LEFT JOIN customers_customeridentity AS i ON i.customer_id = a.customer_id
    WHERE lower(a.during) <= %(as_of)s AND (upper_inf(a.during) OR upper(a.during) > %(as_of)s)
        AND (c.closed_on IS NULL OR c.closed_on > %(as_of)s)
        AND a.id NOT IN (SELECT id FROM received) AND {which}
"""
# The weight of every combination of fields that occurs: far fewer than customers.
WEIGHED = """
    SELECT m.bits, coalesce(sum(q.weight) FILTER (WHERE q.for_persons), 0) AS persons,
        coalesce(sum(q.weight) FILTER (WHERE q.for_organisations), 0) AS organisations
    FROM (SELECT DISTINCT bits FROM held) AS m LEFT JOIN field AS q ON m.bits & q.bit <> 0
    GROUP BY m.bits
"""
OF_MANAGER = """a.customer_id IN (
        SELECT customer_id FROM customers_assignment
        WHERE manager_id = %(manager)s AND during && daterange(%(start)s, %(upto)s)
    )"""


def common(*, whole_bank: bool) -> str:
    """Return the WITH list that the sources stand on: for every manager, or for `manager` alone."""
    which = "true" if whole_bank else OF_MANAGER
    tables = {
        "received": RECEIVED,
        "field": FIELD,
        "known": KNOWN.format(which=which),
        "sized": SIZED_BY_NIGHT if whole_bank else SIZED_BY_LEDGER.format(which=which),
        "contacted": CONTACTED.format(which=which),
        "held": HELD.format(which="true" if whole_bank else "a.manager_id = %(manager)s"),
        "weighed": WEIGHED,
    }
    return "WITH " + ", ".join(f"{name} AS ({sql})" for name, sql in tables.items())
