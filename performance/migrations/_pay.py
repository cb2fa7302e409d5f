"""SQL of pay: published scores and the ledger are only added to; findings of a closed quarter stand."""

ONLY_ADDED = ("publishedscore", "paystatement", "payentry")

KEPT = """
CREATE FUNCTION performance_only_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is only added to', TG_TABLE_NAME
        USING ERRCODE = '23514', CONSTRAINT = 'performance_only_added';
END $$;
""" + "".join(
    f"CREATE TRIGGER performance_{name}_only_added BEFORE UPDATE OR DELETE ON performance_{name} "
    "FOR EACH STATEMENT EXECUTE FUNCTION performance_only_added();"
    for name in ONLY_ADDED
)
DROP_KEPT = (
    "".join(
        f"DROP TRIGGER IF EXISTS performance_{name}_only_added ON performance_{name};" for name in ONLY_ADDED
    )
    + "DROP FUNCTION IF EXISTS performance_only_added();"
)
FINDING = "JOIN performance_period AS p ON p.closed_at IS NOT NULL AND p.during @> r.found_on"
