"""What stops a load: each is one sentence that says what is wrong and what to do."""


class FeedError(Exception):
    """The folder is refused as a whole."""


class BadRows(FeedError):
    """Rows of the folder break a rule; the report lists every one."""


class Unclean(Exception):
    """The fast lane met something that only staging can judge (crm/feed/lane.py)."""


class LoadRunning(FeedError):
    """Another load holds the lock."""
