"""Class C2 values (security.md): encrypted in the table, found by a keyed hash, shown by their mask.

`docs/operations.md` says where the keys lie, how they are backed up, rotated and lost.
"""

from crm.secrets.errors import Erased, SecretError
from crm.secrets.keys import keyed_hash, keyed_hashes, keyring

__all__ = ["Erased", "SecretError", "keyed_hash", "keyed_hashes", "keyring"]
