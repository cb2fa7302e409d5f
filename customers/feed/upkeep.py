"""What a customer's row repeats of other records, brought up to date at the end of every load."""

from crm.feed.records import Upkeep
from customers.leads import leads_of

BRANCH_PATHS = Upkeep(
    name="branch paths",
    after=("branches",),
    statements=(
        """UPDATE customers_customer AS c SET branch_path = b.path FROM managers_branch AS b
        WHERE b.id = c.branch_id AND c.branch_path <> b.path""",
    ),
)


LEADS_SENT = Upkeep(
    name="leads of the assignments sent",
    after=("assignments",),
    statements=(
        leads_of(
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
        leads_of(
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
