"""Products, accounts, and how loans stand."""

from dataclasses import replace

from crm.feed.kinds import Boolean, Code, Date, LedgerDate, Money, Number, Text, percent_rate
from crm.feed.records import Check, Column, LateCheck, RecordType
from customers.choices import Family, LoanClass, ProductRisk
from customers.feed.ledger import rebuild
from customers.feed.references import ACCOUNT, CUSTOMER, PRODUCT
from customers.feed.sealing import seal_accounts
from managers.feed import BRANCH

_KNOWN = (
    "{rows} AS r JOIN feed_staging.hashes AS h ON h.kind = 'account' AND h.text = r.number "
    "JOIN customers_account AS a ON a.number_hash = h.hash"
)
LOAN_FAMILIES = f"({Family.LOAN.value}, {Family.CARD.value})"

PRODUCTS = RecordType(
    name="products",
    table="customers_product",
    columns=(
        Column("code", Text(20), required=True),
        Column("name", Text(80), required=True),
        Column("family", Code.of(Family), required=True),
        Column("risk", Code.of(ProductRisk)),
        Column("on_sale", Boolean(), required=True),
        Column("for_persons", Boolean(), required=True),
        Column("for_organisations", Boolean(), required=True),
        Column("margin", Money(), target="margin_fen", default="0"),
        Column("rate", percent_rate(), target="rate_e5", default="0"),
        Column("ftp", percent_rate(), target="ftp_e5", default="0"),
        Column("term_months", Number(0, 1200)),
    ),
    key=("code",),
    late_checks=(
        LateCheck(
            "family",
            """SELECT r.row_no, 'differs from the family its ledger rows carry' AS reason
            FROM {rows} AS r JOIN customers_product AS p ON p.code = r.code
            WHERE p.family <> r.family AND EXISTS (SELECT FROM customers_account WHERE product_id = p.id)""",
        ),
    ),
)

ACCOUNTS = RecordType(
    name="accounts",
    table="customers_account",
    columns=(
        Column("number", Text(40), required=True, private="account", hashed="account"),
        Column("customer", CUSTOMER, required=True),
        Column("product", PRODUCT, required=True),
        Column("branch", BRANCH, required=True),
        Column("opened_on", Date(), required=True),
        Column("matures_on", Date()),
        Column("closed_on", Date()),
        Column("principal", Money(), target="principal_fen", default="0"),
    ),
    key=("number",),
    checks=(
        Check("matures_on", "r.matures_on < r.opened_on", "is before opened_on"),
        Check("closed_on", "r.closed_on < r.opened_on", "is before opened_on"),
    ),
    late_checks=(
        LateCheck(
            "customer",
            f"""SELECT r.row_no, 'the account already belongs to another customer' AS reason
            FROM {_KNOWN} WHERE a.customer_id <> r.customer_id""",
        ),
        LateCheck(
            "product",
            f"""SELECT r.row_no, 'is of another family than the account was so far' AS reason
            FROM {_KNOWN}
            JOIN customers_product AS old ON old.id = a.product_id
            JOIN customers_product AS new ON new.id = r.product_id
            WHERE new.family <> old.family""",
        ),
    ),
    enter=(
        """CREATE UNLOGGED TABLE feed_staging.fresh_accounts AS
        SELECT r.customer_id, gen_random_uuid() AS public_id, r.number, h.hash
        FROM {rows} AS r JOIN feed_staging.hashes AS h ON h.kind = 'account' AND h.text = r.number
        WHERE NOT EXISTS (SELECT FROM customers_account AS a WHERE a.number_hash = h.hash)""",
        seal_accounts,
        # an account that is known keeps its number as it is: it was found by that number's hash
        """INSERT INTO customers_account (public_id, number, number_hash, last_four, customer_id, product_id,
            branch_id, opened_on, matures_on, closed_on, principal_fen)
        SELECT coalesce(n.public_id, a.public_id), coalesce(n.number, a.number), h.hash,
            coalesce(n.last_four, a.last_four), r.customer_id, r.product_id, r.branch_id, r.opened_on,
            r.matures_on, r.closed_on, coalesce(r.principal, 0)
        FROM {rows} AS r
        JOIN feed_staging.hashes AS h ON h.kind = 'account' AND h.text = r.number
        LEFT JOIN feed_staging.sealed_accounts AS n ON n.hash = h.hash
        LEFT JOIN customers_account AS a ON a.number_hash = h.hash
        ON CONFLICT (number_hash) DO UPDATE SET customer_id = excluded.customer_id,
            product_id = excluded.product_id, branch_id = excluded.branch_id, opened_on = excluded.opened_on,
            matures_on = excluded.matures_on, closed_on = excluded.closed_on,
            principal_fen = excluded.principal_fen""",
    ),
)

_LOANS = RecordType(
    name="loans",
    table="customers_loanstate",
    columns=(
        Column("account", ACCOUNT, required=True, private="account"),
        Column("date", LedgerDate(), required=True),
        Column("loan_class", Code.of(LoanClass), required=True),
        Column("overdue_days", Number(0, 100000), default="0"),
        Column("overdue", Money(), target="overdue_fen", default="0"),
        Column("interest_due", Money(), target="interest_due_fen", default="0"),
        Column("interest_received", Money(), target="interest_received_fen", default="0"),
    ),
    key=("account", "date"),
    constants={"customer_id": "r.account_customer_id"},
    late_checks=(
        LateCheck(
            "account",
            f"""SELECT r.row_no, 'is no loan' AS reason FROM {{rows}} AS r
            WHERE r.account_family NOT IN {LOAN_FAMILIES}""",
        ),
    ),
)
# a late state changes what nights have already counted, as late balances do
LOANS = replace(
    _LOANS,
    enter=(
        *_LOANS.statements(),
        rebuild("date", "(SELECT r.account_customer_id AS customer_id, r.date FROM {rows} AS r) AS late"),
    ),
)
