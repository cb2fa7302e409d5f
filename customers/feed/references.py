"""How other files of the feed name a customer, a product, an account."""

from crm.feed.kinds import Reference

CUSTOMER = Reference("customers", "(SELECT number AS key, id FROM customers_customer)", called="customer")
PRODUCT = Reference(
    "products", "(SELECT code AS key, id FROM customers_product)", staged="code", called="product"
)
ACCOUNT = Reference(
    "accounts",
    "(SELECT a.number AS key, a.id, a.customer_id, a.branch_id, p.family, p.rate_e5, p.ftp_e5 "
    "FROM customers_account AS a JOIN customers_product AS p ON p.id = a.product_id)",
    extras=("customer_id", "branch_id", "family", "rate_e5", "ftp_e5"),
    called="account",
)
