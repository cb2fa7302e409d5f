"""The records of a night: per customer what the seven P need beside the ledger, gathered in one pass by SQL.

`performance_records_n<night>r<run>` is the night's own and is dropped when the night is published. It is
sorted by shard, so that a scoring step reads one stretch of it.
"""

from datetime import date, timedelta

from django.db import connection

from customers.choices import AUM_FAMILIES, CONTACT_CHANNELS, Family
from customers.models import ProfileField
from performance import rules, tables

MATURING_DAYS, COMPLAINT_DAYS, CONTACT_DAYS = 30, 90, 30
FIELDS = 63  # bits of a bigint
COUNT_BITS = 7
CHANNELS = tuple(int(channel) for channel in CONTACT_CHANNELS)
AUM = ", ".join(str(int(family)) for family in AUM_FAMILIES)


def months_before(day: date, months: int) -> date:
    """The same day so many months earlier, or that month's 28th."""
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, min(day.day, 28))


def invited_since(as_of: date) -> date:
    """The first day whose invitations count."""
    return months_before(as_of, rules.seven_p()["promotion"]["months"])


def profile_fields(as_of: date) -> list[dict]:
    """The fields in the order of the bitmask: heaviest first."""
    return [
        {
            "id": field.pk,
            "code": field.code,
            "weight": field.weight,
            "for_persons": field.for_persons,
            "for_organisations": field.for_organisations,
            "not_before": str(months_before(as_of, field.valid_months) if field.valid_months else date.min),
        }
        for field in ProfileField.objects.order_by("-weight", "code")[:FIELDS]
    ]


def name_of(night) -> str:
    return tables.of_night("performance_records", night)


def changed_name(night) -> str:
    """The table of customers whose tier or lifecycle the night finds other than their record says."""
    return tables.of_night("performance_changed", night)


def write_records(night) -> int:
    """Write the records of `night` anew; return the rows. The caller holds the transaction."""
    as_of = night.business_date
    drop_records(night)
    with connection.cursor() as cursor:
        # the whole bank in one pass: memory for its hashes, and no look-ups one by one
        cursor.execute("SET LOCAL work_mem = '256MB'")
        cursor.execute("SET LOCAL enable_nestloop = off")
        cursor.execute(_query(night, profile_fields(as_of), invited_since(as_of)))
        rows = cursor.rowcount
        cursor.execute("SET LOCAL enable_nestloop = DEFAULT")
        cursor.execute("SET LOCAL work_mem = DEFAULT")
        cursor.execute(f"CREATE INDEX ON {name_of(night)} (shard)")
        cursor.execute(
            f"CREATE UNLOGGED TABLE {changed_name(night)} "
            "(customer_id bigint NOT NULL, tier varchar NOT NULL, lifecycle varchar NOT NULL)"
        )
    return rows


def apply_changes(night) -> int:
    """Bring tier and lifecycle on the records to what the night found; return how many customers changed."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE customers_customer AS c SET tier = n.tier, lifecycle = n.lifecycle "
            f"FROM {changed_name(night)} AS n WHERE c.id = n.customer_id"
        )
        return cursor.rowcount


def drop_records(night) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {name_of(night)}, {changed_name(night)}")


def shard_query(night, shard: int) -> str:
    """The rows of one shard, one per customer."""
    return f"SELECT * FROM {name_of(night)} WHERE shard = {shard}"


def _query(night, fields: list[dict], invited_since: date) -> str:
    as_of = night.business_date
    # eight counts in one integer, seven bits for each channel: nobody is invited 128 times in 24 months
    place = f"(1::bigint << (channel - {CHANNELS[0]}) * {COUNT_BITS})"
    return f"""
        CREATE UNLOGGED TABLE {name_of(night)} AS
        WITH account AS MATERIALIZED ({_accounts(as_of)}),
        holding AS (
            SELECT customer_id, array_agg(product_id) AS held, count(*) AS accounts,
                count(*) FILTER (WHERE family = {int(Family.LOAN)}) AS loans,
                isum(matures_fen) FILTER (WHERE ahead AND matures_on <= '{as_of + timedelta(MATURING_DAYS)}')
                    AS maturing_fen
            FROM account GROUP BY customer_id
        ),
        maturity AS (
            SELECT DISTINCT ON (customer_id) customer_id, matures_on, matures_fen FROM (
                SELECT customer_id, matures_on, sum(matures_fen)::bigint AS matures_fen
                FROM account WHERE ahead GROUP BY customer_id, matures_on
            ) AS days ORDER BY customer_id, matures_on
        ),
        invitation AS (
            SELECT customer_id, isum({place}) AS invited,
                isum({place}) FILTER (WHERE responded_on <= '{as_of}') AS responded
            FROM marketing_invitation
            WHERE arm = 'treatment' AND channel BETWEEN {CHANNELS[0]} AND {CHANNELS[-1]}
                AND invited_on BETWEEN '{invited_since}' AND '{as_of}'
            GROUP BY customer_id
        )
        SELECT customer_shard(c.id) % {night.shards} AS shard, c.id AS customer_id,
            c.kind = 'person' AS is_person, c.since,
            right(c.risk, 1)::smallint AS risk, c.marketing_consent AND c.profiling_consent AS consent,
            c.tier::text AS tier, c.lifecycle::text AS lifecycle, coalesce(f.filled, 0) AS filled,
            coalesce(x.n, 0) AS complaints_90, coalesce(t.n, 0) AS contacts_30,
            coalesce(o.overdue_days, 0) AS overdue_days,
            coalesce(i.invited, 0) AS invited, coalesce(i.responded, 0) AS responded,
            coalesce(h.held, '{{}}') AS held, coalesce(h.accounts, 0) AS accounts,
            coalesce(h.loans, 0) AS loans, coalesce(h.maturing_fen, 0) AS maturing_fen,
            m.matures_on AS next_maturity_on, m.matures_fen AS next_maturity_fen
        FROM customers_customer AS c
        LEFT JOIN ({_facts(as_of, fields)}) AS f ON f.customer_id = c.id
        LEFT JOIN ({_complaints(as_of)}) AS x ON x.customer_id = c.id
        LEFT JOIN ({_contacts(as_of)}) AS t ON t.customer_id = c.id
        LEFT JOIN ({_overdue(as_of)}) AS o ON o.customer_id = c.id
        LEFT JOIN invitation AS i ON i.customer_id = c.id
        LEFT JOIN holding AS h ON h.customer_id = c.id
        LEFT JOIN maturity AS m ON m.customer_id = c.id
        WHERE c.since <= '{as_of}'
        ORDER BY shard, c.id
    """


def _accounts(as_of: date) -> str:
    """Open accounts; what matures is the principal, unknown where the feed gave none."""
    ahead = f"(a.matures_on > '{as_of}' AND p.family IN ({AUM}))"
    return (
        f"SELECT a.customer_id, a.product_id, p.family, a.matures_on, {ahead} AS ahead, "
        f"CASE WHEN {ahead} AND a.principal_fen > 0 THEN a.principal_fen END AS matures_fen "
        "FROM customers_account AS a JOIN customers_product AS p ON p.id = a.product_id "
        f"WHERE a.opened_on <= '{as_of}' AND (a.closed_on IS NULL OR a.closed_on > '{as_of}')"
    )


def _facts(as_of: date, fields: list[dict]) -> str:
    """The bits of the profile fields that are filled and still valid on `as_of`."""
    kept = [
        f"({field['id']}, {position}, '{field['not_before']}'::date)"
        for position, field in enumerate(fields[:FIELDS])
    ] or ["(0, 0, '0001-01-01'::date)"]
    return (
        "SELECT f.customer_id, bit_or(1::bigint << v.position) AS filled FROM customers_profilefact AS f "
        f"JOIN (VALUES {', '.join(kept)}) AS v (id, position, not_before) ON v.id = f.field_id "
        f"WHERE f.noted_on <= '{as_of}' AND (f.expires_on IS NULL OR f.expires_on >= '{as_of}') "
        "AND coalesce(f.verified_on, f.noted_on) >= v.not_before GROUP BY f.customer_id"
    )


def _complaints(as_of: date) -> str:
    return (
        "SELECT customer_id, count(*) AS n FROM service_complaint "
        f"WHERE received_on > '{as_of - timedelta(COMPLAINT_DAYS)}' AND received_on <= '{as_of}' "
        "GROUP BY customer_id"
    )


def _contacts(as_of: date) -> str:
    """Contacts of the last 30 days, days as Shanghai counts them."""
    first = f"'{as_of - timedelta(CONTACT_DAYS - 1)} 00:00 Asia/Shanghai'::timestamptz"
    end = f"'{as_of + timedelta(1)} 00:00 Asia/Shanghai'::timestamptz"
    return (
        "SELECT customer_id, count(*) AS n FROM customers_interaction "
        f"WHERE happened_at >= {first} AND happened_at < {end} GROUP BY customer_id"
    )


def _overdue(as_of: date) -> str:
    """The largest number of days overdue among each borrower's open loans."""
    return (
        "SELECT a.customer_id, max(s.overdue_days) AS overdue_days FROM customers_account AS a "
        "JOIN customers_product AS p ON p.id = a.product_id CROSS JOIN LATERAL (SELECT overdue_days "
        f"FROM customers_loanstate AS l WHERE l.account_id = a.id AND l.date <= '{as_of}' "
        f"ORDER BY l.date DESC LIMIT 1) AS s WHERE p.family = {int(Family.LOAN)} "
        f"AND (a.closed_on IS NULL OR a.closed_on > '{as_of}') GROUP BY a.customer_id"
    )
