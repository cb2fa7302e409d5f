"""Formats and check digits of documents, phones and cards (domain.md §4), in agreement with python-stdnum.

Each `is_…` takes a text as people write it; `normal_…` gives the one form that is stored; `…_fault` says what
is wrong with which character. Forms, feed and import all ask here. Area codes are not tested against today's
list: it rejects people born in districts that have been renamed.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from string import ascii_uppercase

from django.utils import translation
from django.utils.translation import gettext as _
from stdnum import luhn
from stdnum.cn import ric, uscc

_SPACES = re.compile(r"[\s-]+")
_PREFIX = re.compile(r"^(\+86|0086|86)(?=1\d{10}$)")
_CHINESE_PASSPORT = re.compile(r"E\d{8}|E[A-HJ-NP-Z]\d{7}|G\d{8}|[DSP]E?\d{7,8}")
_ALPHANUMERIC = re.compile(r"[0-9A-Z]{5,20}")
_HK_MACAU = re.compile(r"[HM]\d{8}(\d{2})?")
_TAIWAN = re.compile(r"\d{8}(\d{2})?")
_HMT_PREFIXES = ("810000", "820000", "830000")
_DIGITS = "0123456789"
_CREDIT_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CHINESE_FIRST = ("E", "G", "D", "S", "P")


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
    if number[:1] in _CHINESE_FIRST:
        return is_chinese_passport(number)
    return _ALPHANUMERIC.fullmatch(number) is not None


def is_hk_macau_permit(number: str) -> bool:
    return _HK_MACAU.fullmatch(normal_document(number)) is not None


def is_taiwan_permit(number: str) -> bool:
    return _TAIWAN.fullmatch(normal_document(number)) is not None


def document_fault(document: str, number: str, *, as_of: date) -> str:
    """Return what is wrong with the number of a document (customers.choices.IdDocument), or "".

    A sentence in the reader's language that names the position and what should stand there. It repeats
    nothing that a mask hides: neither birth date nor the digits in the middle.
    """
    rule = _DOCUMENTS.get(document)
    if rule is None:
        return ""
    number = normal_document(number)
    return "" if rule.holds(number, as_of) else rule.explain(number, as_of)


def mobile_fault(number: str) -> str:
    """Return what is wrong with a mobile number, or ""."""
    if is_mobile(number):
        return ""
    digits = normal_mobile(number)
    return (
        _odd_character(digits, _DIGITS)
        or _wrong_length(digits, [11], _("A mobile number has %(right)s digits; this has %(length)s"))
        or _("A mobile number begins with 13 to 19; this begins with %(first)s") % {"first": digits[:2]}
    )


def bank_card_fault(number: str) -> str:
    """Return what is wrong with a bank card's number, or ""."""
    if is_bank_card(number):
        return ""
    digits = _SPACES.sub("", number)
    return (
        _odd_character(digits, _DIGITS)
        or _wrong_length(digits, range(16, 20), _("A card number has %(right)s digits; this has %(length)s"))
        or (_("Position 1: a card number does not begin with 0") if digits[0] == "0" else "")
        or _wrong_check(digits[-1], luhn.calc_check_digit(digits[:-1]))
    )


def document_faults(rows: Iterable[tuple], as_of: date) -> Iterator[tuple[int, str, str, str]]:
    """Yield (row, column, value, reason) for bad (row, document, document_number, mobile) of the feed.

    Reasons are English, as all of the feed's report.
    """
    for row, document, number, mobile in rows:
        rule = _DOCUMENTS.get(document or "")
        if number and rule and not rule.holds(normal_document(number), as_of):
            with translation.override("en"):
                yield row, "document_number", number, document_fault(document, number, as_of=as_of)
        if mobile and not is_mobile(mobile):
            with translation.override("en"):
                yield row, "mobile", mobile, mobile_fault(mobile)


def _resident_id_fault(number: str, as_of: date) -> str:
    length = _("An identity number has %(right)s characters; this has %(length)s")
    return (
        _wrong_length(number, [18], length)
        or _odd_character(number[:17], _DIGITS)
        or _birth_fault(number, as_of)
        or _wrong_check(number[-1], ric.calc_check_digit(number))
    )


def _birth_fault(number: str, as_of: date) -> str:
    year, month, day = int(number[6:10]), int(number[10:12]), int(number[12:14])
    if year < 1900:
        return _("Positions 7 to 10: a year of birth before 1900")
    if not 1 <= month <= 12:
        return _("Positions 11 and 12: there is no such month")
    try:
        born = date(year, month, day)
    except ValueError:
        return _("Positions 13 and 14: the month has no such day")
    return _("Positions 7 to 14: a day of birth in the future") if born > as_of else ""


def _hmt_residence_fault(number: str, as_of: date) -> str:
    if len(number) == 18 and not number.startswith(_HMT_PREFIXES):
        said = _("Positions 1 to 6: such a permit begins with 810000, 820000 or 830000, not %(first)s")
        return said % {"first": number[:6]}
    return _resident_id_fault(number, as_of)


def _uscc_fault(number: str, as_of: date) -> str:
    length = _("A unified social credit code has %(right)s characters; this has %(length)s")
    return (
        _wrong_length(number, [18], length)
        or _odd_character(number[:2], _CREDIT_LETTERS)
        or _odd_character(number[2:8], _DIGITS, start=2)
        or _odd_character(number[8:], _CREDIT_LETTERS, start=8)
        or _wrong_check(number[-1], uscc.calc_check_digit(number[:-1]))
    )


def _passport_fault(number: str, as_of: date) -> str:
    odd = _odd_character(number, _DIGITS + ascii_uppercase)
    if odd or number[:1] not in _CHINESE_FIRST:
        length = _("A passport's number has %(right)s characters; this has %(length)s")
        return odd or _wrong_length(number, range(5, 21), length)
    if number[0] == "E" and number[1:2] in ("I", "O"):
        said = _("Position 2: letter %(letter)s is not used, it reads like a digit")
        return said % {"letter": number[1]}
    lengths = [9] if number[0] in "EG" else [8, 9, 10]
    length = _("A Chinese passport's number has %(right)s characters here; this has %(length)s")
    start = 2 if number[1:2].isalpha() and number[0] != "G" else 1
    return (
        _wrong_length(number, lengths, length)
        or _odd_character(number[start:], _DIGITS, start=start)
        or _("This is not a Chinese passport's number: one or two letters, then 7 or 8 digits")
    )


def _hk_macau_fault(number: str, as_of: date) -> str:
    if number[:1] not in ("H", "M"):
        return _("Position 1: H for Hong Kong or M for Macau, not %(letter)s") % {"letter": number[:1] or "—"}
    length = _("A Hong Kong and Macau permit has %(right)s characters; this has %(length)s")
    return _odd_character(number[1:], _DIGITS, start=1) or _wrong_length(number, [9, 11], length)


def _taiwan_fault(number: str, as_of: date) -> str:
    length = _("A Taiwan permit has %(right)s digits; this has %(length)s")
    return _odd_character(number, _DIGITS) or _wrong_length(number, [8, 10], length)


@dataclass(frozen=True)
class _Document:
    """One kind of document: whether a number in its one form is right, and if not, what is wrong."""

    holds: Callable[[str, date], bool]
    explain: Callable[[str, date], str]


_DOCUMENTS = {
    "resident_id": _Document(lambda number, day: is_resident_id(number, as_of=day), _resident_id_fault),
    "hmt_residence": _Document(lambda number, day: is_hmt_residence(number, as_of=day), _hmt_residence_fault),
    "uscc": _Document(lambda number, day: is_uscc(number), _uscc_fault),
    "passport": _Document(lambda number, day: is_passport(number), _passport_fault),
    "hk_macau_permit": _Document(lambda number, day: is_hk_macau_permit(number), _hk_macau_fault),
    "taiwan_permit": _Document(lambda number, day: is_taiwan_permit(number), _taiwan_fault),
}


def _odd_character(text: str, allowed: str, start: int = 0) -> str:
    """Name the first character of `text` that is not `allowed`; it begins at position `start` + 1."""
    for place, character in enumerate(text, start + 1):
        if character in allowed:
            continue
        if allowed == _DIGITS:
            said = _("Position %(place)s: a digit stands here, not %(character)s")
        elif character in ascii_uppercase:
            said = _("Position %(place)s: letter %(character)s is not used")
        else:
            said = _("Position %(place)s: %(character)s is neither a letter nor a digit")
        return said % {"place": place, "character": character}
    return ""


def _wrong_length(text: str, lengths: Sequence[int], said: str) -> str:
    if len(text) in lengths:
        return ""
    right = _("%(least)s to %(most)s") if len(lengths) > 2 else _("%(least)s or %(most)s")
    right = str(lengths[0]) if len(lengths) == 1 else right % {"least": lengths[0], "most": lengths[-1]}
    return said % {"right": right, "length": len(text)}


def _wrong_check(found: str, right: str) -> str:
    return _("The check digit should be %(right)s, not %(found)s") % {"right": right, "found": found}
