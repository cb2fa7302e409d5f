"""The records: customers, holdings, the ledger, assignments, hand-overs, contacts, tasks."""
