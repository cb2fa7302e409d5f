"""What the head of the customer's page says: seven facts on the grid of the seven P; the chart of assets."""

from datetime import date

from django.utils.translation import gettext as _

from crm.look import dates, figures
from customers.choices import LoanClass
from customers.reasons import risk_band
from customers.selectors.contacts import may_read_note
from customers.selectors.holdings import BAD_CLASSES
from customers.views.book_filters import band_words


def headline(customer, standing, holdings, contact, logged, group, as_of, user):
    """Seven facts on the grid of the seven P: label, figure (fen or words), note."""
    return [
        _assets_fact(standing),
        {
            "label": _("Deposits"),
            "fen": standing.deposit_fen if standing else holdings.deposits_fen,
            "note": _("time %(time)s · current %(current)s")
            % {
                "time": figures.short_money(holdings.time_fen),
                "current": figures.short_money(holdings.current_fen),
            },
        },
        _loans_fact(standing, holdings),
        _eva_fact(standing),
        _contact_fact(customer, contact, as_of),
        _next_fact(customer, logged, as_of, user),
        _group_fact(group),
    ]


def _assets_fact(standing):
    fact = {"label": _("Assets"), "fen": standing.aum_fen if standing else None}
    if standing is None:
        return fact | {"note": _("computed next night")}
    if standing.aum_change_bp is None:
        return fact | {"note": _("under 120 days of data")}
    return fact | {"delta": standing.aum_change_bp / 100, "note": _("against 90 days")}


def _loans_fact(standing, holdings):
    fact = {"label": _("Loans"), "fen": standing.loan_fen if standing else holdings.loans_fen}
    state = holdings.worst_loan
    if state is None:
        return fact | {"note": _("none")} if not fact["fen"] else fact
    if state.overdue_days:
        words = _("%(days)s days overdue") % {"days": state.overdue_days}
        return fact | {"mark": "danger", "note": words}
    kind = "danger" if state.loan_class in BAD_CLASSES else "ok"
    kind = "warn" if state.loan_class == LoanClass.SPECIAL_MENTION else kind
    return fact | {"mark": kind, "note": state.get_loan_class_display()}


def _eva_fact(standing):
    fact = {"label": _("Net value a year, EVA"), "fen": standing.eva_fen if standing else None}
    band = risk_band(standing.churn_bp) if standing else None
    if band is None:
        return fact | {"note": _("risk of leaving not known")}
    told = {"band": band_words(band), "risk": figures.percent(standing.churn_bp / 10000)}
    return fact | {"note": _("risk of leaving %(band)s %(risk)s") % told}


def _contact_fact(customer, contact, as_of):
    fact = {"label": _("Last contact")}
    if customer.last_contact_on is None:
        return fact | {"words": _("none yet"), "note": ""}
    note = dates.day(customer.last_contact_on)
    if contact:
        note = f"{note} {contact.get_channel_display()}"
    return fact | {"words": dates.age(customer.last_contact_on, as_of), "note": note}


def _next_fact(customer, logged, as_of, user):
    fact = {"label": _("Next step")}
    if customer.next_date is None:
        return fact | {"words": "—", "note": _("nothing agreed")}
    may_read = logged and logged.next_date and may_read_note(user, logged)
    step = logged.next_step if may_read else ""
    late = customer.next_date < as_of
    note = step or dates.age(customer.next_date, as_of)
    return fact | {"words": dates.day(customer.next_date), "note": note, "mark": "warn" if late else ""}


def _group_fact(group):
    if group is None:
        return {"label": _("Family or group"), "words": "—", "note": _("in no group")}
    note = _("%(members)s customers you see") % {"members": group["members"]}
    return {"label": group["kind"], "fen": group["aum_fen"], "note": note}


def assets_chart(standing, published):
    """Assets of 13 months in 万 (CNY '000 in English), oldest first; small ones in whole yuan."""
    size, places, unit = (1_000_000 if figures.is_chinese() else 100_000), 1, figures.wan_unit()
    if max((fen for fen in standing.months if fen is not None), default=0) < 5 * size:
        size, places, unit = 100, 0, _("yuan")
    year, month = published.business_date.year, published.business_date.month
    labels = []
    for back in range(len(standing.months) - 1, -1, -1):
        at = (year * 12 + month - 1) - back
        labels.append(_month_label(date(at // 12, at % 12 + 1, 1), with_year=not labels))
    values = [None if fen is None else round(fen / size, places) for fen in standing.months]
    return {
        "kind": "line",
        "unit": unit,
        "places": places,
        "x": labels,
        "series": [{"name": _("Assets"), "values": values, "role": "mine"}],
    }


def _month_label(day, with_year):
    """6月; with the year where it begins. Jun, Jan 2026."""
    if with_year or day.month == 1:
        return dates.month(day)
    return f"{day.month}月" if figures.is_chinese() else dates.month(day)[:3]
