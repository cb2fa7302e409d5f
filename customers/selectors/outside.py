"""What a customer has elsewhere, and our share of his wallet (钱包份额)."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from customers import rules
from customers.choices import OutsideKind
from customers.models import OutsideHolding

MONTH = 365 / 12


@dataclass(frozen=True)
class Wallet:
    """Holdings elsewhere, newest told first; sums over those told within the rules' months alone.

    `share` is ours of all his assets (0–1); None where nothing recent is told or we hold nothing known.
    """

    rows: list[OutsideHolding]
    assets_fen: int
    loans_fen: int
    share: float | None
    months: int
    stale: set[int]


def wallet_of(customer, aum_fen: int | None, as_of: date) -> Wallet:
    """What is told of other banks and still counts on `as_of`, against our assets in fen. One query."""
    rows = list(
        OutsideHolding.objects.filter(customer=customer)
        .filter(Q(ended_on=None) | Q(ended_on__gt=as_of))
        .select_related("noted_by")
        .order_by("-told_on", "-id")
    )
    months = rules.profile()["outside_months"]
    stale = {row.pk for row in rows if (as_of - row.told_on).days > months * MONTH}
    recent = [row for row in rows if row.pk not in stale]
    assets = sum(row.amount_fen for row in recent if row.kind != OutsideKind.LOAN)
    loans = sum(row.amount_fen for row in recent if row.kind == OutsideKind.LOAN)
    share = aum_fen / (aum_fen + assets) if aum_fen is not None and assets else None
    return Wallet(rows, assets, loans, share, months, stale)
