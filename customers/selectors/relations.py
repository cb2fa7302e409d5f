"""How customers hang together: relations, household or group with what its members hold, owners of a firm.

Whom the reader may not see has no name here and no figure. Of a group he is told how many such members there
are: the size is the group's own, known to everybody who sees one member.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from customers import rules
from customers.choices import GroupRole, RelationshipKind
from customers.models import Customer, CustomerGroup, GroupMembership, Relationship, Stake, Standing

# what the other one is to this customer: (this one is the subject, this one is the object)
WORDS = {
    RelationshipKind.SPOUSE: (_("Spouse"), _("Spouse")),
    RelationshipKind.PARENT: (_("Child"), _("Parent")),
    RelationshipKind.LEGAL_REPRESENTATIVE: (_("Firm represented"), _("Legal representative")),
    RelationshipKind.SHAREHOLDER: (_("Holds shares in"), _("Shareholder")),
    RelationshipKind.GUARANTOR: (_("Guarantees for"), _("Guarantor")),
    RelationshipKind.DISPONENT: (_("May dispose of accounts of"), _("May dispose of these accounts")),
    RelationshipKind.EMPLOYER: (_("Employee"), _("Employer")),
    RelationshipKind.OTHER: (_("Other"), _("Other")),
}


@dataclass(frozen=True)
class Relation:
    """Another party to a customer. `other` is None where the reader may not see who it is."""

    pk: int
    kind: str
    words: str
    is_subject: bool
    other: Customer | None
    aum_fen: int | None
    since: date | None = None


@dataclass(frozen=True)
class Member:
    customer: Customer
    role: GroupRole
    aum_fen: int | None
    deposit_fen: int | None
    loan_fen: int | None


@dataclass(frozen=True)
class Group:
    """A household or corporate group as one reader sees it; sums are over `members` alone."""

    group: CustomerGroup
    members: list[Member]
    hidden: int

    def total(self, name: str) -> int | None:
        known = [value for member in self.members if (value := getattr(member, name)) is not None]
        return sum(known) if known else None

    @property
    def aum_fen(self) -> int | None:
        return self.total("aum_fen")

    @property
    def deposit_fen(self) -> int | None:
        return self.total("deposit_fen")

    @property
    def loan_fen(self) -> int | None:
        return self.total("loan_fen")


@dataclass(frozen=True)
class Owner:
    """One owner of an organisation; `name` is "" where he is a customer whom the reader may not see."""

    stake: Stake
    name: str
    holder: Customer | None


@dataclass(frozen=True)
class Ownership:
    """The owners of an organisation, largest share first, and the percent that nobody is known to hold."""

    owners: list[Owner]
    unknown: Decimal
    least: int  # percent from which an owner is a beneficial owner


def relations_of(customer, user, night_id: int | None, as_of: date) -> list[Relation]:
    """Relations both ways that hold on `as_of`; names only of whom `user` may see. Three queries at most."""
    rows = list(
        Relationship.objects.filter(Q(subject=customer) | Q(object=customer))
        .filter(Q(until=None) | Q(until__gt=as_of))
        .order_by("kind", "id")
    )
    if not rows:
        return []
    others = {row.pk: row.object_id if row.subject_id == customer.pk else row.subject_id for row in rows}
    seen = {
        other.pk: other
        for other in Customer.objects.visible_to(user).defer("name_bigrams").filter(pk__in=others.values())
    }
    money = standings_of(seen, night_id)
    return [_relation(row, customer, seen.get(others[row.pk]), money.get(others[row.pk])) for row in rows]


def groups_of(customer, user, night_id: int | None) -> list[Group]:
    """The household and the corporate groups of a customer, each over the members whom `user` may see."""
    groups = list(CustomerGroup.objects.filter(memberships__customer=customer).order_by("kind", "id"))
    if not groups:
        return []
    seen = Customer.objects.visible_to(user)
    rows = list(
        GroupMembership.objects.filter(group__in=groups, customer__in=seen)
        .select_related("customer")
        .defer("customer__name_bigrams")
    )
    money = standings_of({row.customer_id for row in rows}, night_id)
    order = list(GroupRole)
    rows.sort(key=lambda row: (order.index(row.role), row.customer_id))
    found = []
    for group in groups:
        members = [_member(row, money.get(row.customer_id)) for row in rows if row.group_id == group.pk]
        found.append(Group(group, members, max(group.size - len(members), 0)))
    return found


def ownership_of(customer, user, as_of: date) -> Ownership:
    """Who owns or controls an organisation on `as_of`, as far as is known."""
    stakes = list(
        Stake.objects.filter(customer=customer)
        .filter(Q(ended_on=None) | Q(ended_on__gt=as_of))
        .select_related("verified_by")
        .order_by("-share", "id")
    )
    holders = [stake.holder_id for stake in stakes if stake.holder_id]
    seen = Customer.objects.visible_to(user).defer("name_bigrams").in_bulk(holders) if holders else {}
    owners = [_owner(stake, seen.get(stake.holder_id)) for stake in stakes]
    owners.sort(key=lambda owner: -(owner.stake.share or 0))
    known = sum((stake.share for stake in stakes if stake.share), Decimal(0))
    return Ownership(owners, max(Decimal(100) - known, Decimal(0)), rules.profile()["beneficial_share"])


def standings_of(ids, night_id: int | None) -> dict[int, Standing]:
    """The published standing by customer id."""
    if not ids:
        return {}
    rows = Standing.objects.filter(night_id=night_id or 0, customer__in=list(ids))
    return {standing.customer_id: standing for standing in rows}


def _relation(row, customer, other, standing):
    is_subject = row.subject_id == customer.pk
    return Relation(
        pk=row.pk,
        kind=row.kind,
        words=WORDS[RelationshipKind(row.kind)][0 if is_subject else 1],
        is_subject=is_subject,
        other=other,
        aum_fen=standing.aum_fen if standing else None,
        since=row.since,
    )


def _member(row, standing):
    figures = (standing.aum_fen, standing.deposit_fen, standing.loan_fen) if standing else (None,) * 3
    return Member(row.customer, GroupRole(row.role), *figures)


def _owner(stake, holder):
    return Owner(stake, stake.name or (holder.name if holder else ""), holder)
