"""How many: the counts beside My book's saved views. Nobody counts a million rows to show a number.

A count stops at LIMIT + 1 ("1000+"). A manager's are read with the page; those of a branch or of the bank,
where a rare condition may have to look at every row, are kept for ten minutes.
"""

from datetime import date

from django.core.cache import cache
from django.db.models import Count, Sum

from customers.models import Standing
from customers.selectors.book import VIEWS, BookState, condition, narrowed

LIMIT = 1000
KEPT_SECONDS = 600


def capped_count(rows) -> int:
    """Count up to LIMIT + 1 rows."""
    return rows.order_by().values("pk")[: LIMIT + 1].count()


def view_counts(user, night_id: int | None, as_of: date) -> dict[str, int]:
    """The count of each saved view, without further filters; at most LIMIT + 1 each."""
    if user.is_manager:
        return _counted_at_once(user, night_id, as_of)
    scope = "bank" if user.sees_whole_bank else user.branch.path if user.branch else "none"
    key = f"book-counts:{scope}:{night_id}:{as_of}"
    counts = cache.get(key)
    if counts is None:
        counts = _counted(user, night_id, as_of)
        cache.set(key, counts, KEPT_SECONDS)
    return counts


def book_totals(user, night_id: int | None, as_of: date) -> dict:
    """A manager's book in one line: customers, aum_fen, loan_fen (None without a published night)."""
    mine = narrowed(user, BookState(), night_id, as_of)
    totals = Standing.objects.filter(night_id=night_id or 0, customer__in=mine).aggregate(
        customers=Count("pk"), aum_fen=Sum("aum_fen"), loan_fen=Sum("loan_fen")
    )
    return {
        **totals,
        "aum_fen": totals["aum_fen"] and int(totals["aum_fen"]),
        "loan_fen": totals["loan_fen"] and int(totals["loan_fen"]),
    }


def _counted(user, night_id, as_of):
    return {view: capped_count(narrowed(user, BookState(view=view), night_id, as_of)) for view in VIEWS}


def _counted_at_once(user, night_id, as_of):
    """The same for a book of a few hundred, in one pass over it."""
    views = {view: Count("pk", filter=condition(view, night_id, as_of)) for view in VIEWS if view != "all"}
    mine = narrowed(user, BookState(), night_id, as_of)
    return mine.aggregate(all=Count("pk"), **views)
