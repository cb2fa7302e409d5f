"""Writing how customers hang together: relations, households and groups, owners, holdings elsewhere."""

import uuid
from datetime import date
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from customers.choices import GroupKind, GroupRole
from customers.models import (
    Customer,
    CustomerGroup,
    GroupMembership,
    OutsideHolding,
    Relationship,
    Stake,
)
from customers.services.facts import ChangedMeanwhile


class RelationRefused(Exception):
    """The relation cannot be written; the message says why and what to do. Nothing was changed."""


def relate(subject: Customer, other: Customer, *, kind: str, as_of: date) -> Relationship:
    """Say that `subject` is <kind> of `other` from `as_of` on; one that had ended begins anew."""
    if subject.pk == other.pk:
        raise RelationRefused(_("This is the same customer: choose another one"))
    with transaction.atomic():
        row = (
            Relationship.objects.select_for_update().filter(subject=subject, object=other, kind=kind).first()
        )
        if row is None:
            return Relationship.objects.create(subject=subject, object=other, kind=kind, since=as_of)
        if row.until is None:
            raise RelationRefused(_("This relation is recorded already"))
        row.since, row.until = as_of, None
        row.save(update_fields=["since", "until"])
        return row


def end_relation(customer: Customer, pk: int, *, as_of: date) -> bool:
    """End one relation of `customer`; False where there is none such."""
    rows = Relationship.objects.filter(Q(subject=customer) | Q(object=customer), pk=pk, until=None)
    rows.filter(since__gt=as_of).update(since=as_of)
    return rows.update(until=as_of) > 0


def join_group(customer: Customer, other: Customer, *, role: str) -> GroupMembership:
    """Put `other` into the household (of a person) or group (of an organisation) of `customer`.

    The first one makes it, with `customer` as its head. Raises RelationRefused where `other` belongs to
    another of the same kind, or where there is a head already.
    """
    if customer.pk == other.pk:
        raise RelationRefused(_("This is the same customer: choose another one"))
    kind = GroupKind.HOUSEHOLD if customer.is_person else GroupKind.CORPORATE_GROUP
    with transaction.atomic():
        list(Customer.objects.select_for_update().filter(pk__in=[customer.pk, other.pk]).order_by("pk"))
        mine = CustomerGroup.objects.filter(memberships__customer=customer, kind=kind).first()
        theirs = CustomerGroup.objects.filter(memberships__customer=other, kind=kind).first()
        if theirs and mine and theirs.pk == mine.pk:
            raise RelationRefused(_("This customer belongs to it already"))
        if theirs:
            raise RelationRefused(
                _("This customer belongs to another household or group: leave that one first")
            )
        if mine is None:
            mine = _new_group(customer, kind)
        try:
            with transaction.atomic():
                return _add(mine, other, role)
        except IntegrityError as error:
            raise RelationRefused(_("There is a head already: choose another role")) from error


def leave_group(customer: Customer, other: Customer) -> bool:
    """Take `other` out of the groups that he shares with `customer`; False where they share none."""
    with transaction.atomic():
        shared = GroupMembership.objects.filter(customer=customer).values("group_id")
        rows = GroupMembership.objects.filter(customer=other, group__in=shared)
        groups = list(rows.values_list("group_id", flat=True))
        # before the member goes: whoever sees no member sees no group either
        CustomerGroup.objects.filter(pk__in=groups).update(size=F("size") - 1)
        CustomerGroup.objects.filter(pk__in=groups, size=0).update(name="—")
        rows.delete()
        return bool(groups)


def add_owner(customer: Customer, *, by, as_of: date, is_verified: bool, **told) -> Stake:
    """Note an owner of an organisation. Raises RelationRefused where shares would exceed 100%."""
    with transaction.atomic():
        Customer.objects.select_for_update().get(pk=customer.pk)
        stakes = Stake.objects.filter(customer=customer, ended_on=None)
        known = sum((stake.share for stake in stakes if stake.share), Decimal(0))
        if told.get("share") and known + told["share"] > 100:
            raise RelationRefused(
                _("Owners known hold %(known)s%% already: at most %(left)s%% is left")
                % {"known": known.normalize(), "left": (100 - known).normalize()}
            )
        verified = {"verified_on": as_of, "verified_by": by} if is_verified else {}
        return Stake.objects.create(customer=customer, noted_on=as_of, **verified, **told)


def end_owner(customer: Customer, public_id, *, as_of: date) -> bool:
    rows = Stake.objects.filter(customer=customer, public_id=public_id, ended_on=None)
    return rows.update(ended_on=as_of) > 0


def outside_version(row: OutsideHolding | None) -> str:
    """What somebody saw of a holding elsewhere when the form opened."""
    return (
        "new" if row is None else f"{row.pk}.{row.amount_fen}.{row.told_on}.{row.matures_on}.{row.ended_on}"
    )


def write_outside(
    customer: Customer, row: OutsideHolding | None, *, by, as_of: date, seen: str, **told
) -> OutsideHolding:
    """Note a holding at another bank, or what is told of it now. Raises ChangedMeanwhile, RelationRefused."""
    with transaction.atomic():
        Customer.objects.select_for_update().get(pk=customer.pk)
        current = OutsideHolding.objects.filter(pk=row.pk).first() if row else None
        if outside_version(current) != seen:
            raise ChangedMeanwhile(current, outside_version(current))
        current = current or OutsideHolding(customer=customer)
        for name, value in (told | {"told_on": as_of, "noted_by": by}).items():
            setattr(current, name, value)
        try:
            with transaction.atomic():
                current.save()
        except IntegrityError as error:
            raise RelationRefused(
                _("Such a holding at this bank is noted already: change that one")
            ) from error
        return current


def end_outside(customer: Customer, public_id, *, as_of: date) -> bool:
    rows = OutsideHolding.objects.filter(customer=customer, public_id=public_id, ended_on=None)
    return rows.update(ended_on=as_of) > 0


def _new_group(customer, kind):
    pattern = _("%(name)s's household") if kind == GroupKind.HOUSEHOLD else _("%(name)s's group")
    group = CustomerGroup.objects.create(
        code=f"M{uuid.uuid4().hex[:16]}", name=(pattern % {"name": customer.name})[:80], kind=kind
    )
    _add(group, customer, GroupRole.HEAD)
    return group


def _add(group, customer, role):
    made = GroupMembership.objects.create(group=group, customer=customer, role=role)
    CustomerGroup.objects.filter(pk=group.pk).update(size=F("size") + 1)
    return made
