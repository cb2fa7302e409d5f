"""The keys outside the database: master keys by id, and the key of the search hashes.

The key file is JSON: {"current": "k1", "masters": {"k1": base64}, "search": base64}. New data keys are
wrapped by `current`; older masters stay until `manage.py rotate_keys` has wrapped everything anew.
"""

import base64
import json
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from django.conf import settings

from crm.secrets.cipher import KEY_BYTES, DataKey, master_of, opened_under, sealed_under
from crm.secrets.errors import SecretError


@dataclass(frozen=True)
class Keyring:
    """The keys of one bank; none of them shows in a repr."""

    current: str
    masters: dict[str, bytes] = field(repr=False)
    search: bytes = field(repr=False)

    @classmethod
    def new(cls) -> "Keyring":
        return cls("k1", {"k1": os.urandom(KEY_BYTES)}, os.urandom(KEY_BYTES))

    @classmethod
    def parsed(cls, text: str, called: str) -> "Keyring":
        """Return the keyring of a key file's text; `called` names the file. Raises SecretError."""
        try:
            told = json.loads(text)
            masters = {name: base64.b64decode(key, validate=True) for name, key in told["masters"].items()}
            ring = cls(told["current"], masters, base64.b64decode(told["search"], validate=True))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise SecretError(f"{called} is no key file: restore it from its backup.") from None
        keys = [*ring.masters.values(), ring.search]
        named = all(0 < len(name.encode()) < 100 for name in ring.masters)
        if ring.current not in ring.masters or not named or any(len(key) != KEY_BYTES for key in keys):
            raise SecretError(f"{called} is damaged (a key is missing or short): restore it from its backup.")
        return ring

    def text(self) -> str:
        masters = {name: base64.b64encode(key).decode() for name, key in self.masters.items()}
        told = {"current": self.current, "masters": masters, "search": base64.b64encode(self.search).decode()}
        return json.dumps(told, indent=1) + "\n"

    def with_new_master(self) -> "Keyring":
        """Return the keyring with one more master key, which is the current one from now on."""
        number = 1 + max((int(name[1:]) for name in self.masters if name[1:].isdigit()), default=0)
        name = f"k{number}"
        return replace(self, current=name, masters=self.masters | {name: os.urandom(KEY_BYTES)})

    def without(self, names: set[str]) -> "Keyring":
        """Return the keyring without the masters `names`, of which none may be the current one."""
        return replace(
            self, masters={n: key for n, key in self.masters.items() if n not in names - {self.current}}
        )

    def wrap(self, key: DataKey, at: bytes) -> bytes:
        """Return a data key wrapped by the current master for the place `at`."""
        return key.wrapped(AESGCM(self.masters[self.current]), self.current, at)

    def sealed(self, raw: bytes, at: bytes) -> bytes:
        """Return a secret that is no customer's under the current master, for the place `at`."""
        return sealed_under(AESGCM(self.masters[self.current]), self.current, raw, at)


def unwrap(wrapped: bytes, at: bytes) -> DataKey:
    """Return the data key of an envelope."""
    return DataKey(opened(wrapped, at))


def opened(wrapped: bytes, at: bytes) -> bytes:
    """Return what lies under a master key; one that this process does not know yet is read anew."""
    name = master_of(wrapped)
    if name not in keyring().masters:
        keyring.cache_clear()
        if name not in keyring().masters:
            raise SecretError(f"Master key {name} is not in the key file: restore the file from its backup.")
    return opened_under(AESGCM(keyring().masters[name]), wrapped, at)


@cache
def keyring() -> Keyring:
    """Return the bank's keys from the file settings.SECRET_KEYS_FILE; an embedded bank that was never begun
    has none, and its keys are good for this process only. Raises SecretError."""
    path = Path(settings.SECRET_KEYS_FILE)
    try:
        return Keyring.parsed(path.read_text(encoding="ascii"), str(path))
    except FileNotFoundError:
        if settings.EMBEDDED:
            return Keyring.new()
        raise SecretError(f"The key file {path} is missing: restore it from its backup.") from None


def write(ring: Keyring, path: Path) -> None:
    """Put the keyring into `path`, whole or not at all, readable by its owner only."""
    descriptor, partial = tempfile.mkstemp(prefix=".secret_keys-", dir=path.parent)  # mode 600
    with open(descriptor, "w", encoding="ascii") as stream:
        stream.write(ring.text())
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(partial, path)
    keyring.cache_clear()


@cache
def _searching(key: bytes) -> HMAC:
    return HMAC(key, SHA256())


def keyed_hash(kind: str, value: str) -> bytes:
    """Return the 32 bytes by which `value` is found: HMAC-SHA256 of its kind and itself, in its one form."""
    return keyed_hashes(kind, [value])[0]


def keyed_hashes(kind: str, values: Iterable[str]) -> list[bytes]:
    """The same for many values of one kind, at half the price each."""
    begun = _searching(keyring().search).copy()  # half the price of beginning anew
    begun.update(f"{kind}\0".encode())
    hashes, copied = [], begun.copy
    for value in values:
        mac = copied()
        mac.update(value.encode())
        hashes.append(mac.finalize())
    return hashes
