"""The head of the customer's page: what his household or group holds, and who looked after him."""

from django.db.models import OuterRef, Subquery

from customers.choices import GroupKind
from customers.models import Assignment, Customer, GroupMembership, Standing


def group_total(customer, user, night_id: int | None) -> dict | None:
    """Assets of the household or corporate group, over the members whom `user` may see: one query.

    {name, kind, members, aum_fen}; None where the customer belongs to no group.
    """
    standing = Standing.objects.filter(night_id=night_id or 0, customer=OuterRef("customer"))
    rows = (
        GroupMembership.objects.filter(
            group__memberships__customer=customer, customer__in=Customer.objects.visible_to(user)
        )
        .annotate(aum=Subquery(standing.values("aum_fen")[:1]))
        .order_by("group_id")
        .values_list("group_id", "group__name", "group__kind", "aum")
    )
    rows = list(rows)
    if not rows:
        return None
    first, name, kind, _aum = rows[0]
    known = [aum for group, _name, _kind, aum in rows if group == first]
    sums = [aum for aum in known if aum is not None]
    return {
        "name": name,
        "kind": GroupKind(kind).label,
        "members": len(known),
        "aum_fen": sum(sums) if sums else None,
    }


def assignments_of(customer) -> list[Assignment]:
    """Who looked after the customer, newest first."""
    return list(
        Assignment.objects.filter(customer=customer)
        .select_related("manager__user", "manager__branch")
        .order_by("-during", "-role")[:20]
    )
