"""My book as a file: the list as filtered on the page, without free text."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.export.batches import BATCH, batched
from crm.export.registry import Column, Sheet
from crm.money import yuan
from customers.choices import CustomerKind, Lifecycle, Tier
from customers.models import Customer, Publication
from customers.reasons import risk_band
from customers.selectors.book import BookState, book_rows, narrowed
from managers.choices import Role

READERS = (Role.MANAGER, Role.SUPERVISOR, Role.ADMIN)


def _clean(told) -> dict:
    """The filter as the page's address has it: known names with known values, and the searched words."""
    state = BookState.read(told)
    kept = {"view": state.view, **state.filters}
    return kept | ({"q": state.words} if state.words else {})


def _night():
    return Publication.objects.values_list("night_id", flat=True).first()


def _customers(user, query, as_of):
    return narrowed(user, BookState.read(query), _night(), as_of)


def _may(user, query):
    return user.role in READERS


def _count(user, query, as_of):
    return _customers(user, query, as_of).count()


def _rows(user, query, as_of):
    night = _night()
    keys = _customers(user, query, as_of).order_by("number").values_list("pk", "number")
    for batch in batched(keys.iterator(chunk_size=BATCH)):
        yield from _cells(batch, night, as_of)


def _cells(batch, night, as_of):
    """Rows of one batch of (id, number): one query."""
    numbers = dict(batch)
    tiers, lifecycles = dict(Tier.choices), dict(Lifecycle.choices)
    for row in book_rows(list(numbers), night, as_of):
        yield (
            row.id,
            (
                numbers[row.id],
                row.name,
                tiers[row.tier],
                lifecycles[row.lifecycle],
                _yuan(row.aum_fen),
                _share(row.aum_change_bp),
                _yuan(row.eva_fen),
                _words(risk_band(row.churn_bp)),
                row.last_contact_on,
                row.next_date,
            ),
        )


def _yuan(fen):
    return None if fen is None else yuan(fen)


def _share(bp):
    return None if bp is None else f"{bp / 100:.1f}%"


def _words(band):
    return {"low": _("low"), "medium": _("medium"), "high": _("high")}.get(band)


def _still(user, query, subjects):
    """All of the customers in the file are still his to see."""
    return Customer.objects.visible_to(user).filter(pk__in=subjects).count() == len(subjects)


def _title(query):
    """The list by its conditions, in the words of the page."""
    words = {
        "view": {
            "matures": _("Matures this month"),
            "silent": _("High value, silent"),
            "churn": _("Risk of leaving high"),
            "expiring": _("Data expiring"),
            "overdue": _("Overdue"),
        },
        "kind": dict(CustomerKind.choices),
        "tier": dict(Tier.choices),
        "lifecycle": dict(Lifecycle.choices),
        "silence": {"never": _("no contact yet")},
    }
    told = [str(words.get(name, {}).get(value, value)) for name, value in query.items() if value != "all"]
    return " · ".join([_("Customers"), *told])


BOOK = Sheet(
    "book",
    gettext_lazy("Customers"),
    (
        Column(gettext_lazy("Customer number")),
        Column(gettext_lazy("Customer"), data_class="name", width=24),
        Column(gettext_lazy("Tier")),
        Column(gettext_lazy("Lifecycle")),
        Column(gettext_lazy("Assets, CNY"), width=18),
        Column(gettext_lazy("Against 90 days")),
        Column(gettext_lazy("EVA a year, CNY"), width=18),
        Column(gettext_lazy("Risk of leaving")),
        Column(gettext_lazy("Last contact")),
        Column(gettext_lazy("Next")),
    ),
    _clean,
    _may,
    _count,
    _rows,
    _still,
    _title,
)
EXPORTS = (BOOK,)
