"""Who looks after whom, hand-overs, and contacts."""

from crm.feed.kinds import Boolean, Code, Date, Number, Text, Timestamp
from crm.feed.records import Check, Column, LateCheck, RecordType, same_within
from customers.choices import AssignmentRole, Channel, HandoverReason, Outcome, Purpose
from customers.feed.references import CUSTOMER
from managers.feed import MANAGER, STAFF

# Every rule is checked on what the customer's history will be: the rows sent, and the rows they leave alone.
_HISTORY = "feed_staging.assignment_history"

ASSIGNMENTS = RecordType(
    name="assignments",
    table="customers_assignment",
    columns=(
        Column("customer", CUSTOMER, required=True),
        Column("manager", MANAGER, required=True),
        Column("from", Date(), required=True),
        Column("to", Date()),
        Column("role", Code.of(AssignmentRole), required=True),
        Column("share", Number(0, 1, places=4, times=None, what="a share"), required=True),
        Column("reason", Text(200)),
    ),
    key=("customer", "manager", "from"),
    checks=(
        Check("to", 'r."to" <= r."from"', "is not after from (it is the first day without)"),
        Check("share", "r.share = 0", "is 0: leave the row out"),
    ),
    before=(
        f"""CREATE UNLOGGED TABLE {_HISTORY} AS
        SELECT r.row_no, r.customer_id, r.manager_id, r.role, r.share, daterange(r."from", r."to") AS during,
            coalesce(r.reason, '') AS reason, a.id AS old_id,
            coalesce(a.public_id, gen_random_uuid()) AS public_id, coalesce(a.created_at, now()) AS created_at
        FROM {{rows}} AS r LEFT JOIN customers_assignment AS a
          ON a.customer_id = r.customer_id AND a.manager_id = r.manager_id AND lower(a.during) = r."from" """,
        f"""INSERT INTO {_HISTORY} (row_no, customer_id, manager_id, role, share, during, old_id)
        SELECT NULL, customer_id, manager_id, role, share, during, NULL FROM customers_assignment
        WHERE customer_id IN (SELECT customer_id FROM {_HISTORY})
        AND id NOT IN (SELECT old_id FROM {_HISTORY} WHERE old_id IS NOT NULL)""",
        f"ANALYZE {_HISTORY}",
    ),
    late_checks=(
        LateCheck(
            "from",
            f"""SELECT row_no,
                'overlaps another assignment of the same customer and manager' AS reason
            FROM (SELECT *, lag(during) OVER w AS before, lead(during) OVER w AS next FROM {_HISTORY}
                  WINDOW w AS (PARTITION BY customer_id, manager_id ORDER BY lower(during))) AS h
            WHERE row_no IS NOT NULL AND (during && before OR during && next)""",
        ),
        LateCheck(
            "role",
            f"""SELECT row_no, 'the customer has another lead in these days' AS reason
            FROM (SELECT *, lag(during) OVER w AS before, lead(during) OVER w AS next FROM {_HISTORY}
                  WHERE role = 'lead'
                  WINDOW w AS (PARTITION BY customer_id ORDER BY lower(during))) AS h
            WHERE row_no IS NOT NULL AND (during && before OR during && next)""",
        ),
        LateCheck(
            "share",
            f"""SELECT coalesce(min(o.row_no), min(h.row_no)) AS row_no,
                'the shares of the customer on ' || edge || ' sum to ' || sum(o.share)
                || ' under ' || count(*) FILTER (WHERE o.role = 'lead')
                || ' leads; they must sum to 1 under one' AS reason
            FROM (SELECT customer_id, lower(during) AS edge FROM {_HISTORY}
                  UNION SELECT customer_id, upper(during) FROM {_HISTORY}) AS e
            JOIN {_HISTORY} AS o ON o.customer_id = e.customer_id AND o.during @> e.edge
            JOIN (SELECT customer_id, min(row_no) AS row_no FROM {_HISTORY} GROUP BY 1) AS h
              ON h.customer_id = e.customer_id
            GROUP BY e.customer_id, e.edge
            HAVING sum(o.share) <> 1 OR count(*) FILTER (WHERE o.role = 'lead') <> 1""",
        ),
        LateCheck(
            "manager",
            f"""SELECT h.row_no, 'is not in post for the whole of ' || h.during AS reason
            FROM {_HISTORY} AS h JOIN managers_manager AS m ON m.id = h.manager_id
            WHERE h.row_no IS NOT NULL AND NOT m.in_post @> h.during""",
        ),
    ),
    enter=(
        f"DELETE FROM customers_assignment WHERE id IN (SELECT old_id FROM {_HISTORY})",
        f"""INSERT INTO customers_assignment
            (customer_id, manager_id, role, share, during, reason, public_id, created_at)
        SELECT customer_id, manager_id, role, share, during, reason, public_id, created_at
        FROM {_HISTORY} WHERE row_no IS NOT NULL""",
    ),
)

HANDOVERS = RecordType(
    name="handovers",
    table="customers_handover",
    columns=(
        Column("ref", Text(40), required=True),
        Column("customer", CUSTOMER, required=True),
        Column("giver", MANAGER, required=True),
        Column("receiver", MANAGER, required=True),
        Column("witness", STAFF),
        Column("effective_on", Date(), required=True),
        Column("reason", Code.of(HandoverReason), required=True),
        Column("with_balance", Boolean(), required=True),
        Column("on_problem_list", Boolean(), required=True),
    ),
    key=("ref", "customer"),
    checks=(Check("receiver", "r.giver = r.receiver", "is the giver himself"),),
    late_checks=(
        same_within(
            "handovers", "ref", ("giver", "receiver", "effective_on", "witness", "reason", "with_balance")
        ),
    ),
    enter=(
        """CREATE TEMP TABLE feed_handovers ON COMMIT DROP AS
        SELECT f.*, h.id AS old_id
        FROM (SELECT DISTINCT ON (r.ref) r.* FROM {rows} AS r ORDER BY r.ref, r.row_no) AS f
        LEFT JOIN customers_handover AS h ON h.ref = f.ref""",
        """INSERT INTO customers_handover
            (ref, giver_id, receiver_id, witness_id, effective_on, reason, with_balance, state,
             giver_signed_at, receiver_signed_at, witness_signed_at, approved_at, brief)
        SELECT ref, giver_id, receiver_id, witness_id, effective_on, reason, with_balance,
            CASE WHEN effective_on <= {date} AND witness_id IS NOT NULL THEN 'effective' ELSE 'signed' END,
            effective_on::timestamp AT TIME ZONE 'Asia/Shanghai',
            effective_on::timestamp AT TIME ZONE 'Asia/Shanghai',
            CASE WHEN witness_id IS NOT NULL THEN effective_on::timestamp AT TIME ZONE 'Asia/Shanghai' END,
            effective_on::timestamp AT TIME ZONE 'Asia/Shanghai', ''
        FROM feed_handovers WHERE old_id IS NULL""",
        """INSERT INTO customers_handoveritem (handover_id, customer_id, with_balance, on_problem_list, note)
        SELECT h.id, r.customer_id, r.with_balance, r.on_problem_list, ''
        FROM {rows} AS r JOIN customers_handover AS h ON h.ref = r.ref
        ON CONFLICT (handover_id, customer_id) DO UPDATE SET on_problem_list = excluded.on_problem_list""",
    ),
)

INTERACTIONS = RecordType(
    name="interactions",
    table="customers_interaction",
    columns=(
        Column("ref", Text(40), required=True),
        Column("customer", CUSTOMER, required=True),
        Column("manager", MANAGER),
        Column("channel", Code.of(Channel), required=True),
        Column("purpose", Code.of(Purpose), required=True),
        Column("outcome", Code.of(Outcome), required=True),
        Column("happened_at", Timestamp(), required=True),
        Column("note", Text(4000), default="''", private=True),
        Column("next_date", Date()),
        Column("next_step", Text(120), default="''", private=True),
        Column("no_next_reason", Text(120), default="''", private=True),
        Column("feedback_quality", Number(1, 3)),
        Column("feedback_accepted", Boolean(), default="false"),
    ),
    key=("ref",),
    constants={"attendees": "''", "confidential": "false"},
    checks=(
        Check(
            "next_date",
            "r.manager IS NOT NULL AND r.next_date IS NULL AND r.no_next_reason IS NULL",
            "or no_next_reason is compulsory for a manager's contact",
        ),
    ),
)
