"""What is known of a customer: completeness with what is missing, relations, group, who looked after him."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q, Sum

from customers.models import Assignment, Customer, ProfileFact, ProfileField, Relationship, Standing

SOON_DAYS = 60


@dataclass(frozen=True)
class Completeness:
    """Weights filled over weights required, in percent; what is missing, heaviest first; what gets old."""

    percent: int | None
    verified_percent: int | None
    missing: list[ProfileField]
    ageing: list[ProfileFact]
    facts: list[ProfileFact]


@dataclass(frozen=True)
class Relation:
    """Another party to a customer. `other` is None where the reader may not see who it is."""

    kind: str
    is_subject: bool
    other: Customer | None
    aum_fen: int | None


def completeness_of(customer, as_of: date) -> Completeness:
    """Compare the facts that hold on `as_of` with the fields required of this kind of customer."""
    kind = Q(for_persons=True) if customer.is_person else Q(for_organisations=True)
    fields = list(ProfileField.objects.filter(kind))
    latest = ProfileFact.objects.filter(customer=customer, noted_on__lte=as_of)
    facts = {
        fact.field_id: fact
        for fact in latest.select_related("field").order_by("field_id", "-noted_on").distinct("field_id")
        if fact.expires_on is None or fact.expires_on >= as_of
    }
    total = sum(field.weight for field in fields)
    filled = [field for field in fields if field.pk in facts]
    verified = [field for field in filled if facts[field.pk].verified_on]
    return Completeness(
        percent=_percent(filled, total),
        verified_percent=_percent(verified, total),
        missing=[field for field in fields if field.pk not in facts],
        ageing=[facts[field.pk] for field in filled if _gets_old(facts[field.pk], as_of)],
        facts=[facts[field.pk] for field in filled],
    )


def relations_of(customer, user, night_id: int | None) -> list[Relation]:
    """Relations both ways; names only of whom `user` may see."""
    rows = list(
        Relationship.objects.filter(Q(subject=customer) | Q(object=customer))
        .filter(until=None)
        .order_by("id")
    )
    ids = {row.object_id if row.subject_id == customer.pk else row.subject_id for row in rows}
    if not ids:
        return []
    seen = {other.pk: other for other in Customer.objects.visible_to(user).filter(pk__in=ids)}
    money = _assets(seen, night_id)
    return [
        Relation(
            kind=row.get_kind_display(),
            is_subject=row.subject_id == customer.pk,
            other=seen.get(row.object_id if row.subject_id == customer.pk else row.subject_id),
            aum_fen=money.get(row.object_id if row.subject_id == customer.pk else row.subject_id),
        )
        for row in rows
    ]


def group_total(customer, user, night_id: int | None) -> dict | None:
    """Assets of the household or corporate group, over the members whom `user` may see.

    {name, kind, members, aum_fen}; None where the customer belongs to no group.
    """
    group = customer.groups.first()
    if group is None:
        return None
    members = Customer.objects.visible_to(user).filter(groups=group)
    total = Standing.objects.filter(night_id=night_id or 0, customer__in=members).aggregate(
        aum=Sum("aum_fen")
    )
    return {
        "name": group.name,
        "kind": group.get_kind_display(),
        "members": members.count(),
        "aum_fen": None if total["aum"] is None else int(total["aum"]),
    }


def assignments_of(customer) -> list[Assignment]:
    """Who looked after the customer, newest first."""
    return list(
        Assignment.objects.filter(customer=customer)
        .select_related("manager__user", "manager__branch")
        .order_by("-during", "-role")[:20]
    )


def _assets(ids, night_id):
    standings = Standing.objects.filter(night_id=night_id or 0, customer__in=list(ids))
    return dict(standings.values_list("customer_id", "aum_fen"))


def _percent(fields, total):
    return round(100 * sum(field.weight for field in fields) / total) if total else None


def _gets_old(fact, as_of):
    if fact.expires_on and fact.expires_on <= as_of + timedelta(days=SOON_DAYS):
        return True
    if not fact.field.valid_months:
        return False
    checked = fact.verified_on or fact.noted_on
    return (as_of - checked).days > fact.field.valid_months * 30 - SOON_DAYS
