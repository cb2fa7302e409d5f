"""Balances and transactions: the ledger, with the deltas that let a night read days instead of years."""

from crm.feed.kinds import Code, LedgerDate, Money, Number, Text, percent_rate
from crm.feed.records import Column, Direct, LateCheck, RecordType
from customers.choices import AUM_FAMILIES, DEPOSIT_FAMILIES, Channel, Family, TransactionKind
from customers.feed.references import ACCOUNT
from managers.feed import BRANCH

_AUM = ", ".join(str(family.value) for family in AUM_FAMILIES)
_DEPOSITS = ", ".join(str(family.value) for family in DEPOSIT_FAMILIES)
_LOAN = Family.LOAN.value
_MEASURES = ("aum", "deposit", "loan", "nii", "el")
_ROW = "customer_id, account_id, date, family, amount_fen, rate_e5, ftp_e5, pd_bp, lgd_pct"
_DELTAS = ", ".join(f"{measure}_delta" for measure in _MEASURES)
_EARLIER = "lag({0}, 1, 0::bigint) OVER (PARTITION BY account_id ORDER BY date)"

# The levels of one row (units: customers/models/ledger.py).
_LEVELS = f"""
    CASE WHEN family IN ({_AUM}) THEN amount_fen ELSE 0 END AS aum,
    CASE WHEN family IN ({_DEPOSITS}) THEN amount_fen ELSE 0 END AS deposit,
    CASE WHEN family = {_LOAN} THEN amount_fen ELSE 0 END AS loan,
    CASE WHEN family IN ({_DEPOSITS}) THEN amount_fen * (ftp_e5 - rate_e5)
         WHEN family = {_LOAN} THEN amount_fen * (rate_e5 - ftp_e5) ELSE 0 END AS nii,
    CASE WHEN family = {_LOAN} THEN amount_fen * pd_bp * lgd_pct ELSE 0 END AS el
"""


def rebuild(date_column: str, rows: str) -> str:
    """Customers whose ledger changed on days that nights have already counted are computed anew."""
    return f"""INSERT INTO customers_rebuild (customer_id, load_id, since)
        SELECT customer_id, {{load}}, min({date_column}) FROM {rows}
        WHERE {{late_since}} < {{since}} AND {date_column} <= {{since}} GROUP BY customer_id
        ON CONFLICT (customer_id, load_id) DO UPDATE
        SET since = least(customers_rebuild.since, excluded.since)"""


BALANCES = RecordType(
    name="balances",
    table="customers_dailybalance",
    columns=(
        Column("account", ACCOUNT, required=True, private="account"),
        Column("date", LedgerDate(), required=True),
        Column("amount", Money(signed=True), required=True),
        Column("rate", percent_rate()),
        Column("ftp", percent_rate()),
        Column("pd", Number(0, 100, places=2, times=100, what="a probability in percent")),
        Column("lgd", Number(0, 100, what="a whole percentage")),
    ),
    key=("account", "date"),
    months=("customers_dailybalance", "date"),
    before=(
        """CREATE UNLOGGED TABLE feed_staging.balance_rows AS
        SELECT r.row_no, r.account_customer_id AS customer_id, r.account_id, r.date,
            r.account_family AS family, r.amount AS amount_fen,
            coalesce(r.rate, r.account_rate_e5) AS rate_e5, coalesce(r.ftp, r.account_ftp_e5) AS ftp_e5,
            coalesce(r.pd, 0) AS pd_bp, coalesce(r.lgd, 0)::smallint AS lgd_pct
        FROM {rows} AS r""",
        "ANALYZE feed_staging.balance_rows",
    ),
    late_checks=(
        LateCheck(
            "amount",
            f"""SELECT b.row_no, 'is negative: what is owed is a positive amount' AS reason
            FROM feed_staging.balance_rows AS b
            WHERE b.family = {_LOAN} AND b.amount_fen < 0""",
        ),
    ),
    enter=(
        """CREATE UNLOGGED TABLE feed_staging.balance_firsts AS
        SELECT customer_id, account_id, min(date) AS first FROM feed_staging.balance_rows
        GROUP BY customer_id, account_id""",
        "ANALYZE feed_staging.balance_firsts",
        # what the ledger already holds after the first new row of an account, and the one row before it
        f"""CREATE UNLOGGED TABLE feed_staging.balance_old AS
        SELECT {_ROW}, {_DELTAS}, true AS after FROM customers_dailybalance AS b
        JOIN feed_staging.balance_firsts AS f USING (customer_id, account_id) WHERE b.date >= f.first
        UNION ALL
        (SELECT DISTINCT ON (account_id) {_ROW}, {_DELTAS}, false FROM customers_dailybalance AS b
        JOIN feed_staging.balance_firsts AS f USING (customer_id, account_id) WHERE b.date < f.first
        ORDER BY account_id, date DESC)""",
        f"""CREATE UNLOGGED TABLE feed_staging.balance_chain AS
        SELECT {_ROW}, fresh, {", ".join(f"{m} - {_EARLIER.format(m)} AS {m}_delta" for m in _MEASURES)}
        FROM (
            SELECT {_ROW}, true AS fresh, {_LEVELS} FROM feed_staging.balance_rows
            UNION ALL
            SELECT {_ROW}, false, {_LEVELS} FROM feed_staging.balance_old AS o
            WHERE NOT EXISTS (
                SELECT FROM feed_staging.balance_rows AS n
                WHERE n.account_id = o.account_id AND n.date = o.date
            )
        ) AS levels""",
        # an overridden row goes, so that the new one is a plain insert
        """DELETE FROM customers_dailybalance AS b USING feed_staging.balance_old AS o
        WHERE o.after AND b.customer_id = o.customer_id AND b.account_id = o.account_id AND b.date = o.date
        AND EXISTS (SELECT FROM feed_staging.balance_rows AS n
                    WHERE n.account_id = o.account_id AND n.date = o.date)""",
        f"""INSERT INTO customers_dailybalance ({_ROW}, {_DELTAS}, load_id)
        SELECT {_ROW}, {_DELTAS}, {{load}} FROM feed_staging.balance_chain WHERE fresh
        ORDER BY customer_id, account_id, date""",
        f"""UPDATE customers_dailybalance AS b
        SET {", ".join(f"{m}_delta = c.{m}_delta" for m in _MEASURES)}
        FROM feed_staging.balance_chain AS c
        JOIN feed_staging.balance_old AS o USING (account_id, date)
        WHERE NOT c.fresh AND o.after AND b.customer_id = c.customer_id AND b.account_id = c.account_id
        AND b.date = c.date
        AND ({", ".join(f"b.{m}_delta" for m in _MEASURES)})
            IS DISTINCT FROM ({", ".join(f"c.{m}_delta" for m in _MEASURES)})""",
        rebuild("date", "feed_staging.balance_rows"),
    ),
)

TRANSACTIONS = RecordType(
    name="transactions",
    table="customers_transaction",
    columns=(
        Column("ref", Text(60), required=True),
        Column("account", ACCOUNT, required=True, private="account"),
        Column("booked_on", LedgerDate(), required=True),
        Column("kind", Code.of(TransactionKind), required=True),
        Column("channel", Code.of(Channel), required=True),
        Column("branch", BRANCH),
        Column("amount", Money(signed=True), required=True),
    ),
    key=("ref",),
    months=("customers_transaction", "booked_on"),
    direct=(
        Direct("id", "int8", sequence="customers_transaction_id_seq"),
        Direct("customer_id", "int8", ("account_customer_id",)),
        Direct("account_id", "int8", ("account_id",)),
        Direct("branch_id", "int8", ("branch_id", "account_branch_id")),
        Direct("amount_fen", "int8", ("amount",)),
        Direct("booked_on", "date", ("booked_on",)),
        Direct("load_id", "int4"),
        Direct("kind", "int2", ("kind",)),
        Direct("channel", "int2", ("channel",)),
        Direct("family", "int2", ("account_family",)),
    ),
    order=("account_shard", "account_customer_id"),
    enter=(
        """INSERT INTO customers_transaction
            (customer_id, account_id, branch_id, amount_fen, booked_on, load_id, kind, channel, family)
        SELECT r.account_customer_id, r.account_id, coalesce(r.branch_id, r.account_branch_id), r.amount,
            r.booked_on, {load}, r.kind, r.channel, r.account_family
        FROM {rows} AS r ORDER BY r.account_shard, r.account_customer_id""",
        rebuild(
            "booked_on",
            "(SELECT r.account_customer_id AS customer_id, r.booked_on FROM {rows} AS r) AS late",
        ),
    ),
)
