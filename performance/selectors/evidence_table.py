"""The rows behind an indicator as a table: performance.evidence finds them, here they get words and links."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class EvidenceTable:
    """`head`: column labels; `rows`: dicts of name, url, cells; `next`: where the next page starts, or ""."""

    head: list[str] = field(default_factory=list)
    rows: list[dict] = field(default_factory=list)
    total: list[str] = field(default_factory=list)
    next: str = ""


def rows_behind(card, code: str, *, limit: int, after: str = "") -> EvidenceTable:
    """The rows of `code` on `card`, `limit` of them from `after` on."""
    return EvidenceTable()
