"""My book's tabs and chips: the views of the house, the saved ones, and the conditions in words."""

from django.urls import reverse
from django.utils.translation import gettext as _

from crm.savedviews.registry import SavedList
from crm.savedviews.services import tabs
from customers.choices import CustomerKind, Lifecycle, Tier
from customers.models import Publication
from customers.selectors import book as selectors
from customers.selectors.counts import LIMIT, capped_count


def count_words(count: int) -> str:
    return f"{LIMIT:,}+" if count > LIMIT else f"{count:,}"


def view_words() -> dict[str, str]:
    """The saved views by name."""
    return {
        "all": _("All"),
        "matures": _("Matures this month"),
        "silent": _("High value, silent"),
        "churn": _("Risk of leaving high"),
        "expiring": _("Data expiring"),
        "overdue": _("Overdue"),
    }


def views_of(state, counts):
    words = view_words()
    return [
        {
            "label": words[view],
            "url": state.address(view=view),
            "count": count_words(counts[view]),
            "is_current": state.view == view,
        }
        for view in selectors.VIEWS
    ]


def tabs_of(user, state, counts, as_of):
    """The views of the house, then the reader's own and his branch's; what may be done with the open one."""
    saved = tabs(user, SAVED_LIST, state.address()[1:], as_of)
    opened = next((tab for tab in saved if tab["is_current"]), None)
    house = views_of(state, counts)
    if opened:
        house = [view | {"is_current": False} for view in house]
    may_save = not opened and state != selectors.BookState(view=state.view)
    return {
        "views": [*house, *(tab | {"count": count_words(tab["count"])} for tab in saved)],
        "saved": opened,
        "save_url": reverse("views:new", args=["book"]) + state.address() if may_save else "",
    }


def chips_of(state):
    silences = {
        "30": _("over 30 days"),
        "60": _("over 60 days"),
        "90": _("over 90 days"),
        "180": _("over 180 days"),
        "never": _("no contact yet"),
    }
    choices = {
        "kind": (_("Kind"), CustomerKind.choices),
        "tier": (_("Tier"), Tier.choices),
        "lifecycle": (_("Lifecycle"), Lifecycle.choices),
        "band": (_("Risk of leaving"), [(band, band_words(band)) for band in selectors.BANDS]),
        "silence": (_("Silence"), list(silences.items())),
    }
    return [
        {
            "label": label,
            "value": dict(options).get(getattr(state, name), ""),
            "clear_url": state.address(**{name: ""}),
            "options": [
                {"label": words, "url": state.address(**{name: value}), "is_current": False}
                for value, words in options
            ],
        }
        for name, (label, options) in choices.items()
    ]


def band_words(band: str) -> str:
    return {"low": _("low"), "medium": _("medium"), "high": _("high")}[band]


def _says(query):
    """A filter in words: the view, the conditions, what is searched."""
    state = selectors.BookState.read(query)
    parts = [view_words()[state.view]] if state.view != "all" else []
    parts += [f"{chip['label']}: {chip['value']}" for chip in chips_of(state) if chip["value"]]
    parts += [f"“{state.words}”"] if state.words else []
    return " · ".join(map(str, parts)) or _("All")


def _count(user, query, as_of):
    night_id = Publication.objects.values_list("night_id", flat=True).first()
    return capped_count(selectors.narrowed(user, selectors.BookState.read(query), night_id, as_of))


SAVED_LIST = SavedList(
    code="book",
    url_name="customers:book",
    clean=lambda query: selectors.BookState.read(query).address()[1:],
    says=_says,
    count=_count,
)
