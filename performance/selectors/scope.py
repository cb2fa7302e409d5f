"""What a board covers: a branch subtree inside what the reader may see, at one published night."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from django.db.models import QuerySet

from crm.subtree import within
from customers.models import Customer, Publication, Standing
from managers.models import Branch, Manager, User


@dataclass(frozen=True)
class Scope:
    """`branch` and all under it, as `user` may see it; `as_of` is today, `night` what readers see or None."""

    user: User
    branch: Branch
    as_of: date
    night: Publication | None

    @cached_property
    def customers(self) -> QuerySet:
        """Customers in scope who have not left."""
        visible = Customer.objects.visible_to(self.user)
        return visible.filter(within(self.branch.path, "branch_path"), closed_on=None)

    @cached_property
    def managers(self) -> QuerySet:
        """Managers in post today."""
        visible = Manager.objects.visible_to(self.user).in_post(self.as_of)
        return visible.filter(within(self.branch.path, "branch__path"))

    @cached_property
    def standings(self) -> QuerySet:
        """Last night's figures of the customers in scope; none before the first night."""
        if self.night is None:
            return Standing.objects.none()
        return Standing.objects.filter(night_id=self.night.night_id, customer__in=self.customers)


def branches_of(user: User) -> QuerySet:
    """The branches whose board `user` may open: his subtree, or the whole bank for readers."""
    if user.sees_whole_bank:
        return Branch.objects.filter(closed_on=None)
    if user.is_supervisor and user.branch_id:
        return Branch.objects.under(user.branch.path).filter(closed_on=None)
    return Branch.objects.none()
