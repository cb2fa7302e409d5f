"""Secrets of second factors: encrypted under the bank's keys; a code of an app is good once (RFC 6238, 5.2).

Seeds of apps and of recovery codes lie under a master key of the key file (crm.secrets), as no customer's key
is theirs; a security key leaves only its public half here, which is no secret.
"""

import base64

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.db import transaction

from crm.secrets.cipher import master_of, place
from crm.secrets.keys import keyring, opened

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
SECRET_OF = {Authenticator.Type.TOTP: "secret", Authenticator.Type.RECOVERY_CODES: "seed"}
STEP = "used_step"  # key of Authenticator.data: the newest half minute whose code was used
_AT = place(Authenticator._meta.db_table, "data", "")


def encrypt(text: str) -> str:
    """Return `text` under the current master key, as JSON may hold it."""
    return base64.urlsafe_b64encode(keyring().sealed(text.encode(), _AT)).decode()


def decrypt(held: str) -> str:
    """Counterpart of `encrypt`. Raises SecretError where the key file is not the one it lies under."""
    return opened(_envelope(held), _AT).decode()


def use_code(app: Authenticator, code: str) -> bool:
    """Use up `code` of an authenticator app; False where it, or a later one, was used before.

    Kept with the factor in PostgreSQL: what Redis forgets makes no code good again. The caller holds the
    account (crm.signin.lockout.one_at_a_time), so two at once are one after the other.
    """
    secret = decrypt(app.data[SECRET_OF[app.type]])
    found = [
        step
        for step in yield_hotp_counters_from_time()
        if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, step)))
    ]
    app.refresh_from_db(fields=["data"])
    if not found or found[-1] <= app.data.get(STEP, 0):
        return False
    app.data[STEP] = found[-1]
    app.save(update_fields=["data"])
    return True


def rotate() -> tuple[int, int]:
    """Put every secret under the current master key; return (secrets looked at, written anew)."""
    looked = written = 0
    for pk in list(_with_secrets().values_list("pk", flat=True)):
        with transaction.atomic():
            factor = Authenticator.objects.select_for_update().filter(pk=pk).first()
            if factor is None:
                continue
            looked, name = looked + 1, SECRET_OF[factor.type]
            if master_of(_envelope(factor.data[name])) != keyring().current:
                factor.data[name] = encrypt(decrypt(factor.data[name]))
                factor.save(update_fields=["data"])
                written += 1
    return looked, written


def masters_in_use() -> set[str]:
    """The ids of the master keys under which a secret lies."""
    return {master_of(_envelope(factor.data[SECRET_OF[factor.type]])) for factor in _with_secrets()}


def _with_secrets():
    return Authenticator.objects.filter(type__in=SECRET_OF).order_by("pk")


def _envelope(held: str) -> bytes:
    return base64.urlsafe_b64decode(held)
