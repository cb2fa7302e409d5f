"""Why something stands on Today, in the reader's language: sentence, mark, what is at stake, one action.

A task holds only values (`Task.reason`, the shapes in the table below); words are made here, when read.

    promise          step, date             deposit_matures  amount_fen, date, rate_e5
    loan_matures     amount_fen, date       overdue          days, overdue_fen
    churn            churn_bp, drop_bp      silent           days, cycle_days
    id_expires       document, date         risk_test        date
    check_due        date                   birthday         date
    campaign         name, ends_on          request          number, kind, department, due
    complaint        number, due_on         opportunity      product, stage, days
    loan_class       was, now, date         manual           text
"""

import re
from dataclasses import dataclass
from datetime import date

from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.look import dates, figures
from customers.choices import IdDocument, LoanClass, Purpose, TaskKind

BEFORE_FIGURE = re.compile(r"(?<=[\u4e00-\u9fff])(?=(?:<b>)?\d)")
HIGH_BP, MEDIUM_BP = 3500, 1500  # bands of the yearly probability of leaving (domain.md §2)


@dataclass(frozen=True)
class Kind:
    """What is the same for every task of a kind: what its value is, the action, the purpose it carries."""

    value: str
    action: str
    icon: str
    purpose: str


KINDS = {
    TaskKind.PROMISE: Kind(gettext_lazy("assets"), gettext_lazy("Call back"), "phone", Purpose.SERVICE),
    TaskKind.DEPOSIT_MATURES: Kind(
        gettext_lazy("maturing deposit"),
        gettext_lazy("Book a visit before maturity"),
        "calendar",
        Purpose.MATURITY,
    ),
    TaskKind.LOAN_MATURES: Kind(
        gettext_lazy("maturing loan"), gettext_lazy("Call about repayment"), "phone", Purpose.MATURITY
    ),
    TaskKind.OVERDUE: Kind(
        gettext_lazy("loan balance"), gettext_lazy("Call to collect"), "phone", Purpose.COLLECTION
    ),
    TaskKind.CHURN: Kind(gettext_lazy("assets"), gettext_lazy("Call to keep"), "phone", Purpose.RETENTION),
    TaskKind.SILENT: Kind(gettext_lazy("assets"), gettext_lazy("Call"), "phone", Purpose.MAINTENANCE),
    TaskKind.ID_EXPIRES: Kind(
        gettext_lazy("assets"), gettext_lazy("Ask for the document"), "message-square", Purpose.KYC
    ),
    TaskKind.RISK_TEST: Kind(gettext_lazy("assets"), gettext_lazy("Book the test"), "calendar", Purpose.KYC),
    TaskKind.CHECK_DUE: Kind(
        gettext_lazy("loan balance"), gettext_lazy("Log the check"), "map-pin", Purpose.CHECK
    ),
    TaskKind.BIRTHDAY: Kind(
        gettext_lazy("assets"), gettext_lazy("Send wishes"), "message-circle", Purpose.MAINTENANCE
    ),
    TaskKind.CAMPAIGN: Kind(gettext_lazy("assets"), gettext_lazy("Invite"), "megaphone", Purpose.CAMPAIGN),
    TaskKind.REQUEST: Kind(
        gettext_lazy("assets"), gettext_lazy("Tell the customer"), "ticket", Purpose.SERVICE
    ),
    TaskKind.COMPLAINT: Kind(
        gettext_lazy("assets"), gettext_lazy("Tell the customer"), "headset", Purpose.SERVICE
    ),
    TaskKind.OPPORTUNITY: Kind(gettext_lazy("expected"), gettext_lazy("Move on"), "target", Purpose.SALE),
    TaskKind.LOAN_CLASS: Kind(
        gettext_lazy("loan balance"), gettext_lazy("Visit the borrower"), "map-pin", Purpose.CHECK
    ),
    TaskKind.MANUAL: Kind(
        gettext_lazy("assets"), gettext_lazy("Log contact"), "message-square", Purpose.OTHER
    ),
}


def sentence(task, as_of: date):
    """One sentence that says why, safe HTML with the decisive word in <b>.

    A reason that lacks a value (an older rule wrote it) falls back to the name of its kind.
    """
    try:
        template, values = SENTENCES[task.kind](_Told(task.reason), as_of)
    except (KeyError, TypeError, ValueError):
        return task.get_kind_display()
    return _spaced(format_html(template, **values))


def mark(task, as_of: date) -> tuple[str, str]:
    """(kind of mark, words) for the column that says how urgent it is: `("due", "明天")`."""
    if task.kind == TaskKind.OVERDUE:
        days = task.reason.get("days", 0)
        return "danger", _("%(days)s days overdue") % {"days": days}
    if task.kind == TaskKind.CHURN and task.reason.get("churn_bp", 0) >= HIGH_BP:
        return "danger", _("High risk")
    left = (task.due_on - as_of).days
    if left < 0:
        return "warn", _("%(days)s days late") % {"days": -left}
    return ("warn" if left <= 1 else "wait"), _near(task.due_on, as_of)


def value_label(task) -> str:
    return str(KINDS[task.kind].value)


def hint(task, as_of: date) -> tuple[str, str]:
    """(kind of mark, a few words) for a row of My book: `("due", "7/15 到期 30 万")`."""
    told = task.reason
    try:
        short = HINTS[task.kind](_Told(told), as_of)
    except (KeyError, TypeError, ValueError):
        short = task.get_kind_display()
    return mark(task, as_of)[0], short


def amount_words(fen: int | None) -> str:
    """An amount inside a sentence: `200 万`, `1.46 亿`, `4,763 元`; `CNY 2.00m`."""
    if not figures.is_chinese():
        return figures.short_money(fen)
    shown = figures.short_money(fen)
    if not shown or shown[-1] not in "万亿元":
        return shown
    return f"{shown[:-1].removesuffix('.0')} {shown[-1]}"


def risk_band(churn_bp: int | None) -> str | None:
    """low, medium or high; None where the probability is not known."""
    if churn_bp is None:
        return None
    return "high" if churn_bp >= HIGH_BP else "medium" if churn_bp >= MEDIUM_BP else "low"


class _Told(dict):
    """The values of a reason, with dates read from their text."""

    def __init__(self, values):
        super().__init__(values or {})

    def day(self, name) -> date:
        return date.fromisoformat(self[name])


def _spaced(html):
    """A space between Chinese and figures, also across a <b>; whitespace leaves safe HTML safe."""
    return mark_safe(BEFORE_FIGURE.sub(" ", html)) if figures.is_chinese() else html  # noqa: S308


def _soon(day: date, as_of: date) -> str:
    """今天, 8 天后, 3 天前 within two weeks, else the date."""
    return dates.age(day, as_of) if abs((day - as_of).days) <= 14 else dates.day(day)


def _near(day: date, as_of: date) -> str:
    """今天 / 明天 / 8 天 within two weeks, else the date."""
    left = (day - as_of).days
    if left in (0, 1):
        return dates.age(day, as_of)
    return _("%(days)s days") % {"days": left} if 0 < left <= 14 else dates.day(day)


def _when(day: date, as_of: date) -> str:
    """A date in a sentence: 今天, 明天, 7 月 15 日."""
    left = (day - as_of).days
    return dates.age(day, as_of) if left in (-1, 0, 1) else dates.day(day, spaced=True)


def _promise(told, as_of):
    when = _when(told.day("date"), as_of)
    if not told["step"]:
        return _("Next contact agreed for <b>{when}</b>"), {"when": when}
    if told.day("date") < as_of:
        return _("You promised for <b>{when}</b>, still open: {step}"), {"when": when, "step": told["step"]}
    return _("You promised for <b>{when}</b>: {step}"), {"when": when, "step": told["step"]}


def _deposit(told, as_of):
    values = {"amount": amount_words(told["amount_fen"]), "when": _when(told.day("date"), as_of)}
    if told.get("rate_e5"):
        return _("A time deposit of {amount} at {rate} <b>matures {when}</b>"), values | {
            "rate": figures.rate(told["rate_e5"])
        }
    return _("A time deposit of {amount} <b>matures {when}</b>"), values


def _loan(told, as_of):
    values = {"amount": amount_words(told["amount_fen"]), "when": _when(told.day("date"), as_of)}
    return _("A loan of {amount} <b>is due {when}</b>"), values


def _overdue(told, _as_of):
    return _("The loan is <b>{days} days overdue</b>, {amount} to pay"), {
        "days": told["days"],
        "amount": amount_words(told["overdue_fen"]),
    }


def _churn(told, _as_of):
    values = {"risk": figures.percent(told["churn_bp"] / 10000, 0)}
    if told.get("drop_bp", 0) >= 100:
        return _("Assets down {drop}, <b>probability of leaving {risk}</b>"), values | {
            "drop": figures.percent(told["drop_bp"] / 10000, 0)
        }
    return _("<b>Probability of leaving {risk}</b> within a year"), values


def _silent(told, _as_of):
    return _("<b>No contact for {days} days</b>; the cycle is {cycle}"), {
        "days": told["days"],
        "cycle": told["cycle_days"],
    }


def _id_expires(told, as_of):
    document = (
        IdDocument(told["document"]).label if told["document"] in IdDocument.values else told["document"]
    )
    values = {"document": document, "when": _when(told.day("date"), as_of)}
    if told.day("date") < as_of:
        return _("{document} <b>expired {when}</b>: transfers will be limited"), values
    return _("{document} <b>expires {when}</b>, then transfers are limited"), values


def _risk_test(told, as_of):
    values = {"when": _when(told.day("date"), as_of)}
    if told.day("date") < as_of:
        return _("The risk test <b>expired {when}</b>: no purchases above R1"), values
    return _("The risk test <b>expires {when}</b>, then no purchases above R1"), values


def _check(told, as_of):
    return _("Post-loan check <b>due {when}</b>, not yet done"), {"when": _when(told.day("date"), as_of)}


def _birthday(told, as_of):
    return _("Birthday <b>{when}</b>"), {"when": _when(told.day("date"), as_of)}


def _campaign(told, as_of):
    return _("Invite to “{name}”, which <b>ends {when}</b>"), {
        "name": told["name"],
        "when": _when(told.day("ends_on"), as_of),
    }


def _request(told, _as_of):
    # The night stores the English word of a choice, which is its message id.
    values = {"kind": told["kind"], "number": told["number"], "department": _(told["department"])}
    return _("{kind} {number} is <b>late at {department}</b>; not counted against you"), values


def _complaint(told, as_of):
    return _("Complaint {number} <b>due {when}</b>"), {
        "number": told["number"],
        "when": _when(told.day("due_on"), as_of),
    }


def _opportunity(told, _as_of):
    values = {"product": told["product"], "stage": _(told["stage"]), "days": told["days"]}
    return _("{product} stands at “{stage}” <b>for {days} days</b>"), values


def _loan_class(told, as_of):
    return _("The loan fell from “{was}” to <b>“{now}” {when}</b>"), {
        "was": LoanClass(told["was"]).label,
        "now": LoanClass(told["now"]).label,
        "when": _when(told.day("date"), as_of),
    }


def _manual(told, _as_of):
    return "{text}", {"text": told["text"]}


SENTENCES = {
    TaskKind.PROMISE: _promise,
    TaskKind.DEPOSIT_MATURES: _deposit,
    TaskKind.LOAN_MATURES: _loan,
    TaskKind.OVERDUE: _overdue,
    TaskKind.CHURN: _churn,
    TaskKind.SILENT: _silent,
    TaskKind.ID_EXPIRES: _id_expires,
    TaskKind.RISK_TEST: _risk_test,
    TaskKind.CHECK_DUE: _check,
    TaskKind.BIRTHDAY: _birthday,
    TaskKind.CAMPAIGN: _campaign,
    TaskKind.REQUEST: _request,
    TaskKind.COMPLAINT: _complaint,
    TaskKind.OPPORTUNITY: _opportunity,
    TaskKind.LOAN_CLASS: _loan_class,
    TaskKind.MANUAL: _manual,
}


def _matures_hint(told, as_of):
    values = {"when": _soon(told.day("date"), as_of), "amount": amount_words(told["amount_fen"])}
    return _("%(when)s matures %(amount)s") % values


HINTS = {
    TaskKind.PROMISE: lambda told, as_of: _("Promised %(when)s") % {"when": _soon(told.day("date"), as_of)},
    TaskKind.DEPOSIT_MATURES: _matures_hint,
    TaskKind.LOAN_MATURES: _matures_hint,
    TaskKind.OVERDUE: lambda told, _as_of: _("%(days)s days overdue") % {"days": told["days"]},
    TaskKind.CHURN: lambda told, _as_of: (
        _("Leaving %(risk)s") % {"risk": figures.percent(told["churn_bp"] / 10000, 0)}
    ),
    TaskKind.SILENT: lambda told, _as_of: _("Silent %(days)s days") % {"days": told["days"]},
    TaskKind.ID_EXPIRES: lambda told, as_of: (
        _("Document %(when)s") % {"when": _soon(told.day("date"), as_of)}
    ),
    TaskKind.RISK_TEST: lambda told, as_of: (
        _("Risk test %(when)s") % {"when": _soon(told.day("date"), as_of)}
    ),
    TaskKind.LOAN_CLASS: lambda told, _as_of: _("Now %(now)s") % {"now": LoanClass(told["now"]).label},
    TaskKind.CHECK_DUE: lambda told, as_of: _("Check %(when)s") % {"when": _soon(told.day("date"), as_of)},
}
