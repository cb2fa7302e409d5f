"""The servers a bank needs and does not have yet: started together, told by their URLs."""

import os
from collections.abc import Mapping

from crm import embedded
from crm.embedded import folders, leftovers, postgres, valkey
from crm.embedded.layout import Layout
from crm.embedded.supervisor import Supervisor

# crash recovery after a power cut reads at most max_wal_size; give it time before giving up
_RECOVERY_SECONDS = 900
MEGABYTES = 600


def wanted() -> tuple[bool, bool]:
    """Return whether PostgreSQL and Valkey are to be embedded: where their URL is not set."""
    return not os.environ.get("DATABASE_URL"), not os.environ.get("REDIS_URL")


def start(layout: Layout, supervisor: Supervisor, *, throwaway: bool) -> Mapping[str, str]:
    """Start the embedded servers under `supervisor`; return the environment that leads others to them.

    The caller holds the lock of `layout`, and stops the supervisor in the end.
    """
    own_database, own_broker = wanted()
    environment = {"GUANHU_STATE": str(layout.state)}
    folders.require_space(layout.state, MEGABYTES, "The embedded PostgreSQL")
    leftovers.end_leftovers(layout)
    if own_database:
        supervisor.start(postgres.service(layout, throwaway=throwaway), seconds=_RECOVERY_SECONDS)
        postgres.make_database(layout, throwaway=throwaway)
        environment["DATABASE_URL"] = embedded.database_url(layout)
    if own_broker:
        supervisor.start(valkey.service(layout, throwaway=throwaway))
        environment["REDIS_URL"] = embedded.redis_url(layout)
    return environment
