"""How evidence reads: the heads of its columns and its cells, in the reader's language."""

from datetime import date
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from crm.look import dates, figures
from customers.choices import AmlLevel, LoanClass, TaskKind
from performance.sources import MONEY_COLUMNS, SOURCES
from performance.words import WORDS, trimmed
from service.choices import ComplaintCause, ComplaintSource

LABELS = {
    "aml_level": _("AML level"),
    "balance": _("balance"),
    "base_average": _("base"),
    "cause": _("cause"),
    "closed_on": _("closed on"),
    "cycle_days": _("cycle, days"),
    "days": _("days"),
    "deposit_average": _("average deposits"),
    "document_expires_on": _("document expires on"),
    "done_on": _("done on"),
    "due": _("interest due"),
    "due_on": _("due on"),
    "filled": _("filled"),
    "kind": _("kind"),
    "last_contact": _("last contact"),
    "loan_class": _("class"),
    "number": _("number"),
    "opened_on": _("opened on"),
    "overdue": _("overdue"),
    "overdue_days": _("days overdue"),
    "product": _("product"),
    "product_risk": _("product risk"),
    "quality": _("quality"),
    "received": _("interest received"),
    "required": _("required"),
    "risk": _("risk appetite"),
    "risk_tested_on": _("risk tested on"),
    "score": _("answer"),
    "sent_on": _("sent on"),
    "size": _("deposits or loans"),
    "source": _("source"),
    "verified_on": _("verified on"),
    "was": _("class before"),
}
CHOICES = {
    "aml_level": AmlLevel,
    "cause": ComplaintCause,
    "kind": TaskKind,
    "loan_class": LoanClass,
    "source": ComplaintSource,
    "was": LoanClass,
}
FLOW_COLUMNS = {"E1": ("days",), "E2": ("deposit_average", "base_average", "days"), "E3": ("days",)}
MONEY = MONEY_COLUMNS | {"deposit_average", "base_average"}
BARE = {"I3", "F3"}  # nothing below the line comes row by row


def columns(code: str) -> tuple[str, ...]:
    return FLOW_COLUMNS.get(code) or SOURCES[code].columns


def head(code: str) -> list[str]:
    """The heads after the customer's: day, share, the record's columns, then what is divided."""
    words = WORDS[code]
    middle = [LABELS[name] for name in columns(code)]
    first = [] if code in FLOW_COLUMNS else [_("Date")]
    last = [words.above] if code in BARE else [words.above, words.below]
    return [str(label) for label in (*first, _("Share"), *middle, *last)]


def cells(row) -> list[str]:
    """The cells under `head`, in its order."""
    first = [] if row.code in FLOW_COLUMNS else [dates.full_day(row.day)]
    middle = [_shown(name, row.values.get(name)) for name in columns(row.code)]
    sums = [row.numerator] if row.code in BARE else [row.numerator, row.denominator]
    return [*first, figures.percent(row.share, 0), *middle, *(_amount(row.code, value) for value in sums)]


def total_cells(code: str, numerator: Decimal, denominator: Decimal) -> list[str]:
    """The cells of the last row: sums under what is divided; none where a sum says nothing."""
    if code == "F3":
        return []
    sums = [numerator] if code in BARE else [numerator, denominator]
    return ["" for _ in range(len(head(code)) - len(sums))] + [_amount(code, value) for value in sums]


def _amount(code: str, value: Decimal) -> str:
    """Money exact to the fen, counts with up to four places."""
    return _yuan(value) if WORDS[code].kind == "fen" else trimmed(value, 4)


def _shown(name: str, value) -> str:
    if value is None or value == "":
        return figures.UNKNOWN
    if name in MONEY:
        return _yuan(value)
    if name in CHOICES:
        return str(CHOICES[name](value).label)
    if isinstance(value, date):
        return dates.full_day(value)
    return trimmed(value, 2) if isinstance(value, (int, Decimal)) else str(value)


def _yuan(fen) -> str:
    """Exact yuan of fen, which attribution may have split into Decimal parts of a fen."""
    return figures.exact_yuan(Decimal(fen) / 100, unit=False)
