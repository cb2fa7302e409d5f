"""Rollups: one row of exact sufficient statistics per customer and night, computed from the ledger by SQL.

Table `performance_rollup`, LIST by night, then HASH by customer like the ledger. t is the night's business
date, q0 the last day of the quarter before t's. A balance is a step function: `level(d)` is the sum of the
deltas of `customers_dailybalance` dated up to d, and its integral `C(d) = Σ level(e) for all days e ≤ d`.
So the sum over the days (a, b] is C(b) − C(a), and the average is that divided by b − a, in integers.

| columns | meaning |
|---|---|
| aum, deposit, loan | level at t, fen |
| nii | level at t of deposits × (FTP − rate) + loans × (rate − FTP), fen × 1/100,000 a year |
| loan_nii | the loans' part of nii |
| el | level at t of loans × PD × LGD, fen × 1/1,000,000 a year |
| aum_c, deposit_c, loan_c, nii_c, loan_nii_c, el_c | integral C(t): unit of the level × days |
| aum30, aum120, loan365, nii365, loan_nii365, el365; each also `_c` | level, integral so many days before t |
| q_aum_c, q_deposit_c, q_loan_c, q_nii_c, q_el_c | integral at q0: `x_c - q_x_c` sums the quarter's days |
| month_c | integrals of aum at the ends of the 13 months before t's month, oldest first |
| fee | fee income of (t−365, t], fen (kind FEE is money out of the account: sign turned) |
| q_fee | fee income of (q0, t], fen |
| counter_n, digital_n, other_n | customer-initiated transactions of (t−365, t]: counter, app or web, other |
| q_counter_n, q_digital_n, q_other_n | the same of (q0, t] |
| sales | bigint[24] of (t−365, t], fen; null: no sale. Cell `4·(family−2) + channel group`, families 2–7 |
|       | (SALE_FAMILIES), channel groups 0 app, 1 web, 2 counter, 3 other |
| sales_prev | total sales of (t−730, t−365], fen |
| weeks | bitmap: bit k = a customer-initiated transaction in the calendar week k before t's (0..52) |
| active_months, salary_months | bitmaps of 12 months: bit k = own transaction / salary k months before |
| first_balance_on, first_transaction_on | first ledger day; null: none |
| last_own_on, last_digital_on, last_salary_on | last own, own digital, salary posting; null: never |

Average deposits of the running quarter: `(deposit_c - q_deposit_c) / (t - q0)`. NII of the quarter in fen:
`(nii_c - q_nii_c) / (360 · 100,000)`; expected loss: `(el_c - q_el_c) / (360 · 1,000,000)`. The integral at
any other day d (an assignment that changed within the quarter) is `Σ delta · (d − date + 1)` over the
customer's balance rows dated up to d.

A night from t0 to t reads the day slices (t0 − L, t − L] of each lag L and one row per customer of the night
before: never the year. Computing from scratch is the same statement with t0 before all time, so both give the
same integers.
"""

from django.db import connection

from performance import rollup_sql, tables

FEW = 2000  # customers looked up one by one instead of reading their whole shard


def write_rollup(night, shard: int) -> tuple[int, str, str]:
    """Write one shard of `night` into a table of its own; return rows, digest and digest of the keys.

    Continues the night before where there is one; customers who are new, or whom a late or corrected row
    touched since, are computed from scratch. The caller holds the transaction.
    """
    target = tables.of_shard(tables.ROLLUP, night, shard)
    place = {"target": target, "ledger": tables.ledger_shards(night, shard), "night": night.pk}
    everyone = (
        "SELECT id FROM customers_customer "
        f"WHERE {tables.customers_of_shard(night, shard)} AND since <= '{night.business_date}'"
    )
    with connection.cursor() as cursor:
        for statement in tables.make_shard_sql(tables.ROLLUP, night, shard):
            cursor.execute(statement)
        if night.previous:
            old = tables.published_source(tables.ROLLUP, night, shard)
            rebuilt = f"SELECT customer_id FROM customers_rebuild WHERE load_id > {night.previous.upto_load}"
            continued = f"SELECT customer_id FROM {old} WHERE customer_id NOT IN ({rebuilt})"
            slices = rollup_sql.Slices(night.business_date, night.previous.business_date)
            members = f"{everyone} AND id IN ({continued})"
            # a fresh table has no statistics: the planner would look up every customer singly
            cursor.execute("SET LOCAL enable_nestloop = off")
            cursor.execute(rollup_sql.insert(slices, **place, members=members, previous=old))
            cursor.execute("SET LOCAL enable_nestloop = DEFAULT")
            cursor.execute(f"{everyone} AND id NOT IN ({continued}) ORDER BY id")
            scratch = [number for (number,) in cursor.fetchall()]
        else:
            scratch = None
        if scratch is None or scratch:
            slices = rollup_sql.Slices(night.business_date, None)
            members = (
                everyone if scratch is None else f"SELECT unnest('{{{_listed(scratch)}}}'::bigint[]) AS id"
            )
            few = scratch if scratch is not None and len(scratch) <= FEW else None
            cursor.execute(rollup_sql.insert(slices, **place, members=members, previous=None, few=few))
        for statement in tables.close_shard_sql(tables.ROLLUP, night, shard):
            cursor.execute(statement)
        cursor.execute(tables.digest_sql(target, tables.columns_of(tables.ROLLUP)))
        return cursor.fetchone()


def _listed(numbers: list[int]) -> str:
    return ",".join(map(str, numbers))
