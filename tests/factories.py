"""Surprise-free makers of records: every argument has a plain default, nothing is random."""

from datetime import date, datetime
from itertools import count
from zoneinfo import ZoneInfo

from customers import choices as c
from customers.models import (
    Account,
    Assignment,
    Customer,
    CustomerGroup,
    CustomerIdentity,
    GroupMembership,
    Interaction,
    OutsideHolding,
    Product,
    ProfileField,
    Relationship,
    Stake,
    Task,
)
from managers.choices import BranchKind, Grade, Line, Role
from managers.models import Branch, Manager, User

FOREVER = (date(2020, 1, 1), None)
_numbers = count(1)
SHANGHAI = ZoneInfo("Asia/Shanghai")


def make_branch(code="HQ", *, name=None, parent=None, kind=None) -> Branch:
    kind = kind or (BranchKind.SUB if parent else BranchKind.HEAD_OFFICE)
    return Branch.objects.create(code=code, name=name or f"机构{code}", parent=parent, kind=kind)


def make_user(username, *, role=Role.MANAGER, branch=None, name=None, **extra) -> User:
    extra.setdefault("is_staff", role == Role.ADMIN)
    extra.setdefault("is_superuser", role == Role.ADMIN)
    return User.objects.create_user(
        username, password=None, name=name or f"员工{username}", role=role, branch=branch, **extra
    )


def make_manager(username, *, branch, line=Line.RETAIL, grade=Grade.INTERMEDIATE, in_post=FOREVER, name=None):
    user = make_user(username, branch=branch, name=name)
    return Manager.objects.create(
        user=user, branch=branch, line=line, grade=grade, capacity=250, in_post=in_post
    )


def make_customer(
    name="张伟", *, branch, lead=None, co=None, kind=c.CustomerKind.PERSON, since=date(2020, 1, 1), **extra
) -> Customer:
    """A customer; with `lead`, also the assignments that say so (70/30 when there is a `co`)."""
    number = extra.pop("number", None) or f"C{next(_numbers):08d}"
    extra.setdefault("initials", "")
    customer = Customer.objects.create(
        number=number,
        name=name,
        kind=kind,
        branch=branch,
        branch_path=branch.path,
        since=since,
        lead=lead,
        co=co,
        **extra,
    )
    CustomerIdentity.objects.create(customer=customer)
    if lead:
        rows = [(lead, c.AssignmentRole.LEAD, "0.7" if co else "1")]
        rows += [(co, c.AssignmentRole.CO, "0.3")] if co else []
        Assignment.objects.bulk_create(
            Assignment(customer=customer, manager=manager, role=role, share=share, during=(since, None))
            for manager, role, share in rows
        )
    return customer


def make_product(code="D01", *, family=c.Family.CURRENT, name=None, **extra) -> Product:
    extra = {"rate_e5": 250, "ftp_e5": 1650} | extra
    return Product.objects.create(code=code, name=name or f"产品{code}", family=family, **extra)


def make_account(customer, product, *, number=None, opened_on=date(2020, 1, 1), **extra) -> Account:
    return Account.objects.create(
        number=number or f"6200{next(_numbers):012d}",
        customer=customer,
        product=product,
        branch=customer.branch,
        opened_on=opened_on,
        **extra,
    )


def make_profile(customer, manager) -> dict[str, list]:
    """What is known of `customer`, a row of each kind; the rest of each page's address, by URL name."""
    today = date(2026, 6, 1)
    ProfileField.objects.get_or_create(
        code="occupation", defaults={"name": "职业", "name_en": "Occupation", "weight": 5}
    )
    other = make_customer("宋以宁", branch=customer.branch, lead=manager)
    relation = Relationship.objects.create(subject=customer, object=other, kind=c.RelationshipKind.SPOUSE)
    group = CustomerGroup.objects.create(code=f"G{customer.pk}", name="一家", kind="household", size=2)
    for member, role in ((customer, c.GroupRole.HEAD), (other, c.GroupRole.SPOUSE)):
        GroupMembership.objects.create(group=group, customer=member, role=role)
    stake = Stake.objects.create(customer=customer, name="某人", share=60, source="document", noted_on=today)
    outside = OutsideHolding.objects.create(
        customer=customer,
        bank="某行",
        kind=c.OutsideKind.DEPOSIT,
        amount_fen=45_000_000,
        source="customer",
        told_on=today,
        noted_by=manager.user,
    )
    of_customer = (
        "timeline",
        "profile",
        "credit",
        "relations",
        "relate",
        "member",
        "owner",
        "outside",
        "outside_add",
    )
    return {name: [] for name in of_customer} | {
        "fact": ["occupation"],
        "identity": ["mobile"],
        "relation_end": [relation.pk],
        "member_leave": [other.public_id],
        "owner_end": [stake.public_id],
        "outside_edit": [outside.public_id],
        "outside_end": [outside.public_id],
    }


def make_interaction(customer, *, manager=None, happened_at=None, **extra) -> Interaction:
    extra = {
        "channel": c.Channel.PHONE,
        "purpose": c.Purpose.MAINTENANCE,
        "outcome": c.Outcome.REACHED,
        "no_next_reason": "无需跟进" if manager and "next_date" not in extra else "",
    } | extra
    happened_at = happened_at or datetime(2026, 6, 22, 10, 0, tzinfo=SHANGHAI)
    return Interaction.objects.create(customer=customer, manager=manager, happened_at=happened_at, **extra)


def make_task(customer, *, kind=c.TaskKind.MANUAL, manager=None, due_on=date(2026, 7, 1), **extra) -> Task:
    extra = {"reason": {"text": "致电"}, "created_on": due_on} | extra
    return Task.objects.create(
        customer=customer, manager=manager or customer.lead, kind=kind, due_on=due_on, **extra
    )
