"""My book: the list of everybody's customers, as far as one may see them."""

from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from crm import keyset
from crm.http import render_page
from crm.look import dates, figures, marks
from crm.templatetags.ui import mark
from customers.choices import CustomerKind, Lifecycle, Tier
from customers.context_processors import current_publication
from customers.reasons import KINDS, hint, risk_band
from customers.selectors import book as selectors
from customers.selectors.counts import LIMIT, book_totals, view_counts

QUIET_DAYS = selectors.QUIET_DAYS
BAND_MARKS = {"low": "fine", "medium": "warn", "high": "danger"}


@require_safe
def book(request):
    """One page of the list; the address holds view, filters, sort and the place to go on from."""
    as_of = timezone.localdate()
    published = current_publication(request)
    night_id = published.night_id if published else None
    state = selectors.BookState.read(request.GET)
    lists = selectors.segments(request.user, state, night_id, as_of)
    try:
        page = keyset.read_page(lists, selectors.PAGE, **_cursors(request, state, lists))
    except keyset.BadCursor:
        start = request.path + state.address()
        return render(request, "customers/bad_cursor.html", {"start_url": start}, status=400)
    rows = selectors.book_rows(page.keys, night_id, as_of)
    counts = view_counts(request.user, night_id, as_of)
    made = _Rows(state, as_of)
    context = {
        "state": state,
        "title": _("My customers") if request.user.is_manager else _("Customers"),
        "facts": _facts(request.user, counts, night_id, as_of),
        "views": _views(state, counts),
        "chips": _chips(state),
        "columns": _columns(state),
        "rows": [made.row(row) for row in rows],
        "foot": _("%(count)s customers on this page") % {"count": len(rows)},
        "page_aum_fen": sum(row.standing.aum_fen for row in rows if row.standing),
        "page_eva": figures.number(sum(row.standing.eva_fen or 0 for row in rows if row.standing) / 100),
        "clear_url": state.address(**dict.fromkeys((*state.FILTERS, "words"), "")),
        "condition_count": len(state.filters) + bool(state.words),
        "keep": [
            (name, getattr(state, name)) for name in ("view", "sort", *state.FILTERS) if getattr(state, name)
        ],
        "way_out": _way_out(state) if not rows else None,
        **_pager(page, state, counts),
    }
    return render_page(request, "customers/book.html", "customers/_book.html", context)


def _cursors(request, state, lists):
    return {
        name: keyset.unpack(request.GET[name], state.order, lists)
        for name in ("after", "before")
        if request.GET.get(name)
    }


def _facts(user, counts, night_id, as_of):
    """The line beside the title: how many, and for one's own book how much."""
    facts = [_("%(count)s customers") % {"count": count_words(counts["all"])}]
    if user.is_manager and night_id:
        totals = book_totals(user, night_id, as_of)
        if totals["aum_fen"] is not None:
            facts.append(_("assets %(amount)s") % {"amount": figures.short_money(totals["aum_fen"])})
            facts.append(_("loans %(amount)s") % {"amount": figures.short_money(totals["loan_fen"])})
    return facts


def count_words(count: int) -> str:
    return f"{LIMIT:,}+" if count > LIMIT else f"{count:,}"


def _views(state, counts):
    words = {
        "all": _("All"),
        "matures": _("Matures this month"),
        "silent": _("High value, silent"),
        "churn": _("Risk of leaving high"),
        "expiring": _("Data expiring"),
        "overdue": _("Overdue"),
    }
    return [
        {
            "label": words[view],
            "url": state.address(view=view),
            "count": count_words(counts[view]),
            "is_current": state.view == view,
        }
        for view in selectors.VIEWS
    ]


def _chips(state):
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


def _columns(state):
    """Header cells: (label, css, address or "", aria-sort or "", icon or "")."""
    unit = figures.wan_unit()
    columns = (
        (_("Customer"), "", ""),
        (_("Tier"), "", ""),
        (_("Lifecycle"), "", ""),
        (_("Assets %(unit)s") % {"unit": unit}, "num", "value"),
        (_("13 months"), "", ""),
        (_("Against 90 days"), "num", ""),
        (_("EVA a year, CNY"), "num", ""),
        (_("Risk of leaving"), "", "risk"),
        (_("Silence"), "num", "silence"),
        (_("Next"), "", "next"),
        (_("Next step"), "", ""),
        (_("Notice"), "", ""),
    )
    return [_column(state, *column) for column in columns]


# The direction a plain sort has: the next date rises, what is largest or longest comes first.
RISING = {"next"}


def _column(state, label, css, key):
    if not key:
        return {"label": label, "css": css}
    is_sorted = state.sort.lstrip("-") == key
    rises = (key in RISING) != state.sort.startswith("-")
    return {
        "label": label,
        "css": css,
        "url": state.address(sort=f"-{key}" if state.sort == key else key),
        "aria_sort": ("ascending" if rises else "descending") if is_sorted else "",
        "arrow": ("chevron-up" if rises else "chevron-down") if is_sorted else "",
    }


class _Rows:
    """Rows as the table shows them: words, figures and marks, made without asking the database again.

    Fifty rows of twelve cells are made here and not by tags: that halves the time of the page.
    """

    def __init__(self, state, as_of):
        self.as_of = as_of
        self.in_list = state.address_in_list()
        self.tiers = {code: marks.tier(code) for code in Tier.values}
        self.kinds = {code: str(label) for code, label in CustomerKind.choices}
        self.lifecycles = {code: str(label) for code, label in Lifecycle.choices}
        self.bands = {band: band_words(band) for band in selectors.BANDS}

    def row(self, row):
        customer, standing = row.customer, row.standing
        silent = (self.as_of - customer.last_contact_on).days if customer.last_contact_on else None
        notice = hint(row.task, self.as_of) if row.task else None
        return {
            "customer": customer,
            "kind": self.kinds[customer.kind],
            "tier": self.tiers[customer.tier],
            "lifecycle": self.lifecycles[customer.lifecycle],
            "url": reverse("customers:detail", args=[customer.public_id]) + self.in_list,
            "contact_url": reverse("customers:log_contact", args=[customer.public_id]) + self.in_list,
            "silence": dates.days_between(customer.last_contact_on, self.as_of),
            "is_quiet": silent is not None and silent > selectors.QUIET_DAYS,
            "next_date": dates.day(customer.next_date),
            "is_late": customer.next_date is not None and customer.next_date < self.as_of,
            "next_step": row.next_step or (KINDS[row.task.kind].action if row.task else ""),
            "notice": mark(*notice) if notice else "",
            **self._figures(standing),
        }

    def _figures(self, standing):
        """The cells that the night computes; a dash where it did not."""
        if standing is None:
            return dict.fromkeys(("aum", "sparkline", "delta", "eva", "risk"), figures.unknown())
        change = standing.aum_change_bp
        return {
            "aum": figures.figure(figures.in_wan(standing.aum_fen), figures.exact_yuan(standing.aum_fen)),
            "sparkline": marks.sparkline(standing.months, None if change is None else change / 10000),
            "delta": marks.delta(None if change is None else change / 100, unit="%"),
            "eva": figures.unknown() if standing.eva_fen is None else figures.number(standing.eva_fen / 100),
            "risk": self._risk(standing.churn_bp),
        }

    def _risk(self, churn_bp):
        band = risk_band(churn_bp)
        if band is None:
            return figures.unknown()
        return mark(BAND_MARKS[band], f"{self.bands[band]} {figures.percent(churn_bp / 10000)}")


def _pager(page, state, counts):
    cursor = {
        "previous_url": page.places[0] if page.has_previous and page.places else None,
        "next_url": page.places[-1] if page.next_place else None,
    }
    names = {"previous_url": "before", "next_url": "after"}
    links = {
        name: f"{state.address()}&{names[name]}={keyset.pack(place, state.order)}" if place else ""
        for name, place in cursor.items()
    }
    words = _("%(shown)s on this page") % {"shown": len(page.places)}
    if not state.filters and not state.words:
        told = {"shown": len(page.places), "all": count_words(counts[state.view])}
        words = _("%(shown)s on this page, %(all)s in all") % told
    return {**links, "next_from": _place_words(page.next_place, state), "words": words}


def _place_words(place, state):
    """What the next page starts with, in the words of the sorted column."""
    if place is None or len(place.values) == 1:
        return ""
    value = place.values[0]
    key = state.sort.lstrip("-")
    if key in ("next", "silence"):
        return dates.day(value) if key == "next" else dates.full_day(value)
    return figures.short_money(value) if key == "value" else figures.percent(value / 10000)


def _way_out(state):
    """What the empty list says, and the condition to drop: {title, text, action, action_url, …}."""
    everything = state.address(**dict.fromkeys((*state.FILTERS, "words"), ""), view="all")
    if state.words:
        return {
            "title": _("Nobody by “%(words)s” among your customers") % {"words": state.words},
            "text": _("Look by Chinese name, pinyin initials or customer number."),
            "action": _("Drop the search"),
            "action_url": state.address(words=""),
            "second": _("Clear all"),
            "second_url": everything,
        }
    if state.filters:
        last = next(chip for chip in reversed(_chips(state)) if chip["value"])
        return {
            "title": _("No customer meets all conditions"),
            "text": _("Drop “%(label)s: %(value)s” to see more.") % last,
            "action": _("Drop this condition"),
            "action_url": last["clear_url"],
            "second": _("Clear all"),
            "second_url": everything,
        }
    if state.view != "all":
        return {
            "title": _("Nobody here"),
            "text": _("No customer falls under this view at the moment."),
            "action": _("See all customers"),
            "action_url": everything,
        }
    return {
        "title": _("No customers yet"),
        "text": _("Customers appear here when they are assigned, or when the feed brings them."),
    }
