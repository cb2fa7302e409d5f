"""Sealing many rows at once, where the feed or a migration works in SQL and not through models."""

from collections.abc import Iterable

from crm.secrets.cipher import DataKey, place
from crm.secrets.keys import keyring, unwrap

# table, column, row, text, the envelope that stands there already
Value = tuple[str, str, object, str | None, bytes | None]


def sealed(
    key_table: str, key_row: object, wrapped: bytes | None, values: Iterable[Value]
) -> tuple[bytes, list[bytes | None]]:
    """Return (wrapped key, the values' envelopes, None for an empty one); without a wrapped key a new one.

    A text that an envelope holds already keeps it: what did not change is not written, nor is its history.
    """
    at = place(key_table, "wrapped_key", key_row)
    if wrapped is None:
        key = DataKey.new()
        wrapped = keyring().wrap(key, at)
    else:
        key = unwrap(wrapped, at)
    return wrapped, [_kept_or_sealed(key, place(*where), text, held) for *where, text, held in values]


def _kept_or_sealed(key: DataKey, at: bytes, text: str | None, held: bytes | None) -> bytes | None:
    if not text:
        return None
    return held if held and key.opened(held, at) == text else key.seal(text, at)
