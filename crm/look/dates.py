"""Dates as people read them. `as_of` is always a parameter: nothing here reads the clock."""

import datetime as dt

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.look.figures import UNKNOWN, is_chinese

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKDAYS_ZH = "一二三四五六日"
WEEKDAYS_EN = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def local_date(value: dt.date | dt.datetime) -> dt.date:
    """The calendar day in the bank's time zone."""
    if isinstance(value, dt.datetime):
        return (timezone.localtime(value) if timezone.is_aware(value) else value).date()
    return value


def day(value: dt.date | dt.datetime | None, spaced: bool = False) -> str:
    """`6月22日` (in cells) or `6 月 22 日` (in sentences); `22 Jun`."""
    if value is None:
        return UNKNOWN
    date = local_date(value)
    if not is_chinese():
        return f"{date.day} {MONTHS[date.month - 1]}"
    return f"{date.month} 月 {date.day} 日" if spaced else f"{date.month}月{date.day}日"


def full_day(value: dt.date | dt.datetime | None) -> str:
    """`2026-06-30`, the same in both languages."""
    return UNKNOWN if value is None else local_date(value).isoformat()


def month(value: dt.date | None) -> str:
    """`2027年3月`; `Mar 2027`."""
    if value is None:
        return UNKNOWN
    name = MONTHS[value.month - 1]
    return f"{value.year}年{value.month}月" if is_chinese() else f"{name} {value.year}"


def weekday(value: dt.date) -> str:
    """`星期三`; `Wednesday`."""
    index = local_date(value).weekday()
    return f"星期{WEEKDAYS_ZH[index]}" if is_chinese() else WEEKDAYS_EN[index]


def clock(value: dt.datetime | None) -> str:
    """`02:22` in the bank's time zone."""
    if value is None:
        return UNKNOWN
    return (timezone.localtime(value) if timezone.is_aware(value) else value).strftime("%H:%M")


def age(value: dt.date | dt.datetime | None, as_of: dt.date) -> str:
    """How long ago: `今天`, `昨天`, `9 天前`; in future `明天`, `7 天后`."""
    if value is None:
        return UNKNOWN
    days = (local_date(as_of) - local_date(value)).days
    if days == 0:
        return _("today")
    if days == 1:
        return _("yesterday")
    if days == -1:
        return _("tomorrow")
    if days > 0:
        return ngettext("%(days)s day ago", "%(days)s days ago", days) % {"days": days}
    return ngettext("in %(days)s day", "in %(days)s days", -days) % {"days": -days}


def days_between(value: dt.date | None, as_of: dt.date) -> str:
    """A silence or a wait in whole days: `96 天`."""
    if value is None:
        return UNKNOWN
    days = (local_date(as_of) - local_date(value)).days
    return ngettext("%(days)s day", "%(days)s days", days) % {"days": days}


def duration(seconds: float | None) -> str:
    """`4:44`, `1:02:03`."""
    if seconds is None:
        return UNKNOWN
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"
