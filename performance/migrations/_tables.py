"""SQL of the first migration: the tables that every night writes anew, one partition a night.

`performance_rollup` and `performance_customeranalysis` are LIST by night; a night's own table is HASH by
customer like the ledger, so shard S of the night holds the customers of shard S of the ledger. What the
columns mean: performance/rollups.py, performance/models/analysis.py, docs/analyses.md.
"""

FUNCTIONS = """
-- The hash partition (0..15) of the ledger that holds a customer: PostgreSQL's own arithmetic, written out
-- so that it can be indexed (tests compare it with satisfies_hash_partition).
CREATE FUNCTION customer_shard(customer bigint) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN (((hashint8extended(customer, 8816678312871386365) & 15) + 3) & 15)::integer;
CREATE INDEX customers_customer_shard ON customers_customer (customer_shard(id));
CREATE INDEX customers_account_shard ON customers_account (customer_shard(customer_id));
"""
# `since` beside the id: a night's list of its customers reads this index alone
COVERING_SHARD = """
DROP INDEX customers_customer_shard;
CREATE INDEX customers_customer_shard ON customers_customer (customer_shard(id)) INCLUDE (id, since);
"""
PLAIN_SHARD = """
DROP INDEX customers_customer_shard;
CREATE INDEX customers_customer_shard ON customers_customer (customer_shard(id));
"""
DROP_FUNCTIONS = """
DROP INDEX customers_customer_shard; DROP INDEX customers_account_shard; DROP FUNCTION customer_shard(bigint);
"""

ROLLUP = """
CREATE TABLE performance_rollup (
    night_id bigint NOT NULL,
    customer_id bigint NOT NULL,
    aum bigint NOT NULL, aum_c bigint NOT NULL,
    aum30 bigint NOT NULL, aum30_c bigint NOT NULL,
    aum120 bigint NOT NULL, aum120_c bigint NOT NULL,
    deposit bigint NOT NULL, deposit_c bigint NOT NULL,
    loan bigint NOT NULL, loan_c bigint NOT NULL,
    loan365 bigint NOT NULL, loan365_c bigint NOT NULL,
    nii bigint NOT NULL, nii_c bigint NOT NULL,
    nii365 bigint NOT NULL, nii365_c bigint NOT NULL,
    loan_nii bigint NOT NULL, loan_nii_c bigint NOT NULL,
    loan_nii365 bigint NOT NULL, loan_nii365_c bigint NOT NULL,
    el bigint NOT NULL, el_c bigint NOT NULL,
    el365 bigint NOT NULL, el365_c bigint NOT NULL,
    q_aum_c bigint NOT NULL, q_deposit_c bigint NOT NULL, q_loan_c bigint NOT NULL,
    q_nii_c bigint NOT NULL, q_el_c bigint NOT NULL,
    fee bigint NOT NULL, q_fee bigint NOT NULL,
    sales_prev bigint NOT NULL,
    weeks bigint NOT NULL,
    counter_n integer NOT NULL, digital_n integer NOT NULL, other_n integer NOT NULL,
    q_counter_n integer NOT NULL, q_digital_n integer NOT NULL, q_other_n integer NOT NULL,
    active_months integer NOT NULL, salary_months integer NOT NULL,
    first_balance_on date, first_transaction_on date,
    last_own_on date, last_digital_on date, last_salary_on date,
    month_c bigint[] NOT NULL,
    sales bigint[],
    CONSTRAINT performance_rollup_pkey PRIMARY KEY (night_id, customer_id)
) PARTITION BY LIST (night_id);
"""
DROP_ROLLUP = "DROP TABLE performance_rollup;"

# state of each P: 0 computed, 1 too little data (have, need), 2 carried over from the night of <p>_on
ANALYSIS = """
CREATE TABLE performance_customeranalysis (
    night_id bigint NOT NULL,
    customer_id bigint NOT NULL,
    overdue_days integer NOT NULL,
    next_maturity_fen bigint, next_maturity_on date,

    profiling_state smallint NOT NULL, profiling_have smallint, profiling_need smallint, profiling_on date,
    profiling_tier varchar(8), profiling_lifecycle varchar(10), profiling_month_fen bigint,
    profiling_completeness_pct smallint, profiling_missing bigint, profiling_missing_count smallint,

    persistency_state smallint NOT NULL, persistency_have smallint, persistency_need smallint,
    persistency_on date,
    persistency_loyalty double precision, persistency_churn double precision, persistency_band smallint,
    persistency_change_bp integer, persistency_maturing_fen bigint,
    persistency_driver smallint, persistency_driver2 smallint,

    profitability_state smallint NOT NULL, profitability_have smallint, profitability_need smallint,
    profitability_on date,
    profitability_nii_fen bigint, profitability_fee_fen bigint, profitability_cost_fen bigint,
    profitability_el_fen bigint, profitability_eva_fen bigint, profitability_raroc_bp integer,
    profitability_days smallint, profitability_percentile smallint,

    performance_state smallint NOT NULL, performance_have smallint, performance_need smallint,
    performance_on date,
    performance_sales_fen bigint, performance_hhi double precision, performance_digital_bp smallint,
    performance_family smallint, performance_channel smallint, performance_yoy_bp integer,

    prospecting_state smallint NOT NULL, prospecting_have smallint, prospecting_need smallint,
    prospecting_on date,
    prospecting_aum_fen bigint, prospecting_low_fen bigint, prospecting_high_fen bigint,
    prospecting_slope_fen bigint, prospecting_clv_fen bigint, prospecting_gap_fen bigint,

    product_state smallint NOT NULL, product_have smallint, product_need smallint, product_on date,
    product_product_id bigint, product_because_id bigint, product_confidence_bp smallint,
    product_lift double precision, product_value_fen bigint, product_fallback boolean,

    promotion_state smallint NOT NULL, promotion_have smallint, promotion_need smallint, promotion_on date,
    promotion_response double precision, promotion_invited smallint, promotion_responded smallint,
    promotion_channel smallint, promotion_contacts smallint, promotion_rest boolean,

    CONSTRAINT performance_customeranalysis_pkey PRIMARY KEY (night_id, customer_id),
    CONSTRAINT performance_customeranalysis_churn_is_a_probability
        CHECK (persistency_churn BETWEEN 0 AND 1),
    CONSTRAINT performance_customeranalysis_response_is_a_probability
        CHECK (promotion_response BETWEEN 0 AND 1)
) PARTITION BY LIST (night_id);
"""
DROP_ANALYSIS = "DROP TABLE performance_customeranalysis;"
