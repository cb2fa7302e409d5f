"""Moves of customers that another person approves: one module a kind, each with its `ask_…` and its Kind."""

from customers.moves.assignment import ASSIGNMENT, CUSTODY
from customers.moves.handover import HANDOVER
from customers.moves.leaver import LEAVER

KINDS = (ASSIGNMENT, CUSTODY, HANDOVER, LEAVER)
