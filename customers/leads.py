"""Lead and co of a customer's row, as his assignments have them: one statement for feed and clock."""


def leads_of(touched: str) -> str:
    """SQL that sets lead and co of the customers that `touched` selects, as they are on `{date}`."""
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
