"""How long a risk test holds (适当性, NFRA Order 2025/7): after that a customer is offered no investment."""

from datetime import date

from customers import rules


def tested_until(customer) -> date | None:
    """The last day on which the customer's risk level holds; None without a test."""
    if customer.risk_tested_on is None:
        return None
    return _months_later(customer.risk_tested_on, rules.profile()["risk_test_months"])


def _months_later(day: date, months: int) -> date:
    number = day.year * 12 + day.month - 1 + months
    year, month = number // 12, number % 12 + 1
    try:
        return day.replace(year=year, month=month)
    except ValueError:  # the month is shorter: its last day
        first_after = date(year + month // 12, month % 12 + 1, 1)
        return date.fromordinal(first_after.toordinal() - 1)
