"""Every write with a rule: assignment, contacts, tasks. Each is one transaction; errors are one sentence."""
