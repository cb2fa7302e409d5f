"""Money at the edge: Decimal yuan for people and forms, integer fen for the ledger and frames."""

from decimal import ROUND_HALF_UP, Decimal


def yuan(fen: int | None) -> Decimal | None:
    """Return `fen` (int) as Decimal yuan with two places; None stays None."""
    return None if fen is None else Decimal(fen).scaleb(-2)


def fen(amount: Decimal | str | None) -> int | None:
    """Return Decimal yuan as integer fen, rounded half up; None stays None."""
    if amount is None:
        return None
    return int((Decimal(amount) * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))
