"""The records of a night: what the seven P need of a customer beside the ledger, kept in his rollup.

A night reads anew whose records changed since the night before: the journal of history names them
(crm_change), loan states by their date, and of the rest `changes_on` is the day on which a record changes by
itself, as something opens, matures, expires or grows old. `held` are the products, each once, in order.

Imported inside tasks only (Polars).
"""

from datetime import date, timedelta

import polars as pl

from crm.history.triggers import silent
from customers.choices import AUM_FAMILIES, CONTACT_CHANNELS, Family
from customers.models import ProfileField
from performance import packing, rules, tables
from performance.database import read
from performance.layouts import NOTED, PERSON, RECORDS, ROLLUP
from performance.periods import months_before

MATURING_DAYS, COMPLAINT_DAYS, CONTACT_DAYS = 30, 90, 30
FIELDS = 63  # bits of a bigint
COUNT_BITS = 7
CHANNELS = tuple(int(channel) for channel in CONTACT_CHANNELS)
AUM = ", ".join(str(int(family)) for family in AUM_FAMILIES)
OF_CUSTOMER = (*RECORDS, *PERSON, *NOTED)
COLUMNS = ("customer_id", "held", *OF_CUSTOMER)
FEW = 10  # one in so many: fewer customers are looked up one by one, more by reading whole tables
# The tables behind a record, and those whose change may touch every record
PERSONAL = "customers_customer"
SOURCES = (
    "customers_account",
    "customers_profilefact",
    "customers_interaction",
    "service_complaint",
    "marketing_invitation",
)
COMMON = ("customers_product", "customers_profilefield")


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
            "months": field.valid_months,
            "not_before": str(months_before(as_of, field.valid_months) if field.valid_months else date.min),
        }
        for field in ProfileField.objects.order_by("-weight", "code")[:FIELDS]
    ]


def brought_up(arrow, night, shard: int, members: pl.DataFrame, before: pl.DataFrame | None) -> pl.DataFrame:
    """The records (COLUMNS) of `members` on the night's date, by customer.

    `before` are rollups of the night before, None where there is none: then everything is read.
    """
    changed = None if before is None else _changed(arrow, night, shard)
    if changed is None:
        return _records(arrow, night, tables.customers_of_shard(night, shard, "{}"))
    changed = changed.join(members, on="customer_id", how="semi")
    kept = before.select(COLUMNS)
    due = kept.filter(pl.col("changes_on") <= night.business_date)
    anew = pl.concat(
        [
            members.join(kept, on="customer_id", how="anti"),
            changed.filter(~pl.col("personal")).select("customer_id"),
            due.select("customer_id"),
        ]
    ).unique()
    persons = changed.join(anew, on="customer_id", how="anti")
    if len(anew) * FEW > len(members):
        read_anew = _records(arrow, night, tables.customers_of_shard(night, shard, "{}"))
        read_anew = read_anew.join(anew, on="customer_id", how="semi")
    else:
        read_anew = _records(arrow, night, among(anew["customer_id"]))
    kept = _personal(arrow, kept.join(anew, on="customer_id", how="anti"), persons["customer_id"])
    return pl.concat([kept, read_anew]).sort("customer_id")


def among(customers: pl.Series) -> str:
    """The condition, with a place for the column, that a customer is one of these."""
    return f"{{}} = ANY('{{{{{','.join(map(str, customers))}}}}}'::bigint[])"


def _changed(arrow, night, shard: int) -> pl.DataFrame | None:
    """Whose records changed since the night before was planned: customer_id, and whether only his own row.

    None where that cannot be told: another server, other rules, history switched off, or a change to what
    all records stand on.
    """
    system, _, since = night.previous.records_mark.partition(":")
    here = night.records_mark.partition(":")[0]
    if not since or system != here or night.previous.version != night.version or silent():
        return None
    sources, common = (
        ", ".join(f"'{name}'" for name in names) for names in ((PERSONAL, *SOURCES, *COMMON), COMMON)
    )
    of_shard = tables.customers_of_shard(night, shard, "customer_id")
    # of many rows that came at once the journal keeps one line, with the range of their keys
    ranges = " UNION ALL ".join(
        f"SELECT '{name}', t.{'id' if name == PERSONAL else 'customer_id'} FROM line JOIN {name} AS t "
        "ON t.id BETWEEN split_part(object_id, '..', 1)::bigint AND split_part(object_id, '..', 2)::bigint "
        f"WHERE line.source = '{name}' AND line.rows > 1"
        for name in (PERSONAL, *SOURCES)
    )
    found = read(
        arrow,
        "WITH line AS MATERIALIZED (SELECT source, customer_id, object_id, rows FROM crm_change "
        f"WHERE xact >= {since} AND source IN ({sources})), "
        "touched (source, customer_id) AS ("
        "SELECT source, customer_id FROM line WHERE customer_id IS NOT NULL "
        f"UNION ALL {ranges} UNION ALL SELECT 'customers_loanstate', customer_id FROM customers_loanstate "
        f"WHERE date > '{night.previous.business_date}' AND date <= '{night.business_date}') "
        f"SELECT customer_id, bool_and(source = '{PERSONAL}') AS personal FROM touched WHERE {of_shard} "
        "GROUP BY customer_id UNION ALL SELECT NULL, NULL FROM line WHERE source IN "
        f"({common})",
    )
    return None if found["customer_id"].has_nulls() else found


def _personal(arrow, kept: pl.DataFrame, customers: pl.Series) -> pl.DataFrame:
    """`kept` with what the customers' own rows say now, for these of them."""
    if not len(customers):
        return kept
    condition = among(customers).format("c.id")
    now = read(arrow, f"SELECT c.id AS customer_id, {_OWN} FROM customers_customer AS c WHERE {condition}")
    names = [*PERSON, *NOTED]
    theirs = kept.join(now.select("customer_id"), on="customer_id", how="semi").drop(names)
    theirs = theirs.join(_typed(now), on="customer_id").select(COLUMNS)
    return pl.concat([kept.join(now, on="customer_id", how="anti"), theirs])


def _records(arrow, night, who: str) -> pl.DataFrame:
    """The records of the customers for whom `who`, a condition with a place for the column, is true."""
    as_of = night.business_date
    found = read(arrow, _query(as_of, profile_fields(as_of), who))
    once = pl.col("held").cast(pl.List(pl.Int64)).list.unique().list.sort()
    return _typed(found.with_columns(once)).select(COLUMNS).sort("customer_id")


def _typed(frame: pl.DataFrame) -> pl.DataFrame:
    names = [name for name in OF_CUSTOMER if name in frame.columns]
    return frame.with_columns(pl.col(name).cast(packing.dtype_of(ROLLUP, name)) for name in names)


_OWN = (
    "c.since, right(c.risk, 1)::smallint AS risk, c.kind = 'person' AS is_person, "
    "c.marketing_consent AND c.profiling_consent AS consent, "
    "c.tier::text AS noted_tier, c.lifecycle::text AS noted_lifecycle"
)


def _query(as_of: date, fields: list[dict], who: str) -> str:
    return f"""
        WITH account AS MATERIALIZED ({_accounts(as_of, who)}),
        holding AS (
            SELECT customer_id, array_agg(product_id) FILTER (WHERE is_open) AS held,
                count(*) FILTER (WHERE is_open) AS accounts,
                count(*) FILTER (WHERE is_open AND family = {int(Family.LOAN)}) AS loans,
                isum(matures_fen) FILTER (WHERE ahead AND matures_on <= '{as_of + timedelta(MATURING_DAYS)}')
                    AS maturing_fen,
                least(min(opened_on) FILTER (WHERE opened_on > '{as_of}'),
                    min(closed_on) FILTER (WHERE closed_on > '{as_of}'),
                    min(matures_on) FILTER (WHERE matures_on > '{as_of}'),
                    min(matures_on - {MATURING_DAYS}) FILTER (WHERE matures_on - {MATURING_DAYS} > '{as_of}')
                ) AS changes_on
            FROM account GROUP BY customer_id
        ),
        maturity AS (
            SELECT DISTINCT ON (customer_id) customer_id, matures_on, matures_fen FROM (
                SELECT customer_id, matures_on, sum(matures_fen)::bigint AS matures_fen
                FROM account WHERE ahead GROUP BY customer_id, matures_on
            ) AS days ORDER BY customer_id, matures_on
        )
        SELECT c.id AS customer_id, {_OWN}, coalesce(f.filled, 0) AS filled,
            coalesce(x.n, 0) AS complaints_90, coalesce(t.n, 0) AS contacts_30,
            coalesce(o.overdue_days, 0) AS overdue_days,
            coalesce(i.invited, 0) AS invited, coalesce(i.responded, 0) AS responded,
            coalesce(h.held, '{{}}') AS held, coalesce(h.accounts, 0) AS accounts,
            coalesce(h.loans, 0) AS loans, coalesce(h.maturing_fen, 0) AS maturing_fen,
            m.matures_on AS next_maturity_on, m.matures_fen AS next_maturity_fen,
            least(f.changes_on, x.changes_on, t.changes_on, o.changes_on, i.changes_on, h.changes_on)
                AS changes_on
        FROM customers_customer AS c
        LEFT JOIN ({_facts(as_of, fields, who)}) AS f ON f.customer_id = c.id
        LEFT JOIN ({_complaints(as_of, who)}) AS x ON x.customer_id = c.id
        LEFT JOIN ({_contacts(as_of, who)}) AS t ON t.customer_id = c.id
        LEFT JOIN ({_overdue(as_of)}) AS o ON o.customer_id = c.id
        LEFT JOIN ({_invitations(as_of, who)}) AS i ON i.customer_id = c.id
        LEFT JOIN holding AS h ON h.customer_id = c.id
        LEFT JOIN maturity AS m ON m.customer_id = c.id
        WHERE c.since <= '{as_of}' AND {who.format("c.id")}
    """


def _accounts(as_of: date, who: str) -> str:
    """Accounts; of the open ones what matures is the principal, unknown where the feed gave none."""
    is_open = f"(a.opened_on <= '{as_of}' AND (a.closed_on IS NULL OR a.closed_on > '{as_of}'))"
    ahead = f"({is_open} AND a.matures_on > '{as_of}' AND p.family IN ({AUM}))"
    return (
        f"SELECT a.id, a.customer_id, a.product_id, a.opened_on, a.closed_on, p.family, {is_open} AS is_open,"
        f" CASE WHEN p.family IN ({AUM}) THEN a.matures_on END AS matures_on, {ahead} AS ahead, "
        f"CASE WHEN {ahead} AND a.principal_fen > 0 THEN a.principal_fen END AS matures_fen "
        "FROM customers_account AS a JOIN customers_product AS p ON p.id = a.product_id "
        f"WHERE {who.format('a.customer_id')}"
    )


def _too_old(since: str, months: str, as_of: date) -> str:
    """The day from which something of `since` is no longer among the last `months`, never later than true."""
    return f"greatest(({since} + make_interval(months => {months}))::date + 1, '{as_of}'::date + 1)"


def _facts(as_of: date, fields: list[dict], who: str) -> str:
    """The bits of the profile fields that are filled and still valid on `as_of`."""
    kept = [
        f"({field['id']}, {position}, '{field['not_before']}'::date, {field['months'] or 'NULL'}::int)"
        for position, field in enumerate(fields[:FIELDS])
    ] or ["(0, 0, '0001-01-01'::date, NULL::int)"]
    known = "coalesce(f.verified_on, f.noted_on)"
    holds = f"f.noted_on <= '{as_of}' AND (f.expires_on IS NULL OR f.expires_on >= '{as_of}')"
    fresh = f"{holds} AND {known} >= v.not_before"
    return (
        f"SELECT f.customer_id, bit_or(1::bigint << v.position) FILTER (WHERE {fresh}) AS filled, "
        f"least(min(f.noted_on) FILTER (WHERE f.noted_on > '{as_of}'), "
        f"min(f.expires_on + 1) FILTER (WHERE {holds}), "
        f"min({_too_old(known, 'v.months', as_of)}) FILTER (WHERE {fresh} AND v.months IS NOT NULL)) "
        "AS changes_on FROM customers_profilefact AS f "
        f"JOIN (VALUES {', '.join(kept)}) AS v (id, position, not_before, months) ON v.id = f.field_id "
        f"WHERE {who.format('f.customer_id')} GROUP BY f.customer_id"
    )


def _complaints(as_of: date, who: str) -> str:
    return (
        f"SELECT customer_id, count(*) FILTER (WHERE received_on <= '{as_of}') AS n, "
        f"least(min(received_on) FILTER (WHERE received_on <= '{as_of}') + {COMPLAINT_DAYS}, "
        f"min(received_on) FILTER (WHERE received_on > '{as_of}')) AS changes_on FROM service_complaint "
        f"WHERE received_on > '{as_of - timedelta(COMPLAINT_DAYS)}' AND {who.format('customer_id')} "
        "GROUP BY customer_id"
    )


def _contacts(as_of: date, who: str) -> str:
    """Contacts of the last 30 days, days as Shanghai counts them."""
    first = f"'{as_of - timedelta(CONTACT_DAYS - 1)} 00:00 Asia/Shanghai'::timestamptz"
    return (
        f"SELECT customer_id, count(*) FILTER (WHERE day <= '{as_of}') AS n, "
        f"least(min(day) FILTER (WHERE day <= '{as_of}') + {CONTACT_DAYS}, "
        f"min(day) FILTER (WHERE day > '{as_of}')) AS changes_on FROM ("
        "SELECT customer_id, (happened_at AT TIME ZONE 'Asia/Shanghai')::date AS day "
        f"FROM customers_interaction WHERE happened_at >= {first} AND {who.format('customer_id')}) AS c "
        "GROUP BY customer_id"
    )


def _invitations(as_of: date, who: str) -> str:
    """Eight counts in one integer, seven bits for each channel: nobody is invited 128 times in 24 months."""
    place = f"(1::bigint << (channel - {CHANNELS[0]}) * {COUNT_BITS})"
    months = rules.seven_p()["promotion"]["months"]
    return (
        f"SELECT customer_id, isum({place}) FILTER (WHERE invited_on <= '{as_of}') AS invited, "
        f"isum({place}) FILTER (WHERE invited_on <= '{as_of}' AND responded_on <= '{as_of}') AS responded, "
        f"least(min(invited_on) FILTER (WHERE invited_on > '{as_of}'), "
        f"min(responded_on) FILTER (WHERE responded_on > '{as_of}'), "
        f"{_too_old('min(invited_on)', str(months), as_of)}) AS changes_on FROM marketing_invitation "
        f"WHERE arm = 'treatment' AND channel BETWEEN {CHANNELS[0]} AND {CHANNELS[-1]} "
        f"AND invited_on >= '{invited_since(as_of)}' AND {who.format('customer_id')} GROUP BY customer_id"
    )


def _overdue(as_of: date) -> str:
    """The largest number of days overdue among each borrower's open loans."""
    state = "FROM customers_loanstate AS l WHERE l.account_id = a.id AND l.date"
    return (
        "SELECT a.customer_id, max(s.overdue_days) AS overdue_days, min(s.next_on) AS changes_on "
        "FROM account AS a LEFT JOIN LATERAL ("
        f"SELECT (SELECT overdue_days {state} <= '{as_of}' ORDER BY l.date DESC LIMIT 1) AS overdue_days, "
        f"(SELECT min(l.date) {state} > '{as_of}') AS next_on) AS s ON true "
        f"WHERE a.family = {int(Family.LOAN)} AND (a.closed_on IS NULL OR a.closed_on > '{as_of}') "
        "GROUP BY a.customer_id"
    )
