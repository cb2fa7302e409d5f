"""S, satisfaction: what customers answer and complain of. Few answers are pulled to the peers' mean."""

from decimal import Decimal

from performance.scoring.cases import Case, Indicator, percent, ratio, shrunk_answers, shrunk_mean
from performance.scoring.scheme import Rules


def complaint_rate(case: Case, rules: Rules) -> Decimal | None:
    """Return complaints at fault per 1,000 customers: (c + k·peer) ÷ (customers + k) × 1000."""
    if case.denominator <= 0:
        return None
    return 1000 * shrunk_mean(case, rules.number("peers", "shrink_customers"))


INDICATORS = (
    Indicator("S1", "satisfaction", "Satisfaction, 1–5", "score", shrunk_answers),
    Indicator("S2", "satisfaction", "Recommendation (NPS)", "nps", shrunk_answers),
    Indicator("S3", "satisfaction", "Complaints at fault per 1,000 customers", "permille", complaint_rate),
    Indicator("S4", "satisfaction", "Complaints closed in time", "percent", percent),
    Indicator("S5", "satisfaction", "Mystery shopper", "score", ratio, has_source=False),
)
