"""The records behind each indicator: one SELECT a code, for all managers or for one, the same rows for both.

Every SELECT gives manager_id, customer_id, record_id, day, share, numerator, denominator (integers, not yet
multiplied by the share) and the columns that `Source.columns` names. A night sums share × numerator and
share × denominator by manager; the page behind an indicator lists the rows. An event goes by the shares of
its day; a record that names the manager it judges (survey, fault found, feedback, deal, task) is his alone.
Parameters: `parameters` below.
"""

from dataclasses import dataclass

from customers.choices import Family, LoanClass
from performance.groundwork import local_day

BAD = f"('{LoanClass.SUBSTANDARD}', '{LoanClass.DOUBTFUL}', '{LoanClass.LOSS}')"
RISKY = f"({int(Family.WEALTH)}, {int(Family.FUND)}, {int(Family.INSURANCE)}, {int(Family.BOND)})"


@dataclass(frozen=True)
class Source:
    """`record` names what a row links to, `columns` what it shows beside day, share and the two sums.

    Rows of A1, A2 and S3 bring only the numerator: average loans and customers come from performance.flows.
    """

    record: str
    columns: tuple[str, ...]
    sql: str


def moments(column: str) -> str:
    """The condition that a moment lies in the days scored (as moments, so that an index can serve)."""
    zone = "::timestamp AT TIME ZONE 'Asia/Shanghai'"
    return f"{column} >= %(start)s{zone} AND {column} < %(upto)s{zone}"


def since(level: str) -> str:
    """The first day whose verification is still fresh at this money-laundering risk."""
    return f"%(as_of)s::date - make_interval(months => %(fresh_{level})s)"


def _survey(kind: str, score: str) -> str:
    return f"""
        SELECT manager_id, customer_id, id AS record_id, answered_on AS day, 1::numeric AS share,
            {score} AS numerator, 1 AS denominator, score, sent_on
        FROM service_survey AS a
        WHERE kind = '{kind}' AND answered_on >= %(start)s AND answered_on < %(upto)s
    """


FAULTS = """
    SELECT manager_id, customer_id, id AS record_id, coalesce(closed_on, received_on) AS day,
        1::numeric AS share, 1 AS numerator, 0 AS denominator, number, cause, source
    FROM service_complaint AS a
    WHERE at_fault AND coalesce(closed_on, received_on) >= %(start)s
        AND coalesce(closed_on, received_on) < %(upto)s
"""
COMPLAINTS_DUE = """
    SELECT a.manager_id, c.customer_id, c.id AS record_id, c.due_on AS day, a.share,
        (c.closed_on <= c.due_on AND c.closed_on IS NOT NULL)::int AS numerator, 1 AS denominator,
        c.number, c.due_on, c.closed_on
    FROM service_complaint AS c
    JOIN customers_assignment AS a ON a.customer_id = c.customer_id AND a.during @> c.due_on
    WHERE c.due_on >= %(start)s AND c.due_on < %(upto)s
"""
NEW_BAD_LOANS = f"""
    SELECT a.manager_id, l.customer_id, l.account_id AS record_id, l.date AS day, a.share,
        coalesce(b.amount_fen, 0) AS numerator, 0 AS denominator,
        before.loan_class AS was, l.loan_class, b.amount_fen AS balance
    FROM customers_loanstate AS l
    JOIN customers_assignment AS a ON a.customer_id = l.customer_id AND a.during @> l.date
    JOIN LATERAL (
        SELECT loan_class FROM customers_loanstate AS p
        WHERE p.account_id = l.account_id AND p.date < l.date ORDER BY p.date DESC LIMIT 1
    ) AS before ON before.loan_class NOT IN {BAD}
    LEFT JOIN LATERAL (
        SELECT amount_fen FROM customers_dailybalance AS d
        WHERE d.customer_id = l.customer_id AND d.account_id = l.account_id AND d.date <= l.date
        ORDER BY d.date DESC LIMIT 1
    ) AS b ON true
    WHERE l.date >= %(start)s AND l.date < %(upto)s AND l.loan_class IN {BAD}
"""
OVERDUE = """
    SELECT a.manager_id, o.customer_id, o.account_id AS record_id, o.date AS day, a.share,
        o.overdue_fen * (upper(held.days) - lower(held.days)) AS numerator, 0 AS denominator,
        o.overdue_days, o.overdue_fen AS overdue, upper(held.days) - lower(held.days) AS days
    FROM (
        SELECT l.*, least(coalesce(next.date, %(upto)s), coalesce(c.closed_on, %(upto)s), %(upto)s) AS until
        FROM customers_loanstate AS l
        JOIN customers_account AS c ON c.id = l.account_id
        LEFT JOIN LATERAL (
            SELECT date FROM customers_loanstate AS n
            WHERE n.account_id = l.account_id AND n.date > l.date ORDER BY n.date LIMIT 1
        ) AS next ON true
        WHERE l.overdue_fen > 0 AND l.date < %(upto)s
    ) AS o
    JOIN customers_assignment AS a ON a.customer_id = o.customer_id
    CROSS JOIN LATERAL (
        SELECT a.during * daterange(
            greatest(o.date, %(start)s), greatest(o.until, o.date, %(start)s)
        ) AS days
    ) AS held
    WHERE o.until > %(start)s AND NOT isempty(held.days)
"""
INTEREST = """
    SELECT a.manager_id, l.customer_id, l.account_id AS record_id, l.date AS day, a.share,
        l.interest_received_fen AS numerator, l.interest_due_fen AS denominator,
        l.interest_due_fen AS due, l.interest_received_fen AS received
    FROM customers_loanstate AS l
    JOIN customers_assignment AS a ON a.customer_id = l.customer_id AND a.during @> l.date
    WHERE l.date >= %(start)s AND l.date < %(upto)s AND l.interest_due_fen > 0
"""
CHECKS = """
    SELECT a.manager_id, k.customer_id, k.id AS record_id, k.due_on AS day, a.share,
        (k.done_on <= k.due_on AND k.done_on IS NOT NULL)::int AS numerator, 1 AS denominator,
        k.due_on, k.done_on
    FROM service_postloancheck AS k
    JOIN customers_assignment AS a ON a.customer_id = k.customer_id AND a.during @> k.due_on
    WHERE k.due_on >= %(start)s AND k.due_on < %(upto)s
"""
SALES = f"""
    SELECT a.manager_id, n.customer_id, n.id AS record_id, n.opened_on AS day, a.share,
        (c.risk IS NOT NULL AND right(p.risk, 1) <= right(c.risk, 1)
            AND coalesce(c.risk_tested_on > n.opened_on - interval '1 year', false))::int AS numerator,
        1 AS denominator, p.name AS product, p.risk AS product_risk, c.risk, c.risk_tested_on
    FROM customers_account AS n
    JOIN customers_product AS p ON p.id = n.product_id
    JOIN customers_customer AS c ON c.id = n.customer_id
    JOIN customers_assignment AS a ON a.customer_id = n.customer_id AND a.during @> n.opened_on
    WHERE n.opened_on >= %(start)s AND n.opened_on < %(upto)s
        AND p.risk IS NOT NULL AND p.family IN {RISKY} AND c.kind = 'person'
"""

# Of what was filed on the page, nothing counts that came with others of the same manager in one minute.
FEEDBACK = f"""
    SELECT manager_id, customer_id, id AS record_id, day, 1::numeric AS share,
        quality AS numerator, 0 AS denominator, quality
    FROM (
        SELECT *, row_number() OVER (
            PARTITION BY manager_id, customer_id, date_trunc('month', day) ORDER BY quality DESC, id
        ) AS place
        FROM (
            SELECT manager_id, customer_id, id, {local_day("happened_at")} AS day, feedback_accepted,
                feedback_quality AS quality,
                count(feedback_filed_at) OVER (
                    PARTITION BY manager_id, date_trunc('minute', feedback_filed_at)
                ) AS at_once
            FROM customers_interaction
            WHERE (feedback_quality IS NOT NULL OR feedback_filed_at IS NOT NULL) AND manager_id IS NOT NULL
                AND {moments("happened_at")}
        ) AS filed
        WHERE feedback_accepted AND quality IS NOT NULL AND at_once < %(feedback_minute)s
    ) AS a WHERE place <= %(feedback_month)s
"""
COMPLETE = """
    SELECT manager_id, customer_id, NULL::bigint AS record_id, %(as_of)s::date AS day, share,
        filled AS numerator, required AS denominator, filled, required
    FROM (
        SELECT h.manager_id, h.customer_id, h.share,
            CASE WHEN h.is_person THEN w.persons ELSE w.organisations END AS filled,
            CASE WHEN h.is_person THEN r.persons ELSE r.organisations END AS required
        FROM held AS h
        CROSS JOIN (
            SELECT coalesce(sum(weight) FILTER (WHERE for_persons), 0) AS persons,
                coalesce(sum(weight) FILTER (WHERE for_organisations), 0) AS organisations
            FROM field
        ) AS r
        JOIN weighed AS w ON w.bits = h.bits
    ) AS c
"""
FRESH = f"""
    SELECT manager_id, customer_id, NULL::bigint AS record_id, %(as_of)s::date AS day, share,
        (
            coalesce(verified_on >= CASE aml_level
                WHEN 'low' THEN {since("low")} WHEN 'medium' THEN {since("medium")}
                WHEN 'high' THEN {since("high")} ELSE {since("highest")} END, false)
            AND coalesce(document_expires_on >= %(as_of)s, true)
        )::int AS numerator,
        1 AS denominator, verified_on, aml_level, document_expires_on
    FROM held
"""
COVERED = """
    SELECT manager_id, customer_id, NULL::bigint AS record_id, %(as_of)s::date AS day, share,
        coalesce(last_on > %(as_of)s - cycle, false)::int AS numerator,
        1 AS denominator, coalesce(size, 0) AS size, cycle AS cycle_days, last_on AS last_contact
    FROM (
        SELECT *, CASE WHEN size >= %(cycle_1_fen)s THEN %(cycle_1_days)s
            WHEN size >= %(cycle_2_fen)s THEN %(cycle_2_days)s ELSE %(cycle_3_days)s END AS cycle
        FROM held
    ) AS c WHERE since <= %(as_of)s - cycle
"""
# A task the night itself drops on as_of still counts as it stood: scorecards come before tasks. What somebody
# set himself is no duty: it would be the easiest way to a good score.
TASKS = f"""
    SELECT manager_id, customer_id, id AS record_id, due_on AS day, 1::numeric AS share,
        coalesce({local_day("done_at")} <= due_on, false)::int AS numerator, 1 AS denominator,
        kind, due_on, {local_day("done_at")} AS done_on
    FROM customers_task
    WHERE manager_id IS NOT NULL AND kind <> 'manual'
        AND due_on >= %(start)s AND due_on < %(upto)s AND created_on < %(as_of)s
        AND (state <> 'dropped' OR coalesce((reason ->> 'dropped_on')::date >= %(as_of)s, false))
"""
DEALS = """
    SELECT manager_id, customer_id, id AS record_id, closed_on AS day, 1::numeric AS share,
        closed_on - opened_on AS numerator, 0 AS denominator,
        opened_on, closed_on, closed_on - opened_on AS days
    FROM marketing_opportunity
    WHERE stage = 'won' AND closed_on >= %(start)s AND closed_on < %(upto)s
"""

SOURCES = {
    "S1": Source("survey", ("score", "sent_on"), _survey("csat", "score")),
    "S2": Source(
        "survey",
        ("score", "sent_on"),
        _survey("nps", "CASE WHEN score >= 9 THEN 100 WHEN score <= 6 THEN -100 ELSE 0 END"),
    ),
    "S3": Source("complaint", ("number", "cause", "source"), FAULTS),
    "S4": Source("complaint", ("number", "due_on", "closed_on"), COMPLAINTS_DUE),
    "A1": Source("account", ("was", "loan_class", "balance"), NEW_BAD_LOANS),
    "A2": Source("account", ("overdue_days", "overdue", "days"), OVERDUE),
    "A3": Source("account", ("due", "received"), INTEREST),
    "A4": Source("check", ("due_on", "done_on"), CHECKS),
    "A5": Source("account", ("product", "product_risk", "risk", "risk_tested_on"), SALES),
    "I1": Source("customer", ("filled", "required"), COMPLETE),
    "I2": Source("customer", ("verified_on", "aml_level", "document_expires_on"), FRESH),
    "I3": Source("interaction", ("quality",), FEEDBACK),
    "F1": Source("customer", ("size", "cycle_days", "last_contact"), COVERED),
    "F3": Source("opportunity", ("opened_on", "closed_on", "days"), DEALS),
    "F4": Source("task", ("kind", "due_on", "done_on"), TASKS),
}
MONEY_COLUMNS = {"balance", "overdue", "due", "received", "size"}  # fen


def parameters(rules, *, start, upto, as_of) -> dict:
    """Return the parameters of every source under `rules` (performance.scoring.Rules)."""
    cycles = rules.content["contact_cycles"]
    fresh = {f"fresh_{level}": months for level, months in rules.content["freshness_months"].items()}
    steps = {f"cycle_{n}_fen": int(least) for n, (least, _) in enumerate(cycles, start=1)}
    days = {f"cycle_{n}_days": count for n, (_, count) in enumerate(cycles, start=1)}
    counted = {"month": 2, "minute": 2} | rules.content.get("feedback", {})  # older schemes do not say
    feedback = {f"feedback_{name}": count for name, count in counted.items()}
    grace = rules.content["grace_days"]
    return {"start": start, "upto": upto, "as_of": as_of, "grace": grace} | fresh | steps | days | feedback
