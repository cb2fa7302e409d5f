"""The words of dimensions and indicators: names, formulas, and figures in each indicator's unit."""

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from crm.look.figures import UNKNOWN, number, short_money

LETTERS = {
    "contribution": "E",
    "satisfaction": "S",
    "safety": "A",
    "information": "I",
    "efficiency": "F",
}


@dataclass(frozen=True)
class Words:
    """`above` and `below` name what is divided; `kind` is how the two are shown: fen, days, or count."""

    name: str
    above: str
    below: str
    kind: str = "count"


WORDS = {
    "E1": Words(_("EVA against plan"), _("EVA"), _("plan"), "fen"),
    "E2": Words(_("Growth of average deposits"), _("growth"), _("plan"), "fen"),
    "E3": Words(_("Fee income"), _("net fees"), _("plan"), "fen"),
    "E4": Words(_("New effective customers"), _("net new customers"), _("plan")),
    "S1": Words(_("Satisfaction"), _("sum of answers"), _("answers")),
    "S2": Words(_("Recommendation"), _("promoters less critics × 100"), _("answers")),
    "S3": Words(_("Complaints at fault"), _("complaints at fault"), _("customers")),
    "S4": Words(_("Complaints closed in time"), _("closed in time"), _("due")),
    "S5": Words(_("Mystery shopper"), _("sum of marks"), _("visits")),
    "A1": Words(_("New bad loans"), _("new bad loans"), _("average loans"), "fen"),
    "A2": Words(_("Overdue"), _("average overdue"), _("average loans"), "fen"),
    "A3": Words(_("Interest collected"), _("interest received"), _("interest due"), "fen"),
    "A4": Words(_("Post-loan checks in time"), _("done in time"), _("due")),
    "A5": Words(_("Suitable sales"), _("suitable"), _("sales")),
    "I1": Words(_("Profile completeness"), _("weight filled"), _("weight required")),
    "I2": Words(_("Profile freshness"), _("customers verified in time"), _("customers")),
    "I3": Words(_("Accepted feedback"), _("quality points"), _("months")),
    "I4": Words(_("Accuracy in spot checks"), _("right"), _("checked")),
    "F1": Words(_("Contact coverage"), _("contacted in cycle"), _("due")),
    "F2": Words(_("First response in time"), _("in time"), _("requests")),
    "F3": Words(_("Length of deals"), _("own median days"), _("peer median days"), "days"),
    "F4": Words(_("Tasks done in time"), _("done in time"), _("tasks due")),
}
UNITS = {"percent": "%", "permille": "‰"}


def amount(value: Decimal | None, kind: str) -> str:
    """A numerator or denominator as people read it: money short, counts with what decimals they have."""
    if value is None:
        return UNKNOWN
    if kind == "fen":
        return short_money(int(value))
    return trimmed(value, 2)


def trimmed(value, places: int) -> str:
    """At most `places` decimals, no trailing zeros."""
    text = number(value, places)
    return text.rstrip("0").rstrip(".") if "." in text else text


def measured(value: Decimal | None, unit: str) -> str:
    """An indicator's value with its unit: 0.80%, 2.67‰, 1.0148, 4.42."""
    if value is None:
        return UNKNOWN
    if unit in UNITS:
        return f"{number(value, 2)}{UNITS[unit]}"
    return trimmed(value, 4 if unit == "ratio" else 2)
