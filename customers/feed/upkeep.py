"""What a customer's row repeats of other records, brought up to date at the end of every load."""

from crm.feed.records import Upkeep

BRANCH_PATHS = Upkeep(
    name="branch paths",
    after=("branches",),
    statements=(
        """UPDATE customers_customer AS c SET branch_path = b.path FROM managers_branch AS b
        WHERE b.id = c.branch_id AND c.branch_path <> b.path""",
    ),
)


def _leads(touched: str) -> str:
    """SQL that sets lead and co of the customers that `touched` selects, as they are on the business date."""
    return f"""WITH touched AS ({touched}), today AS (
            SELECT t.customer_id,
                min(a.manager_id) FILTER (WHERE a.role = 'lead') AS lead_id,
                (array_agg(a.manager_id ORDER BY a.share DESC, a.manager_id)
                    FILTER (WHERE a.role = 'co'))[1] AS co_id
            FROM touched AS t
            LEFT JOIN customers_assignment AS a ON a.customer_id = t.customer_id AND a.during @> {{date}}
            GROUP BY t.customer_id
        )
        UPDATE customers_customer AS c SET lead_id = today.lead_id, co_id = today.co_id FROM today
        WHERE c.id = today.customer_id
        AND (c.lead_id, c.co_id) IS DISTINCT FROM (today.lead_id, today.co_id)"""


LEADS_SENT = Upkeep(
    name="leads of the assignments sent",
    after=("assignments",),
    statements=(
        _leads(
            "SELECT DISTINCT c.id AS customer_id FROM feed_staging.assignments AS s "
            "JOIN customers_customer AS c ON c.number = s.customer"
        ),
    ),
)
# Also without a file of assignments: one that begins or ends with the new days takes effect now.
LEADS = Upkeep(
    name="leads that change with the days",
    after=(),
    statements=(
        _leads(
            "SELECT DISTINCT customer_id FROM customers_assignment "
            "WHERE (lower(during) > {since} AND lower(during) <= {date}) "
            "OR (upper(during) > {since} AND upper(during) <= {date})"
        ),
    ),
)

CONTACTS = Upkeep(
    name="contacts",
    after=("interactions",),
    statements=(
        """WITH latest AS (
            SELECT DISTINCT ON (i.customer_id) i.customer_id, i.next_date,
                (i.happened_at AT TIME ZONE 'Asia/Shanghai')::date AS contact_on
            FROM customers_interaction AS i
            WHERE i.manager_id IS NOT NULL AND i.customer_id IN (
                SELECT c.id FROM feed_staging.interactions AS s
                JOIN customers_customer AS c ON c.number = s.customer
            )
            ORDER BY i.customer_id, i.happened_at DESC, i.id DESC
        )
        UPDATE customers_customer AS c SET last_contact_on = l.contact_on, next_date = l.next_date
        FROM latest AS l WHERE c.id = l.customer_id
        AND (c.last_contact_on, c.next_date) IS DISTINCT FROM (l.contact_on, l.next_date)""",
    ),
)
