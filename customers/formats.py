"""Formats and check digits of documents, phones and cards (domain.md §4), in agreement with python-stdnum.

Each `is_…` takes a text as people write it; `normal_…` gives the one form that is stored. Area codes are not
tested against today's list: it rejects people born in districts that have been renamed.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date

from stdnum import luhn
from stdnum.cn import ric, uscc

_SPACES = re.compile(r"[\s-]+")
_PREFIX = re.compile(r"^(\+86|0086|86)(?=1\d{10}$)")
_CHINESE_PASSPORT = re.compile(r"E\d{8}|E[A-HJ-NP-Z]\d{7}|G\d{8}|[DSP]E?\d{7,8}")
_ALPHANUMERIC = re.compile(r"[0-9A-Z]{5,20}")
_HK_MACAU = re.compile(r"[HM]\d{8}(\d{2})?")
_TAIWAN = re.compile(r"\d{8}(\d{2})?")
_HMT_PREFIXES = ("810000", "820000", "830000")


def normal_document(number: str) -> str:
    """Return a document's number trimmed, upper case, without spaces and hyphens."""
    return _SPACES.sub("", number).upper()


def normal_mobile(number: str) -> str:
    """Return a mobile number as its 11 digits where it is one: +86 199-0000-0000 is 19900000000."""
    return _PREFIX.sub("", _SPACES.sub("", number))


def is_resident_id(number: str, *, as_of: date) -> bool:
    """True for 17 digits and check digit with a real birth date from 1900 to `as_of`."""
    number = normal_document(number)
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number):
        return False
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    return date(1900, 1, 1) <= born <= as_of and ric.calc_check_digit(number) == number[-1]


def is_hmt_residence(number: str, *, as_of: date) -> bool:
    """True for a residence permit of Hong Kong, Macau or Taiwan: the identity card's rule, its own areas."""
    return normal_document(number).startswith(_HMT_PREFIXES) and is_resident_id(number, as_of=as_of)


def is_uscc(number: str) -> bool:
    """True for an 18-character unified social credit code with its check character (GB 32100-2015)."""
    number = normal_document(number)
    if not re.fullmatch(r"[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}", number):
        return False
    return uscc.calc_check_digit(number[:-1]) == number[-1]


def is_bank_card(number: str) -> bool:
    """True for 16 to 19 digits, the first not 0, that pass Luhn's check."""
    number = _SPACES.sub("", number)
    return re.fullmatch(r"[1-9][0-9]{15,18}", number) is not None and luhn.is_valid(number)


def is_mobile(number: str) -> bool:
    return re.fullmatch(r"1[3-9][0-9]{9}", normal_mobile(number)) is not None


def is_chinese_passport(number: str) -> bool:
    return _CHINESE_PASSPORT.fullmatch(normal_document(number)) is not None


def is_passport(number: str) -> bool:
    """True for a Chinese passport, or a foreign one (5–20 letters and digits, another first letter)."""
    number = normal_document(number)
    if number[:1] in {"E", "G", "D", "S", "P"}:
        return is_chinese_passport(number)
    return _ALPHANUMERIC.fullmatch(number) is not None


def is_hk_macau_permit(number: str) -> bool:
    return _HK_MACAU.fullmatch(normal_document(number)) is not None


def is_taiwan_permit(number: str) -> bool:
    return _TAIWAN.fullmatch(normal_document(number)) is not None


def document_fault(document: str, number: str, *, as_of: date) -> str:
    """Return what is wrong with the number of a document (customers.choices.IdDocument), or ""."""
    rules = {
        "resident_id": (
            lambda: is_resident_id(number, as_of=as_of),
            "an identity number with its check digit",
        ),
        "hmt_residence": (lambda: is_hmt_residence(number, as_of=as_of), "a residence permit's number"),
        "uscc": (lambda: is_uscc(number), "a unified social credit code with its check character"),
        "passport": (lambda: is_passport(number), "a passport's number"),
        "hk_macau_permit": (
            lambda: is_hk_macau_permit(number),
            "a permit's number: H or M and 8 or 10 digits",
        ),
        "taiwan_permit": (lambda: is_taiwan_permit(number), "a permit's number: 8 or 10 digits"),
    }
    rule, what = rules.get(document, (lambda: True, ""))
    return "" if rule() else f"is not {what}"


def document_faults(rows: Iterable[tuple], as_of: date) -> Iterator[tuple[int, str, str, str]]:
    """Yield (row, column, value, reason) for bad (row, document, document_number, mobile) of the feed."""
    for row, document, number, mobile in rows:
        if number and (fault := document_fault(document or "", number, as_of=as_of)):
            yield row, "document_number", number, fault
        if mobile and not is_mobile(mobile):
            yield row, "mobile", mobile, "is not a mobile number: 1, then 3 to 9, then 9 digits"
