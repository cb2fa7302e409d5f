"""`python -m crm.healthcheck web|worker|beat`: is the process of this container at work? Exit code 0 or 1."""

import http.client
import os
import socket
import sys


def web() -> bool:
    """Return whether gunicorn answers /healthz, and so reaches the database."""
    host = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0]
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("PORT", "8000")), timeout=8)
    connection.request("GET", "/healthz", headers={"Host": host.lstrip(".")})
    return connection.getresponse().status == 200


def worker() -> bool:
    """Return whether the worker of this host answers a ping through the broker."""
    from crm.celery import app

    return bool(app.control.ping([f"celery@{socket.gethostname()}"], timeout=10))


def beat() -> bool:
    """Return whether the beat of this host gave a sign of life lately."""
    from crm import celery  # noqa: F401 (names the settings)
    from crm.ops import alive

    return alive.count(f"{alive.BEAT}{socket.gethostname()}") > 0


CHECKS = {"web": web, "worker": worker, "beat": beat}


def main(arguments: list[str]) -> int:
    """Run the named check; a check that fails says why on stderr."""
    check = CHECKS.get(arguments[0] if arguments else "")
    if check is None:
        print(f"Name one of {', '.join(CHECKS)}.", file=sys.stderr)
        return 1
    try:
        return 0 if check() else 1
    except Exception as error:  # whatever it is, the process is not healthy
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
