"""How other files of the feed name a customer, a product, an account."""

from crm.feed.kinds import Reference

CUSTOMER = Reference("customers", "(SELECT number AS key, id FROM customers_customer)", called="customer")
PRODUCT = Reference(
    "products", "(SELECT code AS key, id FROM customers_product)", staged="code", called="product"
)
# The hash partition of the ledger that holds the customer, as PostgreSQL computes it (hash_combine64 with 0
# adds a constant that ends in 3). Only an order of rows depends on it: rows that go to one partition
# together are stored in larger batches.
_SHARD = "((hashint8extended(a.customer_id, 8816678312871386365) & 15) + 3) & 15"
ACCOUNT = Reference(
    "accounts",
    f"(SELECT a.number_hash AS key, a.id, a.customer_id, a.branch_id, p.family, p.rate_e5, p.ftp_e5, "
    f"{_SHARD} AS shard "
    "FROM customers_account AS a JOIN customers_product AS p ON p.id = a.product_id)",
    extras=("customer_id", "branch_id", "family", "rate_e5", "ftp_e5", "shard"),
    called="account",
    hashed="account",
)
