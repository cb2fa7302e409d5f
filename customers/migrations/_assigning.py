"""SQL of assigning: the bank's day, what a page may write of assignments, what begins or ends on a day."""

TODAY = """
-- The day in the bank's time zone, as rights that end by themselves read it.
CREATE FUNCTION bank_today() RETURNS date LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date
$$;
"""

# A supervisor's page assigns from today on, inside his subtree; everything else two people decide, and the
# worker carries it out. Statements of the worker, the feed and the owner meet none of these triggers.
GUARDS = """
CREATE FUNCTION customers_page_may_assign(keeper bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT current_user = 'guanhu_branch' AND EXISTS (
        SELECT FROM managers_manager AS m JOIN managers_branch AS b ON b.id = m.branch_id
        WHERE m.id = keeper AND starts_with(b.path, nullif(current_setting('app.branch', true), ''))
    )
$$;

CREATE FUNCTION customers_assignment_by_page() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    today date := bank_today();
    past boolean;
BEGIN
    IF TG_OP = 'INSERT' THEN
        past := lower(NEW.during) < today;
    ELSIF TG_OP = 'DELETE' THEN
        past := lower(OLD.during) < today;
    ELSE
        past := lower(NEW.during) <> lower(OLD.during) OR upper(NEW.during) < today
            OR upper(OLD.during) <= today
            OR (NEW.customer_id, NEW.manager_id, NEW.role, NEW.share)
                IS DISTINCT FROM (OLD.customer_id, OLD.manager_id, OLD.role, OLD.share);
    END IF;
    IF past THEN
        RAISE EXCEPTION 'no page changes an assignment of a day that is past'
            USING ERRCODE = '23514', CONSTRAINT = 'customers_assignment_page_past';
    END IF;
    IF NOT customers_page_may_assign(CASE TG_OP WHEN 'DELETE' THEN OLD.manager_id ELSE NEW.manager_id END)
    THEN
        RAISE EXCEPTION 'this assignment is not one page''s to write'
            USING ERRCODE = '23514', CONSTRAINT = 'customers_assignment_page_scope';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER customers_assignment_by_page BEFORE INSERT OR UPDATE OR DELETE ON customers_assignment
    FOR EACH ROW WHEN (current_user LIKE 'guanhu\\_%' AND current_user <> 'guanhu_worker')
    EXECUTE FUNCTION customers_assignment_by_page();

CREATE FUNCTION customers_custody_by_page() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    today date := bank_today();
BEGIN
    IF TG_OP = 'INSERT' AND lower(NEW.during) < today
        OR TG_OP = 'DELETE' AND lower(OLD.during) < today
        OR TG_OP = 'UPDATE' AND (lower(NEW.during) <> lower(OLD.during) OR upper(NEW.during) < today
            OR (NEW.customer_id, NEW.custodian_id) IS DISTINCT FROM (OLD.customer_id, OLD.custodian_id))
    THEN
        RAISE EXCEPTION 'no page changes a custody of a day that is past'
            USING ERRCODE = '23514', CONSTRAINT = 'customers_assignment_page_past';
    END IF;
    IF NOT customers_page_may_assign(CASE TG_OP WHEN 'DELETE' THEN OLD.custodian_id ELSE NEW.custodian_id END)
    THEN
        RAISE EXCEPTION 'this custody is not one page''s to write'
            USING ERRCODE = '23514', CONSTRAINT = 'customers_assignment_page_scope';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER customers_custody_by_page BEFORE INSERT OR UPDATE OR DELETE ON customers_custody
    FOR EACH ROW WHEN (current_user LIKE 'guanhu\\_%' AND current_user <> 'guanhu_worker')
    EXECUTE FUNCTION customers_custody_by_page();

CREATE FUNCTION customers_lead_by_page() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.lead_id IS DISTINCT FROM (SELECT manager_id FROM customers_assignment
            WHERE customer_id = NEW.id AND role = 'lead' AND during @> bank_today())
        OR NEW.co_id IS NOT NULL AND NOT EXISTS (SELECT FROM customers_assignment
            WHERE customer_id = NEW.id AND manager_id = NEW.co_id AND role = 'co' AND during @> bank_today())
    THEN
        RAISE EXCEPTION 'lead and co of customer % follow from his assignments', NEW.id
            USING ERRCODE = '23514', CONSTRAINT = 'customers_customer_lead_is_assigned';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER customers_lead_by_page BEFORE UPDATE OF lead_id, co_id ON customers_customer
    FOR EACH ROW WHEN (current_user LIKE 'guanhu\\_%' AND current_user <> 'guanhu_worker')
    EXECUTE FUNCTION customers_lead_by_page();
"""
DROP_GUARDS = """
DROP TRIGGER customers_lead_by_page ON customers_customer;
DROP TRIGGER customers_custody_by_page ON customers_custody;
DROP TRIGGER customers_assignment_by_page ON customers_assignment;
DROP FUNCTION customers_lead_by_page(); DROP FUNCTION customers_custody_by_page();
DROP FUNCTION customers_assignment_by_page(); DROP FUNCTION customers_page_may_assign(bigint);
"""

# What begins or ends on a day: read every minute, so by an index.
EDGES = """
CREATE INDEX customers_assignment_begins ON customers_assignment (lower(during));
CREATE INDEX customers_assignment_ends ON customers_assignment (upper(during)) WHERE NOT upper_inf(during);
"""
DROP_EDGES = "DROP INDEX customers_assignment_ends; DROP INDEX customers_assignment_begins;"

# A hand-over brought before it had a reference is named by its public id.
REFS = "UPDATE customers_handover SET ref = 'HO-' || upper(left(replace(public_id::text, '-', ''), 12))"
