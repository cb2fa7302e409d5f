"""What the kinds share: customers and managers of a payload, the level, and loads in words."""

from datetime import date

from django.utils.translation import gettext as _

from crm.approvals.registry import in_scope
from crm.wall.scope import beyond_scope
from customers.models import Customer, Publication
from customers.selectors.levels import Level, level_of
from customers.selectors.load import Load, load_of_customers, preview
from managers.models import Manager

LISTED = 8  # customers named in an effect; the rest as a number


def customers_of(public_ids) -> list[Customer]:
    """The customers of a payload, by number: whoever asks for one from the pool does not see him yet."""
    with beyond_scope():
        found = Customer.objects.defer("name_bigrams").select_related("lead__user", "lead__branch")
        return list(found.filter(public_id__in=public_ids).order_by("number"))


def customers_by_key(keys) -> dict[int, Customer]:
    """The same by their keys, of papers that their reader need not see the customers of."""
    with beyond_scope():
        found = Customer.objects.defer("name_bigrams").select_related("lead__user", "lead__branch")
        return {customer.pk: customer for customer in found.filter(pk__in=list(keys))}


def managers_of(public_ids) -> dict[str, Manager]:
    wanted = [each for each in public_ids if each]
    found = Manager.objects.filter(public_id__in=wanted).select_related("user", "branch")
    return {str(manager.public_id): manager for manager in found}


def level_for(customers, managers) -> Level:
    """The level of a move of `customers` among `managers` and those who lead them now."""
    leads = [customer.lead for customer in customers if customer.lead]
    return level_of(
        [customer.branch_path for customer in customers]
        + [manager.branch.path for manager in (*managers, *leads) if manager]
    )


def load_lines(given: dict, moved: dict, as_of: date) -> list[list[str]]:
    """[who, load before, load after] of everybody concerned; `given` and `moved`: manager → customer ids.

    `as_of`: the day whose weights count. Counts and loads alone: who asks may see them of colleagues,
    amounts he may not.
    """
    published = Publication.objects.first()
    night_id = published.night_id if published else None
    with beyond_scope():
        sides = [
            {
                manager: load_of_customers(ids, night_id, as_of) if ids else Load()
                for manager, ids in side.items()
            }
            for side in (moved, given)
        ]
    return [
        [
            _("Load of %(name)s") % {"name": one.manager.user},
            load_words(one.before),
            load_words(one.after),
        ]
        for one in preview(*sides, night_id, as_of)
    ]


def load_words(load: Load) -> str:
    share = "—" if load.share is None else f"{load.share:.0%}"
    return _("%(n)s customers, %(share)s") % {"n": f"{load.customers:,}", "share": share}


def numbers(customers) -> str:
    """The customers' numbers, the first LISTED of them."""
    told = [customer.number for customer in customers[:LISTED]]
    more = len(customers) - len(told)
    return ", ".join(told) + (_(" and %(n)s more") % {"n": f"{more:,}"} if more else "")


def disinterested(*names):
    """A rule for Kind.may_check: in scope, and none of the managers named in the payload under `names`."""

    def rule(user, approval):
        manager = getattr(user, "manager", None)
        gains = {approval.payload.get(name) for name in names}
        return in_scope(user, approval) and (manager is None or str(manager.public_id) not in gains)

    return rule
