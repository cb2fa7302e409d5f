"""The embedded Valkey: broker of the background work and cache of the pages."""

import redis

from crm.embedded import binaries
from crm.embedded.layout import Layout
from crm.embedded.service import Service, with_death_signal


def service(layout: Layout, *, throwaway: bool) -> Service:
    """Return the service of this bank's Valkey.

    Queued work is appended to disk every second, so that a restart forgets at most the last second of it,
    which the night's reconciler queues again; a throwaway bank keeps nothing.
    """
    argv = [binaries.valkey(), "--port", "0", "--daemonize", "no", "--save", ""]
    argv += ["--unixsocket", str(layout.valkey_socket), "--unixsocketperm", "700"]
    argv += ["--dir", str(layout.valkey_data), "--maxmemory-policy", "noeviction"]
    argv += ["--appendonly", "no" if throwaway else "yes", "--appendfsync", "everysec"]
    return Service(
        name="Valkey",
        command=with_death_signal(argv),
        log=layout.logs / "valkey.log",
        state=layout.state,
        grace=10,
        is_server=True,
        ready=lambda: answers(layout),
    )


def answers(layout: Layout) -> bool:
    """Return whether the server answers a ping (and has loaded what it kept)."""
    try:
        with redis.Redis(unix_socket_path=str(layout.valkey_socket), socket_timeout=2) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False
