"""What the platform itself keeps: the feed's ledger, who read what, the chain over the history."""

from crm.audit.models import AuditRecord
from crm.feed.models import FeedFile, FeedLoad

__all__ = ["AuditRecord", "FeedFile", "FeedLoad"]
