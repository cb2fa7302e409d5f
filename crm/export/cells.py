"""What a cell may hold. A text is a text: no spreadsheet takes it for a formula."""

import re
import unicodedata
from datetime import date, datetime
from decimal import Decimal

from crm.look import masks

LONGEST = 32_767  # what a cell of a workbook holds
FORMULA = "=+-@|%"
# Spreadsheets skip these before they look for a formula; so does whoever looks for one here.
BLANK = re.compile(r"^[\s\u00a0\u200b-\u200f\u2028\u2029\u2060\ufeff]*")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
MASKS = {
    "document": masks.mask_id,
    "mobile": masks.mask_mobile,
    "account": masks.mask_account,
    "name": masks.mask_name,
}


def clean(text: str) -> str:
    """Without NUL and other characters that no file format holds; cut at a cell's length."""
    return CONTROL.sub("", text)[:LONGEST]


def looks_like_formula(text: str) -> bool:
    """Whether a spreadsheet might run `text`: =, +, - or @ first, full-width too, or a tab or line break."""
    if text[:1] in ("\t", "\r", "\n"):
        return True
    rest = text[BLANK.match(text).end() :][:1]
    return unicodedata.normalize("NFKC", rest)[:1] in tuple(FORMULA) if rest else False


def for_csv(value) -> str | int | Decimal:
    """A cell of a CSV file: numbers as they are, every text that looks like a formula behind a `'`."""
    value = plain(value)
    if not isinstance(value, str):
        return value
    return f"'{value}" if looks_like_formula(value) else value


def plain(value) -> str | int | Decimal:
    """Numbers stay numbers, days are ISO text, nothing is an empty text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int | Decimal):
        return value
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    return clean(str(value))


def masked(value, secret: str, *, whole_names: bool):
    """The cell under its data class; an unknown class shows nothing."""
    if not secret or value is None or (secret == "name" and whole_names):  # noqa: S105 (a data class)
        return value
    if secret not in MASKS:
        return "***"
    return MASKS[secret](str(value))
