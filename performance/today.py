"""Today's tasks as a night writes them: candidates of every kind, ranked, held back, written in one go."""

from datetime import date

from django.db import connection, transaction

from customers.ranking import rules, urgency_sql
from performance import scoring, sources
from performance.models import Night
from performance.periods import period_of
from performance.task_kinds import GROUNDWORK, KINDS, OPEN_STATES

NEW_A_NIGHT = rules().new_a_night  # of the kinds that may be held back, per manager
URGENCY = urgency_sql()
_MANUAL = rules().kinds["manual"]
# Kept: open since an earlier night. New: this night's, written by an earlier attempt or not yet. New ones of
# a kind with a limit fill what the kept leave free, and no more than NEW_A_NIGHT in all.
CHOSEN = f"""
CREATE TEMPORARY TABLE task_chosen ON COMMIT DROP AS
{GROUNDWORK},
candidate (customer_id, manager_id, key, reason, value_fen, due_on, likelihood_bp, interaction_id, kind) AS (
    {" UNION ALL ".join(f"SELECT s.*, '{kind.code}' FROM ({kind.sql}) AS s" for kind in KINDS)}
),
placed AS (
    SELECT c.customer_id, c.manager_id, c.key, c.reason, c.value_fen, c.interaction_id, c.kind, k.most,
        CASE WHEN k.keeps_due AND t.state IN {OPEN_STATES} THEN least(t.due_on, c.due_on) ELSE c.due_on END
            AS due_on,
        greatest(c.value_fen, k.floor_fen)::numeric * coalesce(c.likelihood_bp, k.likelihood_bp) AS stake,
        coalesce(t.created_on < %(as_of)s AND t.state IN {OPEN_STATES}, false) AS is_kept
    FROM candidate AS c
    JOIN unnest(%(kinds)s::text[], %(most)s::int[], %(floors)s::bigint[], %(likelihoods)s::int[],
        %(keeps_due)s::bool[]) AS k (kind, most, floor_fen, likelihood_bp, keeps_due) ON k.kind = c.kind
    LEFT JOIN customers_task AS t ON t.key = c.key
    WHERE NOT coalesce(t.state = 'done' AND t.created_on < %(as_of)s, false)
),
ranked AS (SELECT p.*, (stake * ({URGENCY}) / 1000000)::bigint AS rank FROM placed AS p),
limited AS (
    SELECT r.*, row_number() OVER of_kind AS place,
        count(*) FILTER (WHERE is_kept) OVER (PARTITION BY manager_id, kind) AS kept
    FROM ranked AS r
    WINDOW of_kind AS (PARTITION BY manager_id, kind, is_kept ORDER BY rank DESC, key)
),
allowed AS (
    SELECT l.*, row_number() OVER (
        PARTITION BY manager_id, is_kept, most IS NULL ORDER BY rank DESC, key
    ) AS turn
    FROM limited AS l WHERE is_kept OR most IS NULL OR place <= most - kept
)
SELECT customer_id, manager_id, key, reason, value_fen, due_on, interaction_id, kind, rank
FROM allowed WHERE is_kept OR most IS NULL OR turn <= {NEW_A_NIGHT}
"""
WRITE = """
INSERT INTO customers_task AS t (
    key, customer_id, manager_id, kind, reason, value_fen, due_on, rank, state, interaction_id, created_on
)
SELECT key, customer_id, manager_id, kind, reason, value_fen, due_on, rank, 'open', interaction_id, %(as_of)s
FROM task_chosen AS c
WHERE NOT EXISTS ( -- what stands like this already need not be written
    SELECT FROM customers_task AS t
    WHERE t.key = c.key AND t.manager_id IS NOT DISTINCT FROM c.manager_id AND (
        t.state = 'snoozed' OR t.state = 'open'
            AND (t.reason, t.value_fen, t.due_on, t.rank) = (c.reason, c.value_fen, c.due_on, c.rank)
    )
)
ORDER BY key
ON CONFLICT (key) DO UPDATE SET
    reason = CASE WHEN t.state IN ('open', 'dropped') THEN excluded.reason ELSE t.reason END,
    value_fen = CASE WHEN t.state IN ('open', 'dropped') THEN excluded.value_fen ELSE t.value_fen END,
    due_on = CASE WHEN t.state IN ('open', 'dropped') THEN excluded.due_on ELSE t.due_on END,
    rank = CASE WHEN t.state IN ('open', 'dropped') THEN excluded.rank ELSE t.rank END,
    created_on = CASE WHEN t.state = 'dropped' THEN excluded.created_on ELSE t.created_on END,
    state = CASE WHEN t.state = 'dropped' THEN 'open' ELSE t.state END,
    manager_id = excluded.manager_id
WHERE t.state <> 'done'
"""
# A cause that is gone takes its task along, unless the reader has put it off and the day has not come.
DROP = """
UPDATE customers_task AS t
SET state = 'dropped', snoozed_until = NULL,
    reason = t.reason || jsonb_build_object('dropped_on', %(as_of)s::date)
WHERE t.kind = ANY(%(kinds)s) AND t.key LIKE t.kind || ':%%'
    AND (t.state = 'open' OR t.state = 'snoozed' AND t.snoozed_until <= %(as_of)s)
    AND NOT EXISTS (SELECT FROM task_chosen AS c WHERE c.key = t.key)
"""
# What somebody set himself has no cause to look for: only its urgency moves on.
MANUAL = f"""
UPDATE customers_task AS t SET rank = n.rank
FROM (
    SELECT id, (greatest(value_fen, {_MANUAL.floor_fen})::numeric * {_MANUAL.likelihood_bp}
        * ({URGENCY}) / 1000000)::bigint AS rank
    FROM customers_task WHERE kind = 'manual' AND state IN {OPEN_STATES}
) AS n
WHERE n.id = t.id AND n.rank <> t.rank
"""
DIGEST = """
SELECT count(*), encode(sha256(convert_to(coalesce(string_agg(
    concat_ws('|', c.number, t.kind, t.due_on, t.value_fen, t.rank, t.reason),
    E'\\n' ORDER BY c.number, t.kind, t.due_on, t.rank, t.reason::text), ''), 'UTF8')), 'hex')
FROM task_chosen AS t JOIN customers_customer AS c ON c.id = t.customer_id
"""


def write_tasks(night: Night) -> tuple[int, str]:
    """Write the tasks of Today that follow from `night`; return (tasks that stand, digest over them).

    Set by set: what is open and still has its cause is brought up to date, new causes come in by rank, what
    lost its cause is dropped; what somebody did or put off stays. Idempotent. A night older than another
    published one leaves Today alone and returns (0, "").
    """
    if Night.objects.filter(business_date__gt=night.business_date, published_at__isnull=False).exists():
        return 0, ""
    params = _params(night)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS task_chosen")
        for statement in (CHOSEN, WRITE, DROP, MANUAL):
            cursor.execute(statement, params)
        cursor.execute(DIGEST)
        return cursor.fetchone()


def _params(night: Night) -> dict:
    as_of: date = night.business_date
    rules = scoring.rules_of(period_of(as_of).scheme.content)
    return sources.parameters(rules, start=as_of, upto=as_of, as_of=as_of) | {
        "night": night.pk,
        "previous": night.previous_id or 0,
        "kinds": [kind.code.value for kind in KINDS],
        "most": [kind.weight.most for kind in KINDS],
        "floors": [kind.weight.floor_fen for kind in KINDS],
        "likelihoods": [kind.weight.likelihood_bp for kind in KINDS],
        "keeps_due": [kind.keeps_due for kind in KINDS],
    }
