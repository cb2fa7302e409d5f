"""Who read, revealed, exported or signed in: one row each, which nobody changes (docs/security.md, G10).

`audit.record(request, "reveal", subject=customer)` writes and commits on a connection of its own, so that the
row stands before the value leaves the house. Models: crm.audit.models.
"""

from crm.audit.recording import ACTS, record

__all__ = ["ACTS", "record"]
