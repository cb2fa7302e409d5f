"""The one door into the table of acts: a function with its owner's rights, so that no role needs any."""

APPEND = """
CREATE OR REPLACE FUNCTION audit_append(
    act text, user_id bigint, staff_number text, role text, branch_path text, subject_type text,
    subject_id text, customer_number text, detail jsonb, request_id text, address inet
) RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    INSERT INTO crm_auditrecord (act, user_id, staff_number, role, branch_path, subject_type, subject_id,
        customer_number, detail, request_id, address, by_function)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, true) RETURNING id
$$
"""
DROP = "DROP FUNCTION audit_append(text, bigint, text, text, text, text, text, text, jsonb, text, inet)"
CALL = (
    "SELECT audit_append(%s::text, %s::bigint, %s::text, %s::text, %s::text, %s::text, %s::text, %s::text, "
    "%s::jsonb, %s::text, %s::inet)"
)
