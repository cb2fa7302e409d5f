"""What the person asked `make run` for, read from the environment and checked before anything starts."""

import os
import socket
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
import redis
from psycopg import conninfo

from crm.bootstrap import CannotSetUp, whole_number
from crm.embedded.errors import CannotStart

DEFAULT_CUSTOMERS = 2000
_BANK_TIME = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Options:
    """`customers` is None where the person named no size; `as_of` is the demo bank's business date."""

    customers: int | None
    host: str
    port: int
    as_of: date
    seed: int

    @property
    def address(self) -> str:
        return f"http://{'localhost' if self.host in {'127.0.0.1', '0.0.0.0'} else self.host}:{self.port}/"  # noqa: S104


def from_environment() -> Options:
    """Return the options of CUSTOMERS, HOST, PORT, AS_OF and SEED; raise CannotStart on a malformed one."""
    value = os.environ.get
    try:
        return Options(
            customers=whole_number("CUSTOMERS", value("CUSTOMERS", ""), 50, 5_000_000, 20_000),
            host=value("HOST") or "127.0.0.1",
            port=whole_number("PORT", value("PORT", ""), 1, 65535, 8001) or 8000,
            as_of=_date("AS_OF", value("AS_OF", "")),
            seed=whole_number("SEED", value("SEED", ""), 0, 10**9, 7) or 1,
        )
    except CannotSetUp as error:
        raise CannotStart(str(error)) from None


def _date(name: str, text: str) -> date:
    """Return `text` as a date; where it is empty, yesterday in the bank's time, its last closed day."""
    if not text:
        return datetime.now(_BANK_TIME).date() - timedelta(days=1)
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CannotStart(f"{name} is {text!r}: write a date such as 2026-06-30.") from None


def require_free_port(options: Options) -> None:
    """Refuse a port where something listens already."""
    with socket.socket(socket.AF_INET6 if ":" in options.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((options.host, options.port))
        except OSError as error:
            raise CannotStart(
                f"{options.host}:{options.port} cannot be listened on ({error.strerror}): end what uses it, "
                f"or choose another port: make run PORT={min(options.port + 1, 65535)}."
            ) from None


def require_servers_of_your_own(options: Options) -> None:
    """Refuse to begin when DATABASE_URL or REDIS_URL names a server that does not answer.

    Refuses demo data for a DATABASE_URL too: it would mix invented customers into a real bank.
    """
    if url := os.environ.get("DATABASE_URL"):
        if options.customers:
            raise CannotStart(
                "CUSTOMERS asks for demo data, which does not go into a DATABASE_URL of your own: "
                "unset one of the two."
            )
        try:
            psycopg.connect(url, connect_timeout=5).close()
        except psycopg.Error as error:
            reason = str(error).strip().splitlines()[-1]
            raise CannotStart(
                f"The database {_database_name(url)} of DATABASE_URL does not answer ({reason}): start it, "
                "correct the URL, or unset DATABASE_URL to use the embedded one."
            ) from None
    if url := os.environ.get("REDIS_URL"):
        try:
            with redis.from_url(url, socket_timeout=5, socket_connect_timeout=5) as client:
                client.ping()
        except (redis.RedisError, ValueError, OSError) as error:
            raise CannotStart(
                f"The broker of REDIS_URL does not answer ({error}): start it, correct the URL, "
                "or unset REDIS_URL to use the embedded one."
            ) from None


def _database_name(url: str) -> str:
    """Return host/name of `url`, never its password."""
    try:
        parts = conninfo.conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        return "(malformed URL)"
    return f"{parts.get('host', 'localhost')}/{parts.get('dbname', '')}"
