"""Where a customer is in life with us, and why: the rule that put him there, with his own figures.

The rules are the night's (performance/seven_p/profiling.py, performance/rules/seven_p.toml); this says them
in words and compares one customer's figures with them. The moves come from the history of the record.
"""

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _

from crm.look import figures
from customers.choices import Lifecycle
from performance import rules

MOST_MOVES = 12


@dataclass(frozen=True)
class Move:
    at: datetime
    was: str
    now: str


def why(customer, analysed) -> str:
    """One sentence: why the customer is in his present stage; `analysed` is None before a first night."""
    stage = Lifecycle(customer.lifecycle)
    if analysed is None or analysed.row.profiling_lifecycle is None:
        if stage == Lifecycle.PROSPECT:
            return _("No account yet. The first one makes him a customer.")
        return _("As core banking or the person who added him said; the next night computes it.")
    settings, rollup = rules.seven_p()["profiling"], analysed.rollup
    last = (rollup.aum_c - rollup.aum30_c) / 30
    before = (rollup.aum30_c - rollup.aum120_c) / 90
    told = {
        "last": figures.short_money(round(last)),
        "before": figures.short_money(round(before)),
        "share": figures.percent(last / before, 0) if before > 0 else figures.UNKNOWN,
        "since": customer.since.isoformat(),
        "months": settings["new_months"],
        "days": settings["lost_days"],
        "low": figures.percent(settings["declining"], 0),
        "high": figures.percent(settings["growing"], 0),
    }
    return SENTENCES[stage]() % told


SENTENCES = {
    Lifecycle.PROSPECT: lambda: _("No account yet. The first one makes him a customer."),
    Lifecycle.NEW: lambda: _("Customer since %(since)s: in the first %(months)s months."),
    Lifecycle.GROWING: lambda: _(
        "Assets of the last 30 days average %(last)s, %(share)s of the 90 days before (%(before)s): "
        "above %(high)s."
    ),
    Lifecycle.MATURE: lambda: _(
        "Assets of the last 30 days average %(last)s, %(share)s of the 90 days before (%(before)s): "
        "between %(low)s and %(high)s."
    ),
    Lifecycle.DECLINING: lambda: _(
        "Assets of the last 30 days average %(last)s, %(share)s of the 90 days before (%(before)s): "
        "below %(low)s."
    ),
    Lifecycle.LOST: lambda: _(
        "No assets, no loan and nothing done for %(days)s days, or no open account left."
    ),
}


def stages() -> list[tuple[str, str]]:
    """Every stage with what moves a customer into it, in the order in which the rules are asked."""
    settings = rules.seven_p()["profiling"]
    low, high = figures.percent(settings["declining"], 0), figures.percent(settings["growing"], 0)
    said = {
        Lifecycle.PROSPECT: _("no account yet"),
        Lifecycle.LOST: _("no assets, no loan and nothing done for %(days)s days, or every account closed")
        % {"days": settings["lost_days"]},
        Lifecycle.NEW: _("in the first %(months)s months") % {"months": settings["new_months"]},
        Lifecycle.DECLINING: _("average assets of 30 days below %(low)s of the 90 days before")
        % {"low": low},
        Lifecycle.GROWING: _("average assets of 30 days above %(high)s of the 90 days before")
        % {"high": high},
        Lifecycle.MATURE: _("everybody else"),
    }
    return list(said.items())


def moves_of(customer) -> list[Move]:
    """The last moves between stages, newest first, from the history of the record: one query."""
    rows = customer.history.filter(pgh_label="update", pgh_new__has_key="lifecycle")
    rows = rows.order_by("-pgh_id").values_list("pgh_created_at", "lifecycle", "pgh_new")[:MOST_MOVES]
    return [Move(at, Lifecycle(was).label, Lifecycle(new["lifecycle"]).label) for at, was, new in rows]


def age_words(customer, as_of: date) -> str:
    """How long he has been a customer."""
    months = (as_of.year - customer.since.year) * 12 + as_of.month - customer.since.month
    if months < 24:
        return _("%(n)s months") % {"n": max(months, 0)}
    return _("%(n)s years") % {"n": months // 12}
