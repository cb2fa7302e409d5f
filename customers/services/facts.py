"""Writing what is known of a customer: a fact, or a part of the identity; never over somebody else's.

The customer's row is locked, then what the writer saw when the form opened is compared with what stands there
now. Where the two differ nothing is written: the writer sees both values and chooses.
"""

from dataclasses import dataclass
from datetime import date

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from crm.history import because
from crm.secrets.errors import Erased
from customers.choices import IdentityPart
from customers.formats import normal_document, normal_mobile
from customers.models import Customer, CustomerIdentity, IdentityCheck, ProfileFact, ProfileField
from customers.selectors.facts import latest_facts, version_of


class FactRefused(Exception):
    """The fact cannot be written; the message says why and what to do. Nothing was changed."""


@dataclass
class ChangedMeanwhile(Exception):
    """Somebody wrote the same field since the form opened; `current` is what stands there now."""

    current: object
    version: str


def write_fact(
    customer: Customer,
    field: ProfileField,
    *,
    value: str,
    source: str,
    is_verified: bool,
    expires_on: date | None,
    by,
    as_of: date,
    seen: str,
) -> ProfileFact:
    """Write what is true of one field from `as_of` on; `by` verified it today where `is_verified`.

    `seen` is version_of the fact that the form showed. The fact of an earlier day stays; of the same day it
    is replaced (its history keeps it). Raises ChangedMeanwhile, or FactRefused for an end that is past.
    """
    if expires_on is not None and expires_on < as_of:
        raise FactRefused(_("This would have expired already: choose today or a later day, or none"))
    with transaction.atomic():
        Customer.objects.select_for_update().get(pk=customer.pk)
        current = latest_facts(customer, date.max).get(field.pk)
        if version_of(current) != seen:
            raise ChangedMeanwhile(current, version_of(current))
        verified = {"verified_on": as_of, "verified_by": by} if is_verified else {}
        if not verified and current and current.value == value:  # who checked the same value stays
            verified = {"verified_on": current.verified_on, "verified_by": current.verified_by}
        told = {"value": value, "source": source, "expires_on": expires_on}
        told |= verified or {"verified_on": None, "verified_by": None}
        if current is None or current.noted_on < as_of:
            return ProfileFact.objects.create(customer=customer, field=field, noted_on=as_of, **told)
        for name, each in told.items():
            setattr(current, name, each)
        current.save()
        return current


def identity_version(identity: CustomerIdentity | None, check: IdentityCheck | None, part: str) -> str:
    """What stands in one part of the identity, as version_of tells it."""
    if identity is None:
        return version_of(check)
    # the envelope, not the value: what goes to the browser must not let anybody guess it
    told = [bytes(identity.__dict__.get(_COLUMNS[part]) or b"").hex()]
    if part == IdentityPart.DOCUMENT:
        told += [identity.document, identity.document_expires_on]
    return version_of(check, *told)


def write_identity(
    customer: Customer,
    part: str,
    *,
    value: str,
    source: str,
    is_verified: bool,
    by,
    as_of: date,
    seen: str,
    document: str = "",
    expires_on: date | None = None,
) -> IdentityCheck:
    """Write one part of the identity, sealed, and where it comes from; an empty `value` keeps what is there.

    Raises ChangedMeanwhile, and FactRefused where the document is another customer's or there is no value.
    """
    with transaction.atomic():
        Customer.objects.select_for_update().get(pk=customer.pk)
        identity, _made = CustomerIdentity.objects.get_or_create(customer=customer)
        check = IdentityCheck.objects.filter(customer=customer, part=part).first()
        if identity_version(identity, check, part) != seen:
            raise ChangedMeanwhile(check, identity_version(identity, check, part))
        because(_("identity: %(part)s") % {"part": IdentityPart(part).label})
        _put(identity, part, value, document, expires_on)
        check = check or IdentityCheck(customer=customer, part=part)
        check.source, check.noted_on = source, as_of
        if is_verified:
            check.verified_on, check.verified_by = as_of, by
        elif value:
            check.verified_on = check.verified_by = None
        check.save()
        return check


_COLUMNS = {
    IdentityPart.DOCUMENT: "document_number",
    IdentityPart.MOBILE: "mobile",
    IdentityPart.ADDRESS: "address",
}


def _put(identity, part, value, document, expires_on):
    column = _COLUMNS[part]
    changed = []
    if value:
        normal = {IdentityPart.DOCUMENT: normal_document, IdentityPart.MOBILE: normal_mobile}
        setattr(identity, column, normal.get(part, str.strip)(value))
        changed.append(column)
    elif not getattr(identity, column):
        raise FactRefused(_("Nothing is known here yet: enter it"))
    if part == IdentityPart.DOCUMENT:
        identity.document = document or identity.document
        identity.document_expires_on = expires_on
        changed += ["document", "document_expires_on"]
    extra = {"document_number": ["document_hash"], "mobile": ["mobile_hash", "mobile_tail_hash"]}.get(
        column, []
    )
    try:
        with transaction.atomic():
            identity.save(update_fields=[*changed, *(extra if value else [])])
    except IntegrityError as error:
        raise FactRefused(
            _("This document is another customer's already: look for him before you add it here")
        ) from error
    except Erased as error:
        raise FactRefused(str(error)) from error
