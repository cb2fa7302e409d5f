"""What the platform itself keeps: the feed's ledger, who read what, the chain over the history."""

from crm.approvals.models import Approval, Execution
from crm.audit.models import AuditRecord
from crm.drafts.models import Draft
from crm.export.models import Export, ExportChunk
from crm.feed.models import FeedFile, FeedLoad
from crm.history.models import ChainLink, ChainSeal, Change
from crm.replay.models import SentForm
from crm.savedviews.models import SavedView

__all__ = [
    "Approval",
    "AuditRecord",
    "ChainLink",
    "ChainSeal",
    "Change",
    "Draft",
    "Execution",
    "Export",
    "ExportChunk",
    "FeedFile",
    "FeedLoad",
    "SavedView",
    "SentForm",
]
