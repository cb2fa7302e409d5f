"""Rollups: the exact state of every customer at a night, from the night before and what came since.

Table `performance_rollup`, LIST by night, then HASH by customer like the ledger. The figures are packed in
`state` (layouts.ROLLUP), `sales` and `held` (int8 each); what is known of him beside the ledger stands there
too (performance/records.py).

t is the night's business date, q0 the last day of the quarter before t's. A balance is a step function:
`level(d)` is the sum of the deltas of `customers_dailybalance` dated up to d, and its integral `C(d) = Σ
level(e) for all days e ≤ d`. So the sum over the days (a, b] is C(b) − C(a), and the average is that divided
by b − a, in integers.

| columns | meaning |
|---|---|
| aum, deposit, loan | level at t, fen |
| nii | level at t of deposits × (FTP − rate) + loans × (rate − FTP), fen × 1/100,000 a year |
| loan_nii | the loans' part of nii |
| el | level at t of loans × PD × LGD, fen × 1/1,000,000 a year |
| aum_c, deposit_c, loan_c, nii_c, loan_nii_c, el_c | integral C(t): unit of the level × days |
| aum30, aum120, loan365, nii365, loan_nii365, el365; each also `_c` | level, integral so many days before t |
| q_aum_c, q_deposit_c, q_loan_c, q_nii_c, q_el_c | integral at q0: `x_c - q_x_c` sums the quarter's days |
| month_c_0 … 12 | integrals of aum at the ends of the 13 months before t's month, oldest first |
| fee | fee income of (t−365, t], fen (kind FEE is money out of the account: sign turned) |
| q_fee | fee income of (q0, t], fen |
| counter_n, digital_n, other_n | customer-initiated transactions of (t−365, t]: counter, app or web, other |
| q_counter_n, q_digital_n, q_other_n | the same of (q0, t] |
| sales | 24 cells of (t−365, t], fen; null: no sale. Cell `4·(family−2) + channel group`, families 2–7 |
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
before: never the year. Computing from scratch is the same with t0 before all time, so both give the same
integers. SQL sums the slices (rollup_sql.py), frames continue the state (rollup_state.py).

Imported inside tasks only (Polars).
"""

from hashlib import sha256

import numpy as np
import polars as pl
import pyarrow as pa

from performance import packing, records, rollup_sql, rollup_state, tables
from performance.database import execute, fetch, read, send
from performance.layouts import CELLS, LEDGER, ROLLUP
from performance.rollup_sql import Slices

FEW = 20  # one in so many: fewer customers are looked up one by one, more by reading the whole shard


def write_rollup(arrow, night, shard: int) -> tuple[int, str, str]:
    """Write one shard of `night` into a table of its own; return rows, digest and digest of the keys.

    Continues the night before where there is one; customers who are new, or whom a late or corrected row
    touched since, are computed from scratch, and records are read anew where they changed.
    """
    members = read(
        arrow,
        f"SELECT id AS customer_id FROM customers_customer WHERE {tables.customers_of_shard(night, shard)} "
        f"AND since <= '{night.business_date}'",
    ).sort("customer_id")
    before = _continued(arrow, night, shard, members)
    ledger = _ledger(arrow, night, shard, members, before)
    known = records.brought_up(arrow, night, shard, members, before)
    if not ledger["customer_id"].equals(known["customer_id"]):
        raise ValueError("ledger and records are not of the same customers")
    return _write(arrow, night, shard, ledger.hstack(known.drop("customer_id").get_columns()))


def read_state(arrow, source: str, names=None, where: str = "") -> pl.DataFrame:
    """Rollups from table `source`, by customer: customer_id, the columns `names` (all), sales and held.

    `sales` are 24 cells, all 0 without a sale.
    """
    found = fetch(arrow, f"SELECT customer_id, state, sales, held FROM {source} {where}")
    customers = pl.from_arrow(found["customer_id"]).alias("customer_id")
    rest = [_cells(found["sales"]), packing.lists_from_arrow(found["held"]).alias("held")]
    rows = packing.unpack(ROLLUP, found["state"], names).insert_column(0, customers).hstack(rest)
    return rows if customers.is_sorted() else rows.sort("customer_id")


def _cells(column: pa.ChunkedArray) -> pl.Series:
    cells = np.zeros((len(column), CELLS), dtype=np.int64)
    cells[np.asarray(column.is_valid())] = packing.numbers_from_arrow(column.drop_null(), CELLS)
    return pl.Series("sales", cells)


def _continued(arrow, night, shard: int, members: pl.DataFrame) -> pl.DataFrame | None:
    """The state in the night before of members whose ledger did not change behind it; None: no such night."""
    if not night.previous:
        return None
    of_shard = tables.customers_of_shard(night, shard, "customer_id")
    rebuilt = read(
        arrow,
        "SELECT DISTINCT customer_id FROM customers_rebuild "
        f"WHERE load_id > {night.previous.upto_load} AND {of_shard}",
    )
    before = read_state(arrow, tables.published_source(tables.ROLLUP, night, shard))
    goes_on = before["customer_id"].is_in(members["customer_id"].implode())
    goes_on &= ~before["customer_id"].is_in(rebuilt["customer_id"].implode())
    return before if goes_on.all() else before.filter(goes_on)


def _ledger(arrow, night, shard: int, members: pl.DataFrame, before: pl.DataFrame | None) -> pl.DataFrame:
    """The ledger's part of the state of all `members`, by customer."""
    names = ["customer_id", *LEDGER, "sales"]
    scratch, parts = members, []
    if before is not None:
        slices = Slices(night.business_date, night.previous.business_date)
        sums = _sums(arrow, night, shard, slices)
        parts.append(rollup_state.advance(before.select(names), slices, *sums))
        scratch = members.join(before, on="customer_id", how="anti")
    if len(scratch) or not parts:
        few = scratch["customer_id"].to_list() if len(scratch) * FEW < len(members) else None
        slices = Slices(night.business_date, None)
        sums = _sums(arrow, night, shard, slices, few)
        parts.append(rollup_state.advance(rollup_state.nothing(scratch), slices, *sums))
    return pl.concat(parts).sort("customer_id") if len(parts) > 1 else parts[0]


def _sums(arrow, night, shard: int, slices: Slices, few: list[int] | None = None) -> list[pl.DataFrame]:
    """What the ledger adds in `slices`, for the shard or a few: balances, transactions, sales."""
    ledger, who = tables.ledger_shards(night, shard), rollup_sql.only(few)
    balances = rollup_sql.partitions("customers_dailybalance", ledger)
    postings = rollup_sql.postings(slices, rollup_sql.partitions("customers_transaction", ledger), who)
    return [
        read(arrow, rollup_sql.balances(slices, balances, who)),
        read(arrow, rollup_sql.transactions(slices, postings)),
        read(arrow, rollup_sql.sales(postings)),
    ]


def _write(arrow, night, shard: int, frame: pl.DataFrame) -> tuple[int, str, str]:
    customers = frame["customer_id"].to_numpy()
    cells = frame["sales"].to_numpy().reshape(-1, CELLS)
    sold = cells.any(axis=1)
    sales = packing.to_arrow(cells.astype(">i8").view(np.uint8), sold)
    held = packing.lists_to_arrow(frame["held"])
    packed = packing.pack(ROLLUP, frame)
    digest = sha256(customers)
    keys = digest.hexdigest()
    noted = packed[:, : ROLLUP.offsets[next(iter(LEDGER))]]
    kept = noted.copy()
    noted[:] = 0  # the night itself changes it
    for part in (packed, sold, sales.buffers()[2], *held.buffers()[1:]):
        digest.update(part)
    noted[:] = kept
    table = pa.table(
        {
            "night_id": pa.repeat(pa.scalar(night.pk, pa.int64()), len(frame)),
            "customer_id": customers,
            "state": packing.to_arrow(packed),
            "sales": sales,
            "held": held,
        }
    )
    for statement in tables.make_shard_sql(tables.ROLLUP, night, shard):
        execute(arrow, statement)
    send(arrow, tables.of_shard(tables.ROLLUP, night, shard), table)
    for statement in tables.close_shard_sql(tables.ROLLUP, night, shard):
        execute(arrow, statement)
    return len(frame), digest.hexdigest(), keys
