"""What may be wrong with a secret; no message ever holds the value or a key."""


class SecretError(Exception):
    """A value cannot be encrypted or read; the message says why and what to do."""


class Erased(SecretError):
    """The key of this customer was destroyed: his values cannot be read again."""
