"""Masks of the data classes (security.md). Every masked value is announced as 已隐藏."""

from django.utils.html import format_html
from django.utils.translation import gettext as _


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


def mask_name(value: str | None) -> str:
    """A person who is not one's own customer: `张*`, `欧阳**` reads `欧**`; a company is never masked."""
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
