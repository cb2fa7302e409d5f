"""Masks of the data classes (security.md). Every masked value is announced as 已隐藏."""

import re

from django.utils.html import format_html
from django.utils.translation import gettext as _

# Province and city, as far as they are written, and the district; 小区 and 社区 are none.
_DISTRICT = re.compile(
    r"^(.{2,8}?(省|自治区|特别行政区))?(.{1,10}?(市|自治州|盟|地区))?(.{1,10}?((?<![小社])区|县|旗|市))?"
)
_DISTRICT_MOST = 20


def mask_id(value: str | None) -> str:
    """An identity number: first three and last four, `110***********1234`; a short one its ends."""
    if not value:
        return ""
    if len(value) < 10:
        return f"{value[:1]}{'*' * (len(value) - 2)}{value[-1:]}" if len(value) > 2 else "*" * len(value)
    return f"{value[:3]}{'*' * (len(value) - 7)}{value[-4:]}"


def mask_mobile(value: str | None) -> str:
    """A mobile number: `138****5678`."""
    if not value:
        return ""
    if len(value) < 8:
        return "*" * len(value)
    return f"{value[:3]}{'*' * (len(value) - 7)}{value[-4:]}"


def mask_account(value: str | None) -> str:
    """An account or card: its last four, `…0125`."""
    return f"…{value[-4:]}" if value and len(value) > 4 else "…"


def mask_address(value: str | None) -> str:
    """An address to its district, the rest hidden: `江南省青禾市城东区****`; one without districts wholly."""
    if not value:
        return ""
    return f"{_DISTRICT.match(value[:_DISTRICT_MOST])[0]}****"


def mask_name(value: str | None) -> str:
    """A person who is not one's own customer: `张*`, 欧阳娜娜 reads `欧***`; a company is never masked."""
    if not value:
        return ""
    return f"{value[0]}{'*' * max(1, len(value) - 1)}"


def hidden(masked: str):
    """A masked value on the page: the eye reads the mask, the ear hears that it is hidden."""
    if not masked:
        return ""
    tail = masked.rsplit("*", 1)[-1].lstrip("…")
    words = _("hidden, ends in %(tail)s") % {"tail": tail} if tail else _("hidden")
    return format_html(
        '<span class="masked" aria-hidden="true">{}</span><span class="sr-only">{}</span>', masked, words
    )
