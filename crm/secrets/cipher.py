"""AES-256-GCM as `cryptography` gives it, in the two envelopes that the tables hold.

A value: version, nonce (12 bytes), ciphertext with its tag, under the customer's data key.
A data key, or a secret that is no customer's: version, length and id of the master key, nonce, ciphertext
with its tag.
Both are bound to their place (`table|column|row`) as additional data: moved elsewhere they do not open.
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from crm.secrets.errors import SecretError

_VERSION = b"\x01"
_NONCE = 12
KEY_BYTES = 32


def place(table: str, column: str, row: object) -> bytes:
    """Where a value belongs, as additional data of its encryption."""
    return f"{table}|{column}|{row}".encode()


class DataKey:
    """The key of one customer's values. Its repr says nothing."""

    __slots__ = ("_aead", "_raw")

    def __init__(self, raw: bytes):
        self._raw, self._aead = raw, AESGCM(raw)

    @classmethod
    def new(cls) -> "DataKey":
        return cls(os.urandom(KEY_BYTES))

    def seal(self, text: str, at: bytes) -> bytes:
        """Return `text` encrypted for the place `at`."""
        nonce = os.urandom(_NONCE)
        return _VERSION + nonce + self._aead.encrypt(nonce, text.encode(), at)

    def opened(self, sealed: bytes, at: bytes) -> str:
        """Return the text of an envelope. Raises SecretError where it was altered or moved."""
        if sealed[:1] != _VERSION:
            raise SecretError("An encrypted value has an unknown form: was it written by a newer version?")
        try:
            return self._aead.decrypt(sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :], at).decode()
        except InvalidTag:
            raise _altered("value", at) from None

    def wrapped(self, master: AESGCM, key_id: str, at: bytes) -> bytes:
        """Return this key encrypted under the master key `key_id`."""
        return sealed_under(master, key_id, self._raw, at)


def sealed_under(master: AESGCM, key_id: str, raw: bytes, at: bytes) -> bytes:
    """Return `raw` encrypted under the master key `key_id` for the place `at`."""
    name, nonce = key_id.encode(), os.urandom(_NONCE)
    return _VERSION + bytes([len(name)]) + name + nonce + master.encrypt(nonce, raw, at)


def master_of(wrapped: bytes) -> str:
    """Return the id of the master key that an envelope lies under."""
    if wrapped[:1] != _VERSION:
        raise SecretError("A wrapped key has an unknown form: was it written by a newer version?")
    return wrapped[2 : 2 + wrapped[1]].decode()


def opened_under(master: AESGCM, wrapped: bytes, at: bytes) -> bytes:
    """Return what `sealed_under` took. Raises SecretError where the envelope was altered or moved."""
    begin = 2 + wrapped[1]
    try:
        return master.decrypt(wrapped[begin : begin + _NONCE], wrapped[begin + _NONCE :], at)
    except InvalidTag:
        raise _altered("key", at) from None


def _altered(what: str, at: bytes) -> SecretError:
    return SecretError(
        f"The {what} at {at.decode()} does not open: it was altered, moved from another row, or the key file "
        "is not this database's. Restore the row or the key file from a backup."
    )
