"""Embedded PostgreSQL and Valkey for `make run` and the tests: where they are, as URLs.

Nothing here starts a server or touches a folder; `python -m crm.embedded` does (see docs/operations.md).
"""

import secrets
from urllib.parse import quote, urlsplit

from crm.embedded.layout import DATABASE, ROLE, Layout


def database_url(layout: Layout | None = None) -> str:
    """Return the URL of the embedded bank's database: `postgresql://app@/guanhu?host=<socket folder>`."""
    layout = layout or Layout.from_environment()
    return f"postgresql://{ROLE}@/{DATABASE}?host={quote(str(layout.sockets))}"


def redis_url(layout: Layout | None = None, *, db: int = 0) -> str:
    """Return the URL of the embedded Valkey in the one form that redis-py reads: `unix:///…?db=0`."""
    layout = layout or Layout.from_environment()
    return f"unix://{quote(str(layout.valkey_socket))}?db={db}"


def broker_url(url: str | None = None) -> str:
    """Return `url` (default: the embedded Valkey's) as Celery spells it.

    kombu knows a unix socket only as `redis+socket:///…?virtual_host=N`; every other URL passes unchanged.
    """
    url = url or redis_url()
    parts = urlsplit(url)
    if parts.scheme != "unix":
        return url
    db = parts.query.rpartition("db=")[2] or "0"
    return f"redis+socket://{parts.path}?virtual_host={db}"


def secret_key() -> str:
    """Return the bank's secret key, which the launcher wrote beside the data.

    Without a bank (checks, migrations being written) the key is random and good for this process only.
    """
    try:
        return Layout.from_environment().secret_key.read_text(encoding="ascii")
    except FileNotFoundError:
        return secrets.token_urlsafe(48)


def secret_keys() -> str:
    """Return the path of the bank's key file, which the launcher wrote beside the data."""
    return str(Layout.from_environment().secret_keys)
