"""Settings from the environment; a secret may come from a file named by NAME_FILE instead."""

import os
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit


class SettingError(Exception):
    """A setting is missing or malformed; the message says which and what to do."""


def env(name: str, default: str | None = None) -> str | None:
    """Return the variable `name`, or the stripped content of the file named by `name`_FILE, or `default`."""
    if path := os.environ.get(f"{name}_FILE"):
        return Path(path).read_text(encoding="utf-8").strip()
    return os.environ.get(name, default)


def env_flag(name: str, *, default: bool = False) -> bool:
    """Return True for 1/true/yes/on, False for 0/false/no/off; anything else is refused."""
    value = (env(name) or str(default)).strip().lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise SettingError(f"{name} is {value!r}: write 1 or 0.")


def database_settings(url: str) -> dict:
    """Turn `postgresql://user:password@host:port/name?host=/socket/dir` into Django's DATABASES entry."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise SettingError(
            f"DATABASE_URL starts with {parts.scheme!r}: Guanhu runs on PostgreSQL only, "
            "write postgresql://user:password@host:5432/name."
        )
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    host = query.pop("host", None) or parts.hostname or ""
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 300,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": query,
    }
