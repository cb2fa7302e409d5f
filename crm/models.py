"""The feed's ledger: which folder was loaded, file by file."""

from crm.feed.models import FeedFile, FeedLoad

__all__ = ["FeedFile", "FeedLoad"]
