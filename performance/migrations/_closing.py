"""SQL that locks a closed period: what was paid on does not change under it.

Statement-level triggers with transition tables: one question a statement, none for each row, and nothing on
the tables of the night or the ledger. A bank without a closed period pays one look at an empty partial index.
"""

REFUSE = """
CREATE FUNCTION performance_refuse_closed(code text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the period % is closed', code
        USING ERRCODE = '23514', CONSTRAINT = 'performance_period_is_closed';
END $$;
"""

# Days whose keeper changes: a row that comes or goes changes all its days, a row that is only cut or
# prolonged changes the days between.
ASSIGNMENT = """
CREATE FUNCTION performance_assignment_closed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    hit text;
BEGIN
    IF NOT EXISTS (SELECT FROM performance_period WHERE closed_at IS NOT NULL) THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'INSERT' THEN
        SELECT p.code INTO hit FROM arriving AS n
            JOIN performance_period AS p ON p.closed_at IS NOT NULL AND p.during && n.during LIMIT 1;
    ELSIF TG_OP = 'DELETE' THEN
        SELECT p.code INTO hit FROM leaving AS o
            JOIN performance_period AS p ON p.closed_at IS NOT NULL AND p.during && o.during LIMIT 1;
    ELSE
        SELECT p.code INTO hit FROM leaving AS o FULL JOIN arriving AS n ON n.id = o.id
            JOIN performance_period AS p ON p.closed_at IS NOT NULL
                AND (p.during && o.during OR p.during && n.during)
        WHERE (o.customer_id, o.manager_id, o.role, o.share)
                  IS DISTINCT FROM (n.customer_id, n.manager_id, n.role, n.share)
           OR p.during * o.during IS DISTINCT FROM p.during * n.during
        LIMIT 1;
    END IF;
    IF hit IS NOT NULL THEN
        PERFORM performance_refuse_closed(hit);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER performance_assignment_closed_insert AFTER INSERT ON customers_assignment
    REFERENCING NEW TABLE AS arriving
    FOR EACH STATEMENT EXECUTE FUNCTION performance_assignment_closed();
CREATE TRIGGER performance_assignment_closed_update AFTER UPDATE ON customers_assignment
    REFERENCING OLD TABLE AS leaving NEW TABLE AS arriving
    FOR EACH STATEMENT EXECUTE FUNCTION performance_assignment_closed();
CREATE TRIGGER performance_assignment_closed_delete AFTER DELETE ON customers_assignment
    REFERENCING OLD TABLE AS leaving
    FOR EACH STATEMENT EXECUTE FUNCTION performance_assignment_closed();
"""

# {table} {name} {code}: which closed period each row of `changed` belongs to.
ROWS = """
CREATE FUNCTION performance_{name}_closed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    hit text;
BEGIN
    IF NOT EXISTS (SELECT FROM performance_period WHERE closed_at IS NOT NULL) THEN
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        SELECT p.code INTO hit FROM leaving AS r {join} LIMIT 1;
    END IF;
    IF hit IS NULL AND TG_OP <> 'DELETE' THEN
        SELECT p.code INTO hit FROM arriving AS r {join} LIMIT 1;
    END IF;
    IF hit IS NOT NULL THEN
        PERFORM performance_refuse_closed(hit);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER performance_{name}_closed_insert AFTER INSERT ON {table}
    REFERENCING NEW TABLE AS arriving FOR EACH STATEMENT EXECUTE FUNCTION performance_{name}_closed();
CREATE TRIGGER performance_{name}_closed_update AFTER UPDATE ON {table}
    REFERENCING OLD TABLE AS leaving NEW TABLE AS arriving
    FOR EACH STATEMENT EXECUTE FUNCTION performance_{name}_closed();
CREATE TRIGGER performance_{name}_closed_delete AFTER DELETE ON {table}
    REFERENCING OLD TABLE AS leaving FOR EACH STATEMENT EXECUTE FUNCTION performance_{name}_closed();
"""
PROTECTED = {
    "scorecard": "JOIN performance_period AS p ON p.id = r.period_id AND p.closed_at IS NOT NULL",
    "indicatorresult": "JOIN performance_scorecard AS s ON s.id = r.scorecard_id "
    "JOIN performance_period AS p ON p.id = s.period_id AND p.closed_at IS NOT NULL",
    "plan": "JOIN performance_period AS p ON p.code = r.period AND p.closed_at IS NOT NULL",
}

ITSELF = """
CREATE FUNCTION performance_period_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.closed_at IS NOT NULL THEN
        PERFORM performance_refuse_closed(OLD.code);
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER performance_period_closed BEFORE UPDATE OR DELETE ON performance_period
    FOR EACH ROW EXECUTE FUNCTION performance_period_closed();

CREATE FUNCTION performance_scheme_closed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    hit text;
BEGIN
    SELECT code INTO hit FROM performance_period WHERE scheme_id = OLD.id AND closed_at IS NOT NULL LIMIT 1;
    -- the end of its time may be set, after the closed period
    IF hit IS NOT NULL AND (TG_OP = 'DELETE' OR (OLD.code, OLD.content, lower(OLD.during))
            IS DISTINCT FROM (NEW.code, NEW.content, lower(NEW.during))
            OR EXISTS (SELECT FROM performance_period WHERE scheme_id = OLD.id AND closed_at IS NOT NULL
                       AND NOT NEW.during @> lower(during))) THEN
        PERFORM performance_refuse_closed(hit);
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER performance_scheme_closed BEFORE UPDATE OR DELETE ON performance_scheme
    FOR EACH ROW EXECUTE FUNCTION performance_scheme_closed();
"""

CLOSING = (
    REFUSE
    + ASSIGNMENT
    + "".join(
        ROWS.format(table=f"performance_{name}", name=name, join=join) for name, join in PROTECTED.items()
    )
    + ITSELF
)
DROP_CLOSING = (
    "".join(
        f"DROP TRIGGER IF EXISTS performance_{name}_closed_{when} ON {table};"
        for name, table in [
            ("assignment", "customers_assignment"),
            *((n, f"performance_{n}") for n in PROTECTED),
        ]
        for when in ("insert", "update", "delete")
    )
    + (
        "DROP TRIGGER IF EXISTS performance_period_closed ON performance_period;"
        "DROP TRIGGER IF EXISTS performance_scheme_closed ON performance_scheme;"
    )
    + "".join(
        f"DROP FUNCTION IF EXISTS performance_{name}_closed();"
        for name in ("assignment", *PROTECTED, "period", "scheme")
    )
    + "DROP FUNCTION IF EXISTS performance_refuse_closed(text);"
)


def rows_lock(name: str, join: str) -> str:
    """SQL that locks rows of performance_`name` in closed periods; `join` finds the period of row r."""
    return ROWS.format(table=f"performance_{name}", name=name, join=join)


def drop_rows_lock(name: str) -> str:
    """SQL that takes rows_lock back."""
    return (
        "".join(
            f"DROP TRIGGER IF EXISTS performance_{name}_closed_{when} ON performance_{name};"
            for when in ("insert", "update", "delete")
        )
        + f"DROP FUNCTION IF EXISTS performance_{name}_closed();"
    )
