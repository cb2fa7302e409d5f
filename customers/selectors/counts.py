"""How many: the counts beside My book's saved views. Nobody counts a million rows to show a number.

A count stops at LIMIT + 1 ("1000+"). A manager's are read with the page, in one pass over his few hundred;
those of a branch or of the bank, where a rare condition may have to look at every row, are kept for ten
minutes.
"""

from datetime import date, timedelta

from django.core.cache import cache
from django.db import connection

from customers.models import Customer
from customers.reasons import HIGH_BP
from customers.selectors.book import (
    EXPIRES_DAYS,
    QUIET_DAYS,
    RICH_TIERS,
    RISK_TEST_DAYS,
    VIEWS,
    BookState,
    narrowed,
    next_month,
)

LIMIT = 1000
KEPT_SECONDS = 600

# The saved views of customers.selectors.book as filters of one scan; a test compares them with the lists.
BOOK_AT_ONCE = """
SELECT count(*),
    count(*) FILTER (WHERE s.next_maturity_on >= %s AND s.next_maturity_on < %s),
    count(*) FILTER (WHERE c.tier = ANY(%s) AND coalesce(c.last_contact_on < %s, true)),
    count(*) FILTER (WHERE s.churn_bp >= %s),
    count(*) FILTER (WHERE c.risk_tested_on <= %s OR d.document_expires_on <= %s),
    count(*) FILTER (WHERE s.overdue_days > 0),
    isum(s.aum_fen), isum(s.loan_fen), count(s.customer_id)
FROM ({mine}) AS c
LEFT JOIN customers_standing AS s ON s.night_id = %s AND s.customer_id = c.id
LEFT JOIN customers_customeridentity AS d ON d.customer_id = c.id
"""


def capped_count(rows) -> int:
    """Count up to LIMIT + 1 rows."""
    return rows.order_by().values("pk")[: LIMIT + 1].count()


def view_counts(user, night_id: int | None, as_of: date) -> dict[str, int | None]:
    """The count of each saved view, at most LIMIT + 1 each; for a manager exact, with aum_fen and loan_fen.

    The sums are None where no night has computed any of them.
    """
    if user.is_manager:
        return _own_book(user, night_id, as_of)
    scope = "bank" if user.sees_whole_bank else user.branch.path if user.branch else "none"
    key = f"book-counts:{scope}:{night_id}:{as_of}"
    counts = cache.get(key)
    if counts is None:
        counts = {view: capped_count(narrowed(user, BookState(view=view), night_id, as_of)) for view in VIEWS}
        cache.set(key, counts, KEPT_SECONDS)
    return counts


def _own_book(user, night_id, as_of):
    columns = ("id", "tier", "last_contact_on", "risk_tested_on")
    mine = Customer.objects.visible_to(user).filter(closed_on=None).values(*columns)
    if mine.query.is_empty():
        return dict.fromkeys(VIEWS, 0)
    sql, scope = mine.query.sql_with_params()
    soon = as_of + timedelta(days=EXPIRES_DAYS)
    values = [
        *(as_of, next_month(as_of)),
        *([str(tier) for tier in RICH_TIERS], as_of - timedelta(days=QUIET_DAYS)),
        HIGH_BP,
        *(soon - timedelta(days=RISK_TEST_DAYS), soon),
        *scope,
        night_id or 0,
    ]
    with connection.cursor() as cursor:
        cursor.execute(BOOK_AT_ONCE.format(mine=sql), values)
        *counts, aum_fen, loan_fen, computed = cursor.fetchone()
    sums = (aum_fen, loan_fen) if computed else (None, None)
    return dict(zip((*VIEWS, "aum_fen", "loan_fen"), (*counts, *sums), strict=True))
