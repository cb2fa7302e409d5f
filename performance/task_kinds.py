"""Why something stands on Today: one SELECT a kind, with what it weighs.

Every SELECT gives customer_id, manager_id, key, reason (jsonb, the shapes of customers/reasons.py),
value_fen, due_on, likelihood_bp and interaction_id. Parameters: as_of, night, previous (the night before or
0), cycle_*. `key` names the cause: the same cause never makes a second task, and a new cause does.

The SELECTs stand on a WITH list, `GROUNDWORK`: the customers under care are read once for all kinds.
"""

from dataclasses import dataclass

from django.utils import translation

from crm.partitions import SHARDS
from customers.choices import Family, LoanClass, TaskKind, TaskState, Tier
from customers.ranking import Weight, rules
from marketing.choices import Stage
from service.choices import Department

HIGH = f"('{Tier.GOLD}', '{Tier.PLATINUM}', '{Tier.DIAMOND}', '{Tier.PRIVATE}')"
LIVE = "c.closed_on IS NULL AND c.lead_id IS NOT NULL"
STANDING = "JOIN customers_standing AS s ON s.night_id = %(night)s AND s.customer_id = c.id"
# Who is looked after by somebody, with the night's figures.
CARE = f"""
    SELECT c.id, c.lead_id, c.kind, c.born_on, c.risk_tested_on, c.marketing_consent,
        coalesce(c.last_contact_on, c.since) AS since_contact,
        s.aum_fen, s.loan_fen, s.aum_change_bp, s.churn_bp, s.overdue_days, s.tier IN {HIGH} AS is_high,
        CASE WHEN greatest(s.deposit_fen, s.loan_fen) >= %(cycle_1_fen)s THEN %(cycle_1_days)s
            WHEN greatest(s.deposit_fen, s.loan_fen) >= %(cycle_2_fen)s THEN %(cycle_2_days)s
            WHEN s.tier IN {HIGH} THEN %(cycle_3_days)s END AS cycle
    FROM customers_customer AS c {STANDING}
    WHERE {LIVE}
"""
# Accounts that mature, and below what lies on them. Shard by shard: the months of one shard lie in order, so
# that the last balance is one look-up; over all shards it would be one in every month.
MATURING = f"""
    SELECT a.id, a.customer_id, a.matures_on, p.family
    FROM customers_account AS a JOIN customers_product AS p ON p.id = a.product_id
    WHERE a.closed_on IS NULL AND (
        p.family = {int(Family.TIME_DEPOSIT)} AND a.matures_on BETWEEN %(as_of)s AND %(as_of)s + 30
        OR p.family = {int(Family.LOAN)} AND a.matures_on BETWEEN %(as_of)s AND %(as_of)s + 60
    )
"""
BALANCE = """
    SELECT a.*, b.amount_fen, b.rate_e5
    FROM maturing AS a
    JOIN LATERAL (
        SELECT d.amount_fen, d.rate_e5 FROM customers_dailybalance_h{shard:02d} AS d
        WHERE d.customer_id = a.customer_id AND d.account_id = a.id AND d.date <= %(as_of)s
        ORDER BY d.date DESC LIMIT 1
    ) AS b ON b.amount_fen > 0
    WHERE customer_shard(a.customer_id) = {shard}
"""
MATURES = " UNION ALL ".join(BALANCE.format(shard=shard) for shard in range(SHARDS))
GROUNDWORK = f"""
    WITH care AS MATERIALIZED ({CARE}),
    maturing AS MATERIALIZED ({MATURING}),
    matures AS MATERIALIZED ({MATURES})
"""
BROKEN_DAYS = 90  # after that a forgotten promise is no longer news
FELL_DAYS = 14  # so long a worse class of a loan is news
CLASSES = f"ARRAY[{', '.join(repr(one.value) for one in LoanClass)}]"  # from good to lost


@dataclass(frozen=True)
class Kind:
    """One kind of cause; the rules of Today say what it weighs. `keeps_due`: the first due date stands."""

    code: str
    sql: str
    keeps_due: bool = False

    @property
    def weight(self) -> Weight:
        return rules().kinds[self.code]


def _words(choices) -> str:
    """A code as its English label, the msgid that pages translate: CASE code WHEN … END."""
    with translation.override("en"):
        whens = " ".join(f"WHEN '{one.value}' THEN '{one.label}'" for one in choices)
    return f"CASE {{column}} {whens} ELSE {{column}} END"


PROMISE = f"""
    SELECT c.id AS customer_id, c.lead_id AS manager_id, 'promise:' || i.id AS key,
        jsonb_build_object('step',
            CASE WHEN i.confidential AND i.manager_id <> c.lead_id THEN '' ELSE i.next_step END,
            'date', i.next_date) AS reason,
        c.aum_fen AS value_fen, i.next_date AS due_on, NULL::int AS likelihood_bp, i.id AS interaction_id
    FROM customers_interaction AS i
    JOIN care AS c ON c.id = i.customer_id
    WHERE i.manager_id IS NOT NULL
        AND i.next_date BETWEEN %(as_of)s - {BROKEN_DAYS} AND %(as_of)s + 3
        AND i.happened_at < (%(as_of)s + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
        AND NOT EXISTS (
            SELECT FROM customers_interaction AS later
            WHERE later.customer_id = i.customer_id AND later.manager_id IS NOT NULL
                AND (later.happened_at, later.id) > (i.happened_at, i.id)
                AND later.happened_at < (%(as_of)s + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
        )
"""
DEPOSIT = f"""
    SELECT c.id, c.lead_id, 'deposit_matures:' || a.id || ':' || a.matures_on,
        jsonb_build_object('amount_fen', a.amount_fen, 'date', a.matures_on, 'rate_e5', a.rate_e5),
        a.amount_fen, a.matures_on, greatest(c.churn_bp, 2000), NULL::bigint
    FROM matures AS a JOIN care AS c ON c.id = a.customer_id
    WHERE a.family = {int(Family.TIME_DEPOSIT)}
"""
LOAN = f"""
    SELECT c.id, c.lead_id, 'loan_matures:' || a.id || ':' || a.matures_on,
        jsonb_build_object('amount_fen', a.amount_fen, 'date', a.matures_on),
        a.amount_fen, a.matures_on, NULL::int, NULL::bigint
    FROM matures AS a JOIN customers_customer AS c ON c.id = a.customer_id
    WHERE {LIVE} AND a.family = {int(Family.LOAN)}
"""
# A new task when the arrears reach the next bucket: 1, 31, 61 and 91 days.
OVERDUE = """
    SELECT c.id, c.lead_id, 'overdue:' || l.account_id || ':' || l.began || ':' || l.bucket,
        jsonb_build_object('days', l.days, 'overdue_fen', l.overdue_fen),
        c.loan_fen, l.began + l.bucket + 1, NULL::int, NULL::bigint
    FROM care AS c
    JOIN LATERAL (
        SELECT DISTINCT ON (account_id) account_id, overdue_fen, overdue_days,
            overdue_days + (%(as_of)s - date) AS days, date - overdue_days AS began,
            CASE WHEN overdue_days > 90 THEN 91 WHEN overdue_days > 60 THEN 61
                WHEN overdue_days > 30 THEN 31 ELSE 1 END AS bucket
        FROM customers_loanstate AS x
        WHERE x.customer_id = c.id AND x.date <= %(as_of)s ORDER BY account_id, date DESC
    ) AS l ON l.overdue_days > 0
    WHERE c.overdue_days > 0
"""
CHURN = """
    SELECT c.id, c.lead_id,
        'churn:' || c.id || ':' || extract(year FROM %(as_of)s::date) || 'Q'
            || extract(quarter FROM %(as_of)s::date),
        jsonb_build_object('churn_bp', c.churn_bp, 'drop_bp', greatest(-c.aum_change_bp, 0)),
        c.aum_fen, %(as_of)s::date + 7, c.churn_bp, NULL::bigint
    FROM care AS c
    LEFT JOIN customers_standing AS p ON p.night_id = %(previous)s AND p.customer_id = c.id
    WHERE c.aum_fen > 0
        AND (c.churn_bp >= 3500 OR c.churn_bp >= 1500 AND c.churn_bp >= p.churn_bp + 1000)
"""
SILENT = """
    SELECT c.id, c.lead_id, 'silent:' || c.id || ':' || c.since_contact,
        jsonb_build_object('days', %(as_of)s - c.since_contact, 'cycle_days', c.cycle),
        c.aum_fen, %(as_of)s::date + 7, NULL::int, NULL::bigint
    FROM care AS c WHERE c.since_contact <= %(as_of)s - c.cycle
"""
IDENTITY = """
    SELECT c.id, c.lead_id, 'id_expires:' || c.id || ':' || i.document_expires_on,
        jsonb_build_object('document', i.document, 'date', i.document_expires_on),
        c.aum_fen, i.document_expires_on, NULL::int, NULL::bigint
    FROM customers_customeridentity AS i
    JOIN care AS c ON c.id = i.customer_id
    WHERE i.document IS NOT NULL
        AND i.document_expires_on BETWEEN %(as_of)s - 365 AND %(as_of)s + 30
"""
RISK_TEST = """
    SELECT c.id, c.lead_id, 'risk_test:' || c.id || ':' || c.risk_tested_on,
        jsonb_build_object('date', c.expires_on), c.aum_fen, c.expires_on, NULL::int, NULL::bigint
    FROM (
        SELECT *, (risk_tested_on + interval '1 year')::date AS expires_on
        FROM care WHERE kind = 'person' AND risk_tested_on IS NOT NULL AND is_high
    ) AS c
    WHERE c.expires_on BETWEEN %(as_of)s - 180 AND %(as_of)s + 30
"""
CHECK = """
    SELECT c.id, c.lead_id, 'check_due:' || k.id, jsonb_build_object('date', k.due_on),
        c.loan_fen, k.due_on, NULL::int, NULL::bigint
    FROM service_postloancheck AS k
    JOIN care AS c ON c.id = k.customer_id
    WHERE coalesce(k.done_on > %(as_of)s, true) AND k.due_on <= %(as_of)s + 14
        AND k.due_on > %(as_of)s - 365
"""
# The next birthday on or after as_of; born on 29 February: on the 28th of a common year.
BIRTHDAY = """
    SELECT c.id, c.lead_id, 'birthday:' || c.id || ':' || extract(year FROM c.next_on),
        jsonb_build_object('date', c.next_on), c.aum_fen, c.next_on, NULL::int, NULL::bigint
    FROM (
        SELECT *, (
            born_on + make_interval(years => extract(year FROM age(%(as_of)s::date - 1, born_on))::int + 1)
        )::date AS next_on
        FROM care WHERE kind = 'person' AND born_on < %(as_of)s AND is_high
    ) AS c
    WHERE c.next_on BETWEEN %(as_of)s AND %(as_of)s + 7
"""
CAMPAIGN = """
    SELECT c.id, c.lead_id, 'campaign:' || g.id || ':' || c.id,
        jsonb_build_object('name', g.name, 'ends_on', g.ends_on),
        c.aum_fen, g.ends_on, NULL::int, NULL::bigint
    FROM marketing_campaign AS g
    JOIN marketing_invitation AS n ON n.campaign_id = g.id AND n.arm = 'treatment'
        AND n.invited_on <= %(as_of)s AND coalesce(n.responded_on > %(as_of)s, true)
    JOIN care AS c ON c.id = n.customer_id
    WHERE c.marketing_consent AND %(as_of)s::date BETWEEN g.starts_on AND g.ends_on
"""
# Whom a complaint concerns does not handle it: then the co-manager, else nobody (the branch sees it).
COMPLAINT = f"""
    SELECT c.id, CASE WHEN c.lead_id IS DISTINCT FROM x.manager_id THEN c.lead_id
            WHEN c.co_id IS DISTINCT FROM x.manager_id THEN c.co_id END,
        'complaint:' || x.id, jsonb_build_object('number', x.number, 'due_on', x.due_on),
        s.aum_fen, x.due_on, NULL::int, NULL::bigint
    FROM service_complaint AS x
    JOIN customers_customer AS c ON c.id = x.customer_id
    {STANDING}
    WHERE x.received_on <= %(as_of)s AND coalesce(x.closed_on > %(as_of)s, true) AND x.due_on <= %(as_of)s + 3
"""
REQUEST = """
    SELECT c.id, c.lead_id, 'request:' || r.id,
        jsonb_build_object('number', r.number, 'kind', r.kind, 'department', {department},
            'due', (r.due_at AT TIME ZONE 'Asia/Shanghai')::date),
        c.aum_fen, (r.due_at AT TIME ZONE 'Asia/Shanghai')::date, NULL::int, NULL::bigint
    FROM service_servicerequest AS r
    JOIN care AS c ON c.id = r.customer_id
    WHERE r.due_at < (%(as_of)s + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
        AND coalesce(r.closed_at >= (%(as_of)s + 1)::timestamp AT TIME ZONE 'Asia/Shanghai', true)
"""
OPPORTUNITY = f"""
    SELECT c.id, c.lead_id, 'opportunity:' || o.id || ':' || o.stage_since,
        jsonb_build_object('product', p.name, 'stage', {{stage}}, 'days', %(as_of)s - o.stage_since),
        o.amount_fen, %(as_of)s::date + 3, NULL::int, NULL::bigint
    FROM marketing_opportunity AS o
    JOIN customers_product AS p ON p.id = o.product_id
    JOIN customers_customer AS c ON c.id = o.customer_id
    WHERE {LIVE} AND o.stage NOT IN ('{Stage.WON}', '{Stage.LOST}') AND o.stage_since < %(as_of)s - 14
"""
_DEPARTMENT = _words(Department).format(column="r.department")
_STAGE = _words(Stage).format(column="o.stage")

LOAN_CLASS = f"""
    SELECT c.id, c.lead_id, 'loan_class:' || l.account_id || ':' || l.date,
        jsonb_build_object('was', b.loan_class, 'now', l.loan_class, 'date', l.date),
        c.loan_fen, l.date + 3, NULL::int, NULL::bigint
    FROM customers_loanstate AS l
    JOIN care AS c ON c.id = l.customer_id
    JOIN LATERAL (
        SELECT loan_class FROM customers_loanstate AS p
        WHERE p.account_id = l.account_id AND p.date < l.date ORDER BY p.date DESC LIMIT 1
    ) AS b ON array_position({CLASSES}, l.loan_class::text) > array_position({CLASSES}, b.loan_class::text)
    WHERE l.date BETWEEN %(as_of)s - {FELL_DAYS} AND %(as_of)s AND l.loan_class <> '{LoanClass.PASS}'
"""

KINDS = (
    Kind(TaskKind.PROMISE, PROMISE),
    Kind(TaskKind.OVERDUE, OVERDUE),
    Kind(TaskKind.LOAN_CLASS, LOAN_CLASS),
    Kind(TaskKind.COMPLAINT, COMPLAINT),
    Kind(TaskKind.CHECK_DUE, CHECK),
    Kind(TaskKind.DEPOSIT_MATURES, DEPOSIT),
    Kind(TaskKind.LOAN_MATURES, LOAN),
    Kind(TaskKind.CHURN, CHURN, keeps_due=True),
    Kind(TaskKind.OPPORTUNITY, OPPORTUNITY.format(stage=_STAGE), keeps_due=True),
    Kind(TaskKind.SILENT, SILENT, keeps_due=True),
    Kind(TaskKind.REQUEST, REQUEST.format(department=_DEPARTMENT)),
    Kind(TaskKind.ID_EXPIRES, IDENTITY),
    Kind(TaskKind.RISK_TEST, RISK_TEST),
    Kind(TaskKind.CAMPAIGN, CAMPAIGN),
    Kind(TaskKind.BIRTHDAY, BIRTHDAY),
)
OPEN_STATES = f"('{TaskState.OPEN}', '{TaskState.SNOOZED}')"
