"""Who can see a customer, and why: the rule of `Customer.objects.visible_to` told from the other side."""

from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext as _

from customers.models import Customer
from managers.choices import Role
from managers.models import User


@dataclass(frozen=True)
class Reader:
    """One member of staff and the reason why the customer is open to him."""

    user: User
    why: str


def readers_of(customer: Customer) -> list[Reader]:
    """Return who may see `customer`: his managers, the branches above him, head office. One query."""
    parts = customer.branch_path.rstrip("/").split("/")
    above = ["/".join(parts[: count + 1]) + "/" for count in range(len(parts))]
    managers = Q(role=Role.MANAGER, manager__in=[pk for pk in (customer.lead_id, customer.co_id) if pk])
    branch = Q(role__in=[Role.SUPERVISOR, Role.BACK_OFFICE], branch__path__in=above)
    office = Q(role__in=[Role.ADMIN, Role.AUDITOR])
    people = User.objects.filter(managers | branch | office, is_active=True)
    order = [Role.MANAGER, Role.SUPERVISOR, Role.BACK_OFFICE, Role.ADMIN, Role.AUDITOR]
    rows = sorted(
        people.select_related("branch", "manager"),
        key=lambda user: (
            order.index(user.role),
            -len(user.branch.path if user.branch else ""),
            user.username,
        ),
    )
    return [Reader(user, _why(user, customer)) for user in rows]


def _why(user: User, customer: Customer) -> str:
    if user.role == Role.MANAGER:
        is_lead = user.manager.pk == customer.lead_id
        return _("lead manager of this customer") if is_lead else _("co-manager of this customer")
    if user.role == Role.SUPERVISOR:
        return _("leads %(branch)s, to which the customer's branch belongs") % {"branch": user.branch.name}
    if user.role == Role.BACK_OFFICE:
        return _("back office of %(branch)s, to which the customer's branch belongs") % {
            "branch": user.branch.name
        }
    if user.role == Role.ADMIN:
        return _("administrator: the whole bank")
    return _("auditor: reads the whole bank")
