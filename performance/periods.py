"""Periods of the scorecard: natural quarters, each under the scheme in force on its first day."""

from datetime import date, timedelta

from performance import scoring
from performance.models import Period, Scheme

DEFAULT, BEGINNING = "default", date(1900, 1, 1)  # early enough to score the quarters of any real ledger


class NoSchemeError(LookupError):
    """No version of the rules covers a period."""


def quarter_range(day: date) -> tuple[date, date]:
    """Return the half-open range of days of `day`'s quarter."""
    first = date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
    return first, date(first.year + first.month // 10, (first.month + 2) % 12 + 1, 1)


def quarter_code(day: date) -> str:
    """Return the code of `day`'s quarter, e.g. 2026Q2."""
    return f"{day.year}Q{(day.month + 2) // 3}"


def period_of(day: date) -> Period:
    """Return the period that holds `day`, made on first use under the scheme in force on its first day.

    Raises NoSchemeError when no scheme covers that day.
    """
    code, during = quarter_code(day), quarter_range(day)
    known = Period.objects.select_related("scheme").filter(code=code)
    if not known.exists():
        scheme = _scheme_on(during[0])
        Period.objects.get_or_create(code=code, defaults={"during": during, "scheme": scheme})
    return known.get()


def _scheme_on(day: date) -> Scheme:
    """The scheme in force on `day`; a bank without any scheme gets the default one."""
    if not Scheme.objects.exists():
        content = scoring.default_content()
        Scheme.objects.get_or_create(code=DEFAULT, defaults={"during": (BEGINNING, None), "content": content})
    scheme = Scheme.objects.filter(during__contains=day).first()
    if scheme is None:
        raise NoSchemeError(
            f"No scorecard scheme is in force on {day}: add one that begins then or earlier, in the admin."
        )
    return scheme


def days_so_far(period: Period, as_of: date) -> tuple[date, date]:
    """Return the half-open range of days of `period` that are over on the evening of `as_of`."""
    return period.during.lower, min(as_of + timedelta(1), period.during.upper)


def months_before(day: date, months: int) -> date:
    """The same day so many months earlier, or that month's 28th."""
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, min(day.day, 28))
