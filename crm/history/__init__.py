"""The history of every business record: who changed what from what to what, when and why (G9).

A model joins with `@tracked()` (crm.history.tracking). The database's triggers write; requests, tasks and
commands say who acts (`acting`, `because`). Models: crm.history.models; the chain over it: crm.history.chain.
"""

from crm.history.actors import acting, because
from crm.history.tracking import tracked

__all__ = ["acting", "because", "tracked"]
