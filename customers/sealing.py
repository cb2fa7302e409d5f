"""Identities and account numbers sealed in bulk: what the feed and the migration of plain rows share.

Values must be in their one form (customers.formats). Tables and columns are those of CustomerIdentity and
Account; the envelopes are bound to customer id and account public id.
"""

from crm.secrets.bulk import sealed
from crm.secrets.keys import keyed_hash

IDENTITY, ACCOUNT = "customers_customeridentity", "customers_account"


def sealed_identity(
    customer: int, wrapped: bytes | None, texts: tuple[str | None, ...], held: tuple[bytes | None, ...]
) -> tuple:
    """Return (customer, wrapped key, document, its hash, mobile, its hash, address), sealed for the table.

    `texts` are document, mobile and address; `held` the envelopes that the row has of them.
    """
    columns = ("document_number", "mobile", "address")
    values = [(IDENTITY, *rest) for rest in zip(columns, (customer,) * 3, texts, held, strict=True)]
    wrapped, (one, two, three) = sealed(IDENTITY, customer, wrapped, values)
    one_hash = keyed_hash("document", texts[0]) if texts[0] else None
    two_hash = keyed_hash("mobile", texts[1]) if texts[1] else None
    return customer, wrapped, one, one_hash, two, two_hash, three


def sealed_account(customer: int, wrapped: bytes | None, public_id: object, number: str) -> tuple:
    """Return (wrapped key, number) as the tables hold them."""
    wrapped, (one,) = sealed(IDENTITY, customer, wrapped, [(ACCOUNT, "number", public_id, number, None)])
    return wrapped, one
