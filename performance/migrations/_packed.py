"""SQL of the migration that packs a night's figures: performance/layouts.py says what the values hold.

What nights before wrote is not carried over: readers keep lists and scores (standing, scorecards), and the
next night computes the seven P from the ledger. Their tables stay, empty, under their names.
"""

ROLLUP = """
CREATE TABLE performance_rollup (
    night_id bigint NOT NULL,
    customer_id bigint NOT NULL,
    state bytea STORAGE PLAIN NOT NULL,
    sales bytea,
    held bytea NOT NULL,
    CONSTRAINT performance_rollup_pkey PRIMARY KEY (night_id, customer_id)
) PARTITION BY LIST (night_id);
"""
ANALYSIS = """
CREATE TABLE performance_customeranalysis (
    night_id bigint NOT NULL,
    customer_id bigint NOT NULL,
    analysis bytea STORAGE PLAIN NOT NULL,
    CONSTRAINT performance_customeranalysis_pkey PRIMARY KEY (night_id, customer_id)
) PARTITION BY LIST (night_id);
"""
_EMPTIED = """
DO $$
DECLARE
    emptied record;
BEGIN
    CREATE TEMPORARY TABLE night_table ON COMMIT DROP AS
        SELECT c.relname AS name, pg_get_expr(c.relpartbound, c.oid) AS bound
        FROM pg_inherits JOIN pg_class AS c ON c.oid = inhrelid WHERE inhparent = '{table}'::regclass;
    DROP TABLE {table};
    {made}
    FOR emptied IN SELECT name, bound FROM night_table LOOP
        EXECUTE format('CREATE TABLE %I PARTITION OF {table} %s', emptied.name, emptied.bound);
    END LOOP;
    DROP TABLE night_table;
END $$;
"""


def emptied(table: str, made: str) -> str:
    """Make `table` anew by the statement `made`, with empty tables of the nights it had."""
    return _EMPTIED.format(table=table, made=made)
