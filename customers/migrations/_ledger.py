"""SQL of the first migration: what Django's schema editor cannot say."""

FUNCTIONS = """
-- The sum of int8 as int8: exact, an error on overflow, and parallel (sum(bigint) goes through numeric).
CREATE AGGREGATE isum(bigint) (
    SFUNC = int8pl, STYPE = int8, COMBINEFUNC = int8pl, INITCOND = '0', PARALLEL = SAFE
);

-- Two-character infixes of a name: trigrams of 张伟 are useless, and an infix of two is a sequential scan.
CREATE FUNCTION name_bigrams(name text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
    SELECT array_to_tsvector(array(
        SELECT DISTINCT substr(lower(name), i, 2)
        FROM generate_series(1, greatest(length(name) - 1, 1)) AS i
        WHERE substr(lower(name), i, 2) <> ''
    ))
$$;
"""
DROP_FUNCTIONS = "DROP FUNCTION name_bigrams(text); DROP AGGREGATE isum(bigint);"

SHARDS = 16


def _shards(table: str, date_column: str) -> str:
    return "\n".join(
        f"CREATE TABLE {table}_h{shard:02d} PARTITION OF {table} "
        f"FOR VALUES WITH (MODULUS {SHARDS}, REMAINDER {shard}) PARTITION BY RANGE ({date_column});"
        for shard in range(SHARDS)
    )


LEDGER = f"""
CREATE SEQUENCE customers_transaction_id_seq CACHE 1000;
CREATE TABLE customers_transaction (
    id bigint NOT NULL DEFAULT nextval('customers_transaction_id_seq'),
    customer_id bigint NOT NULL,
    account_id bigint NOT NULL,
    branch_id bigint NOT NULL,
    amount_fen bigint NOT NULL,
    booked_on date NOT NULL,
    load_id integer NOT NULL,
    kind smallint NOT NULL,
    channel smallint NOT NULL,
    family smallint NOT NULL
) PARTITION BY HASH (customer_id);
-- A leaf holds one month: the day in this index would cost a load a fifth of its time for nothing.
CREATE INDEX customers_transaction_customer ON customers_transaction (customer_id);
CREATE INDEX customers_transaction_date ON customers_transaction USING brin (booked_on);
{_shards("customers_transaction", "booked_on")}

CREATE SEQUENCE customers_dailybalance_id_seq CACHE 1000;
CREATE TABLE customers_dailybalance (
    id bigint NOT NULL DEFAULT nextval('customers_dailybalance_id_seq'),
    customer_id bigint NOT NULL,
    account_id bigint NOT NULL,
    amount_fen bigint NOT NULL,
    aum_delta bigint NOT NULL,
    deposit_delta bigint NOT NULL,
    loan_delta bigint NOT NULL,
    nii_delta bigint NOT NULL,
    el_delta bigint NOT NULL,
    date date NOT NULL,
    load_id integer NOT NULL,
    rate_e5 integer NOT NULL,
    ftp_e5 integer NOT NULL,
    pd_bp integer NOT NULL,
    lgd_pct smallint NOT NULL,
    family smallint NOT NULL,
    CONSTRAINT customers_dailybalance_once_a_day PRIMARY KEY (customer_id, account_id, date),
    CONSTRAINT customers_dailybalance_risk_in_range
        CHECK (pd_bp BETWEEN 0 AND 10000 AND lgd_pct BETWEEN 0 AND 100)
) PARTITION BY HASH (customer_id);
CREATE INDEX customers_dailybalance_date ON customers_dailybalance USING brin (date);
{_shards("customers_dailybalance", "date")}

-- The ledger has no foreign keys (two checks a row would double the cost of a load; the loader joins every
-- row to its account). Deleting what it stands on is refused here instead.
CREATE FUNCTION customers_account_protect() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM customers_transaction AS t
               WHERE t.customer_id = OLD.customer_id AND t.account_id = OLD.id)
        OR EXISTS (SELECT FROM customers_dailybalance AS b
                   WHERE b.customer_id = OLD.customer_id AND b.account_id = OLD.id)
    THEN
        RAISE EXCEPTION 'account % has ledger rows: close it instead of deleting it', OLD.id
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'customers_account_protect_ledger';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER customers_account_protect_ledger BEFORE DELETE ON customers_account
    FOR EACH ROW EXECUTE FUNCTION customers_account_protect();
CREATE FUNCTION customers_account_keep_customer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'account % cannot change its customer: its ledger stays where it was booked', OLD.id
        USING ERRCODE = 'check_violation', CONSTRAINT = 'customers_account_keep_customer';
END $$;
CREATE TRIGGER customers_account_keep_customer BEFORE UPDATE OF customer_id ON customers_account
    FOR EACH ROW WHEN (OLD.customer_id IS DISTINCT FROM NEW.customer_id)
    EXECUTE FUNCTION customers_account_keep_customer();

CREATE TABLE customers_standing (
    night_id bigint NOT NULL,
    customer_id bigint NOT NULL,
    aum_fen bigint NOT NULL,
    deposit_fen bigint NOT NULL,
    loan_fen bigint NOT NULL,
    eva_fen bigint,
    next_maturity_fen bigint,
    next_maturity_on date,
    aum_change_bp integer,
    churn_bp integer,
    overdue_days integer NOT NULL DEFAULT 0,
    completeness_pct smallint,
    loyalty numeric(7, 4),
    tier varchar(8) NOT NULL,
    months bigint[] NOT NULL,
    CONSTRAINT customers_standing_pkey PRIMARY KEY (night_id, customer_id),
    CONSTRAINT customers_standing_churn_is_a_probability CHECK (churn_bp BETWEEN 0 AND 10000)
) PARTITION BY LIST (night_id);
CREATE INDEX customers_standing_aum ON customers_standing (aum_fen, customer_id);
CREATE INDEX customers_standing_churn ON customers_standing (churn_bp, customer_id);
"""
DROP_LEDGER = """
DROP TRIGGER customers_account_protect_ledger ON customers_account;
DROP TRIGGER customers_account_keep_customer ON customers_account;
DROP FUNCTION customers_account_protect(); DROP FUNCTION customers_account_keep_customer();
DROP TABLE customers_standing; DROP TABLE customers_dailybalance; DROP TABLE customers_transaction;
DROP SEQUENCE customers_dailybalance_id_seq; DROP SEQUENCE customers_transaction_id_seq;
"""

ASSIGNMENT_RULES = """
-- Shares of a customer sum to 1 on every day that has any, checked when the transaction ends.
CREATE FUNCTION customers_assignment_check() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    subject bigint := coalesce(NEW.customer_id, OLD.customer_id);
    day date;
    total numeric;
BEGIN
    SELECT edge, sum(a.share) INTO day, total
    FROM (SELECT DISTINCT lower(during) AS edge FROM customers_assignment WHERE customer_id = subject
          UNION SELECT upper(during) FROM customers_assignment WHERE customer_id = subject) AS edges
    JOIN customers_assignment AS a ON a.customer_id = subject AND a.during @> edge
    GROUP BY edge HAVING sum(a.share) <> 1 OR count(*) FILTER (WHERE a.role = 'lead') <> 1
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'shares of customer % on % sum to % under one lead, not to 1', subject, day, total
            USING ERRCODE = 'check_violation', CONSTRAINT = 'customers_assignment_shares_sum_to_1';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER customers_assignment_shares_sum_to_1
    AFTER INSERT OR UPDATE OR DELETE ON customers_assignment DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION customers_assignment_check();

-- Nobody is assigned outside his time in post, from either side.
CREATE FUNCTION customers_assignment_in_post() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM managers_manager WHERE id = NEW.manager_id AND in_post @> NEW.during) THEN
        RAISE EXCEPTION 'manager % is not in post for the whole of %', NEW.manager_id, NEW.during
            USING ERRCODE = 'check_violation', CONSTRAINT = 'customers_assignment_inside_time_in_post';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER customers_assignment_inside_time_in_post
    AFTER INSERT OR UPDATE ON customers_assignment DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION customers_assignment_in_post();
CREATE FUNCTION customers_manager_in_post() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM customers_assignment AS a JOIN managers_manager AS m ON m.id = a.manager_id
               WHERE m.id = NEW.id AND NOT m.in_post @> a.during) THEN
        RAISE EXCEPTION 'manager % still has customers outside %: hand them over first', NEW.id, NEW.in_post
            USING ERRCODE = 'check_violation', CONSTRAINT = 'customers_assignment_inside_time_in_post';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER customers_manager_in_post
    AFTER UPDATE OF in_post ON managers_manager DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION customers_manager_in_post();
"""
DROP_ASSIGNMENT_RULES = """
DROP TRIGGER customers_manager_in_post ON managers_manager;
DROP TRIGGER customers_assignment_inside_time_in_post ON customers_assignment;
DROP TRIGGER customers_assignment_shares_sum_to_1 ON customers_assignment;
DROP FUNCTION customers_manager_in_post(); DROP FUNCTION customers_assignment_in_post();
DROP FUNCTION customers_assignment_check();
"""
