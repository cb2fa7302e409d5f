"""The customers' records in the administrators' site."""

from customers.admin import assignment, contact, holdings, ledger, people, standing  # noqa: F401
