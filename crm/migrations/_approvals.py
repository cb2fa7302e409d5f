"""SQL of the approvals: what constraints cannot say. Errors are SQLSTATE 23514 with a constraint name."""

GUARDS = """
CREATE FUNCTION crm_approval_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'an approval is kept for good'
            USING ERRCODE = '23514', CONSTRAINT = 'crm_approval_kept';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'asked' THEN
            RAISE EXCEPTION 'an approval begins by being asked for'
                USING ERRCODE = '23514', CONSTRAINT = 'crm_approval_begins_asked';
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.id, NEW.public_id, NEW.kind, NEW.payload, NEW.digest, NEW.effect, NEW.scope_path, NEW.maker_id,
        NEW.reason, NEW.asked_at, NEW.expires_at)
       IS DISTINCT FROM
       (OLD.id, OLD.public_id, OLD.kind, OLD.payload, OLD.digest, OLD.effect, OLD.scope_path, OLD.maker_id,
        OLD.reason, OLD.asked_at, OLD.expires_at) THEN
        RAISE EXCEPTION 'what was asked does not change'
            USING ERRCODE = '23514', CONSTRAINT = 'crm_approval_asked_is_fixed';
    END IF;
    IF NOT (OLD.state = 'asked' AND NEW.state IN ('approved', 'rejected', 'withdrawn', 'expired')
            OR OLD.state = 'approved' AND NEW.state IN ('done', 'failed')) THEN
        RAISE EXCEPTION 'a decision stands: % does not become %', OLD.state, NEW.state
            USING ERRCODE = '23514', CONSTRAINT = 'crm_approval_goes_forward';
    END IF;
    IF OLD.checker_id IS NOT NULL AND (NEW.checker_id, NEW.decided_at, NEW.answer)
       IS DISTINCT FROM (OLD.checker_id, OLD.decided_at, OLD.answer) THEN
        RAISE EXCEPTION 'who decided does not change'
            USING ERRCODE = '23514', CONSTRAINT = 'crm_approval_goes_forward';
    END IF;
    IF NEW.state = 'done' AND NOT EXISTS (SELECT FROM crm_execution WHERE approval_id = NEW.id) THEN
        RAISE EXCEPTION 'done without an execution'
            USING ERRCODE = '23514', CONSTRAINT = 'crm_approval_done_was_executed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER crm_approval_guard BEFORE INSERT OR UPDATE OR DELETE ON crm_approval
    FOR EACH ROW EXECUTE FUNCTION crm_approval_guard();

CREATE FUNCTION crm_execution_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        RAISE EXCEPTION 'an execution is kept for good'
            USING ERRCODE = '23514', CONSTRAINT = 'crm_execution_kept';
    END IF;
    PERFORM FROM crm_approval
        WHERE id = NEW.approval_id AND state = 'approved' AND digest = NEW.digest FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'only what was approved, as it was approved, is carried out'
            USING ERRCODE = '23514', CONSTRAINT = 'crm_execution_of_approved';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER crm_execution_guard BEFORE INSERT OR UPDATE OR DELETE ON crm_execution
    FOR EACH ROW EXECUTE FUNCTION crm_execution_guard();
"""
DROP_GUARDS = """
DROP TRIGGER IF EXISTS crm_execution_guard ON crm_execution;
DROP TRIGGER IF EXISTS crm_approval_guard ON crm_approval;
DROP FUNCTION IF EXISTS crm_execution_guard();
DROP FUNCTION IF EXISTS crm_approval_guard();
"""
