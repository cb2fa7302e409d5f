"""My book: the list of everybody's customers, as far as one may see them."""

from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from crm import keyset
from crm.http import render_page
from crm.look import dates, figures, marks
from crm.templatetags.ui import mark
from customers.choices import CustomerKind, Lifecycle, Tier
from customers.context_processors import current_publication
from customers.exports import BOOK
from customers.reasons import KINDS, hint, risk_band
from customers.selectors import book as selectors
from customers.selectors.counts import view_counts
from customers.views.book_filters import band_words, chips_of, count_words, tabs_of

NOBODY = "00000000-0000-0000-0000-000000000000"  # stands for an id in an address made once
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
        page = keyset.read_page(lists, selectors.PAGE, **keyset.cursors(request.GET, state.order, lists))
    except keyset.BadCursor:
        start = request.path + state.address()
        return render(request, "customers/bad_cursor.html", {"start_url": start}, status=400)
    rows = selectors.book_rows(page.keys, night_id, as_of)
    counts = view_counts(request.user, night_id, as_of)
    context = {
        "state": state,
        "may_export": BOOK.may(request.user, {}),
        "title": _("My customers") if request.user.is_manager else _("Customers"),
        "facts": _facts(counts),
        **tabs_of(request.user, state, counts, as_of),
        "chips": chips_of(state),
        "columns": _columns(state),
        "rows": rows,
        "table_rows": _Rows(request, state, as_of).html(rows),
        "foot": _("%(count)s customers on this page") % {"count": len(rows)},
        "page_aum_fen": sum(row.aum_fen or 0 for row in rows),
        "page_eva": figures.number(sum(row.eva_fen or 0 for row in rows) / 100),
        "clear_url": state.address(**dict.fromkeys((*state.FILTERS, "words"), "")),
        "condition_count": len(state.filters) + bool(state.words),
        "keep": [
            (name, getattr(state, name)) for name in ("view", "sort", *state.FILTERS) if getattr(state, name)
        ],
        "way_out": _way_out(state) if not rows else None,
        **_pager(page, state, counts),
    }
    return render_page(request, "customers/book.html", "customers/_book.html", context)


def _facts(counts):
    """The line beside the title: how many, and for one's own book how much."""
    facts = [_("%(count)s customers") % {"count": count_words(counts["all"])}]
    if counts.get("aum_fen") is not None:
        facts.append(_("assets %(amount)s") % {"amount": figures.short_money(counts["aum_fen"])})
        facts.append(_("loans %(amount)s") % {"amount": figures.short_money(counts["loan_fen"])})
    return facts


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


class _Cells(dict):
    """Stands for a row while its template is rendered once: `{{ cell.name }}` becomes `{name}`."""

    def __missing__(self, name):
        return f"{{{name}}}"


class _Rows:
    """Rows as the table shows them, made without asking the database again.

    Fifty rows of twelve cells are 600 template variables: the row's template is rendered once, with places
    for its cells, and filled here for each customer. That halves the time of the page.
    """

    def __init__(self, request, state, as_of):
        self.as_of = as_of
        self.shape = render_to_string("customers/_book_row.html", {"cell": _Cells()}, request)
        in_list = escape(state.address_in_list())
        self.detail = reverse("customers:detail", args=[NOBODY]) + in_list
        self.contact = reverse("customers:log_contact", args=[NOBODY]) + in_list
        self.tiers = {code: marks.tier(code) for code in Tier.values}
        self.kinds = {code: str(label) for code, label in CustomerKind.choices}
        self.lifecycles = {code: str(label) for code, label in Lifecycle.choices}
        self.bands = {band: mark(BAND_MARKS[band], f"{band_words(band)} {{}}") for band in selectors.BANDS}
        self.changes = {sign: marks.delta(sign, unit="%") for sign in (-1, 0, 1)}
        self.unknown = figures.unknown()

    def html(self, rows):
        """The rows as safe HTML: what a person wrote (name, next step) is escaped, the rest is ours."""
        return mark_safe("".join(self.shape.format_map(self._cells(row)) for row in rows))  # noqa: S308

    def _cells(self, row):
        silent = (self.as_of - row.last_contact_on).days if row.last_contact_on else None
        task, public_id = row.task, str(row.public_id)
        step = escape(row.next_step or (KINDS[task.kind].action if task else ""))
        return {
            "name": escape(row.name),
            "kind": self.kinds[row.kind],
            "tier": self.tiers[row.tier],
            "lifecycle": self.lifecycles[row.lifecycle],
            "url": self.detail.replace(NOBODY, public_id),
            "contact_url": self.contact.replace(NOBODY, public_id),
            "silence": dates.days_between(row.last_contact_on, self.as_of),
            "quiet": "mark-warn" if silent is not None and silent > selectors.QUIET_DAYS else "",
            "next_date": dates.day(row.next_date),
            "late": "mark-warn" if row.next_date is not None and row.next_date < self.as_of else "",
            "next_step": step,
            "notice": mark(*hint(task, self.as_of)) if task else f'<span class="only-on-phone">{step}</span>',
            "aum": self.unknown if row.aum_fen is None else self._amount(row.aum_fen),
            "aum_short": figures.short_money(row.aum_fen),
            "sparkline": self._sparkline(row),
            "delta": self._change(row.aum_change_bp),
            "eva": self.unknown if row.eva_fen is None else figures.number(row.eva_fen / 100),
            "risk": self._risk(row.churn_bp),
        }

    def _amount(self, fen):
        return figures.figure(figures.in_wan(fen), figures.exact_yuan(fen))

    def _sparkline(self, row):
        if row.months is None:
            return self.unknown
        return marks.sparkline(row.months, None if row.aum_change_bp is None else row.aum_change_bp / 10000)

    def _change(self, change_bp):
        if change_bp is None:
            return self.unknown
        shown = figures.number(abs(change_bp) / 100, 1)
        sign = 0 if shown == "0.0" else 1 if change_bp > 0 else -1
        return SafeString(self.changes[sign].replace("1.0", shown))

    def _risk(self, churn_bp):
        band = risk_band(churn_bp)
        if band is None:
            return self.unknown
        return SafeString(self.bands[band].replace("{}", figures.percent(churn_bp / 10000)))


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
        last = next(chip for chip in reversed(chips_of(state)) if chip["value"])
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
