"""Everything other apps may import from the records."""

from customers.models.assignment import Assignment, Custody
from customers.models.capacity import CapacityRule
from customers.models.contact import ContactTemplate, FollowUp, Interaction, Task
from customers.models.customer import Customer, CustomerIdentity
from customers.models.handover import Handover, HandoverItem
from customers.models.holdings import Account, LoanState, Product
from customers.models.ledger import DailyBalance, Rebuild, Transaction
from customers.models.outside import OutsideHolding
from customers.models.profile import IdentityCheck, ProfileFact, ProfileField
from customers.models.relations import CustomerGroup, GroupMembership, Relationship, Stake
from customers.models.reveal import Reveal, RevealGrant
from customers.models.standing import Publication, Standing

__all__ = [
    "Account",
    "Assignment",
    "CapacityRule",
    "ContactTemplate",
    "Custody",
    "Customer",
    "CustomerGroup",
    "CustomerIdentity",
    "DailyBalance",
    "FollowUp",
    "GroupMembership",
    "Handover",
    "HandoverItem",
    "IdentityCheck",
    "Interaction",
    "LoanState",
    "OutsideHolding",
    "Product",
    "ProfileFact",
    "ProfileField",
    "Publication",
    "Rebuild",
    "Relationship",
    "Reveal",
    "RevealGrant",
    "Stake",
    "Standing",
    "Task",
    "Transaction",
]
