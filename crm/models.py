"""What the platform itself keeps: the feed's ledger, who read what, the chain over the history."""

from crm.audit.models import AuditRecord
from crm.feed.models import FeedFile, FeedLoad
from crm.history.models import ChainLink, ChainSeal, Change

__all__ = ["AuditRecord", "ChainLink", "ChainSeal", "Change", "FeedFile", "FeedLoad"]
