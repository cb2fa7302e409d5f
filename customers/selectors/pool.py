"""The pool (公共池): customers without a lead manager, the most valuable first."""

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef, Q

from crm import keyset
from crm.subtree import within
from crm.wall.scope import beyond_scope
from customers.choices import CustomerKind, Tier
from customers.models import Customer, Standing
from customers.selectors.suggestions import Suggestion, candidates, suggest

PAGE = 30
CHOICES = {"kind": CustomerKind.values, "tier": Tier.values}


@dataclass(frozen=True)
class PoolState:
    """Filters of the pool, as the address has them; what it does not know is dropped."""

    kind: str = ""
    tier: str = ""

    @classmethod
    def read(cls, query) -> "PoolState":
        told = {name: query.get(name, "") for name in CHOICES}
        return cls(**{name: value for name, value in told.items() if value in CHOICES[name]})

    @property
    def filters(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in CHOICES if getattr(self, name)}


@dataclass(frozen=True)
class PoolRow:
    """One customer of the pool; figures and name are for whose scope he is in, `is_masked` else."""

    customer: Customer
    aum_fen: int | None
    suggestion: Suggestion | None
    is_masked: bool


@contextmanager
def reading_pool(user):
    """The context in which `user` reads the pool: a manager reads his branch's, masked, beyond his book."""
    if not user.is_manager:
        yield
        return
    with beyond_scope():
        yield


def pool_of(user):
    """Customers without a lead whom `user` may assign, ask for or read about: a manager those of his branch,
    others those in their scope. To be read inside `reading_pool`."""
    if user.is_manager:
        manager = getattr(user, "manager", None)
        here = within(manager.branch.path, "branch_path") if manager else Q(pk=None)
        return Customer.objects.filter(here, lead=None, closed_on=None)
    return Customer.objects.visible_to(user).filter(lead=None, closed_on=None)


def pool_page(user, state: PoolState, night_id: int | None, as_of: date, *, after=None, before=None):
    """(page, rows): a fixed number of queries, whatever the pool holds."""
    with reading_pool(user):
        page = keyset.read_page(segments(user, state, night_id), PAGE, after, before)
        rows = Customer.objects.defer("name_bigrams").select_related("branch").in_bulk(page.keys)
        values = dict(
            Standing.objects.filter(night_id=night_id or 0, customer__in=page.keys).values_list(
                "customer", "aum_fen"
            )
        )
        customers = [rows[pk] for pk in page.keys]
        suggested = suggest(customers, nearby(user, as_of), as_of)
    return page, [
        PoolRow(one, values.get(one.pk), suggested.get(one.pk), user.is_manager) for one in customers
    ]


def nearby(user, as_of: date):
    """The managers who come into question for `user`'s pool."""
    if user.is_manager:
        manager = getattr(user, "manager", None)
        return candidates(manager.branch.path, as_of) if manager else []
    return candidates(user.branch.path if user.is_supervisor else "", as_of)


def segments(user, state: PoolState, night_id: int | None) -> list[keyset.Segment]:
    """The pool as keyset segments: by assets, then who came after the night."""
    customers = pool_of(user).filter(**state.filters)
    standings = Standing.objects.filter(night_id=night_id or 0)
    valued = standings.filter(Exists(customers.filter(pk=OuterRef("customer_id"))))
    new = customers.filter(~Exists(standings.filter(customer_id=OuterRef("pk"))))
    return [keyset.Segment(valued, ("-aum_fen", "-customer_id")), keyset.Segment(new, ("id",))]
