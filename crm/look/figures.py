"""Figures as people read them: 万/亿 in Chinese, CNY m/bn in English; the exact yuan beside them.

Amounts are integer fen (int) or Decimal yuan. Nothing unknown is shown as 0: None is an em dash.
"""

from decimal import ROUND_HALF_UP, Decimal

from django.utils.html import format_html
from django.utils.translation import get_language, gettext

MINUS = "−"
UNKNOWN = "—"
WAN, YI = Decimal(10_000), Decimal(100_000_000)
MILLION, BILLION = Decimal(1_000_000), Decimal(1_000_000_000)


def to_yuan(amount: int | Decimal) -> Decimal:
    """Integer fen or Decimal yuan → Decimal yuan. A float or text is a TypeError: it would hide a mistake."""
    if isinstance(amount, bool) or not isinstance(amount, int | Decimal):
        raise TypeError(f"An amount is int fen or Decimal yuan, not {type(amount).__name__}.")
    return Decimal(amount) / 100 if isinstance(amount, int) else amount


def number(value: int | Decimal | float, places: int = 0) -> str:
    """Half-up to `places` decimals, thousands separated, a true minus sign; −0 is 0."""
    rounded = Decimal(str(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    text = f"{abs(rounded):,.{places}f}"
    return f"{MINUS}{text}" if rounded < 0 else text


def signed(value: int | Decimal | float | None, places: int = 0) -> str:
    """`+4.2`, `−3.6`, `0`: a change that says its direction."""
    if value is None:
        return UNKNOWN
    text = number(value, places)
    is_zero = not any(digit in text for digit in "123456789")
    return text if text.startswith(MINUS) or is_zero else f"+{text}"


def percent(share: float | Decimal | None, places: int = 1) -> str:
    """A share of 1 as percent: 0.1425 → `14.3%`."""
    return UNKNOWN if share is None else f"{number(Decimal(str(share)) * 100, places)}%"


def rate(units: int | None, places: int = 2) -> str:
    """A rate stored in 1e-5 as percent a year: 1550 → `1.55%`."""
    return UNKNOWN if units is None else percent(Decimal(units) / 100_000, places)


def is_chinese() -> bool:
    return (get_language() or "").startswith("zh")


def in_wan(amount: int | Decimal | None) -> str:
    """For cells whose header says 万 (Chinese) or CNY '000 (English): 8200000000 fen → `8,200.0`."""
    if amount is None:
        return UNKNOWN
    return number(to_yuan(amount) / (WAN if is_chinese() else 1000), 1)


def wan_unit() -> str:
    """The unit `in_wan` counts in, for a table header or a chart title."""
    return "万" if is_chinese() else "CNY '000"


def exact_yuan(amount: int | Decimal | None, unit: bool = True) -> str:
    """`820,000.00 元` or `CNY 820,000.00`."""
    if amount is None:
        return UNKNOWN
    text = number(to_yuan(amount), 2)
    if not unit:
        return text
    return f"{text} 元" if is_chinese() else f"CNY {text}"


def whole_yuan(amount: int | Decimal | None) -> str:
    """`4,763`: for cells whose header says 元."""
    return UNKNOWN if amount is None else number(to_yuan(amount))


def short_money(amount: int | Decimal | None) -> str:
    """`82.0万`, `1.46亿`, `4,763元`; English `CNY 0.82m`, `CNY 1.46bn`, `CNY 4,763`."""
    if amount is None:
        return UNKNOWN
    yuan = to_yuan(amount)
    size = abs(yuan)
    if is_chinese():
        # 9,999.96万 reads 10,000.0万, so the step to 亿 is taken where the rounding takes it
        if size >= YI - 500:
            return f"{number(yuan / YI, 2)}亿"
        if size >= WAN:
            return f"{number(yuan / WAN, 1)}万"
        return f"{number(yuan)}元"
    if size >= BILLION - 5000:
        return f"CNY {number(yuan / BILLION, 2)}bn"
    if size >= 100_000:
        return f"CNY {number(yuan / MILLION, 2)}m"
    return f"CNY {number(yuan)}"


def figure(shown: str, exact: str, css: str = ""):
    """A figure that opens to its exact value on hover and on focus."""
    if shown == UNKNOWN:
        return unknown()
    return format_html(
        '<span class="fig {}" tabindex="0" role="img" data-exact="{}" aria-label="{}">{}</span>',
        css,
        exact,
        exact,
        shown,
    )


def unknown():
    """The dash for what is not known, with a word for those who do not see it."""
    return format_html(
        '<span aria-hidden="true">{}</span><span class="sr-only">{}</span>', UNKNOWN, gettext("no data")
    )
