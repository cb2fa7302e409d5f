"""What the feed brings for the records (docs/feed.md), in loading order."""

from customers.feed.care import ASSIGNMENTS, HANDOVERS, INTERACTIONS
from customers.feed.holdings import ACCOUNTS, LOANS, PRODUCTS
from customers.feed.ledger import BALANCES, TRANSACTIONS
from customers.feed.people import CUSTOMERS, FACTS, FIELDS, GROUPS, RELATIONSHIPS
from customers.feed.upkeep import BRANCH_PATHS, CONTACTS, LEADS, LEADS_SENT

RECORDS = (
    PRODUCTS,
    FIELDS,
    CUSTOMERS,
    FACTS,
    RELATIONSHIPS,
    GROUPS,
    ACCOUNTS,
    BALANCES,
    TRANSACTIONS,
    LOANS,
    ASSIGNMENTS,
    HANDOVERS,
    INTERACTIONS,
    BRANCH_PATHS,
    LEADS_SENT,
    LEADS,
    CONTACTS,
)
