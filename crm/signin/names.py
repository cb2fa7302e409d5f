"""One spelling of a staff number, however it was typed."""

import unicodedata


def canonical(number: str | None) -> str:
    """Return `number` as counted and looked up: NFKC, no blanks or invisible marks, case folded.

    Full-width ０９３１, "0931 " and a 0931 with a zero-width space are one account: each spelling of its own
    count would be five more tries (UTR 36, 2.11.2).
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", number or "").casefold())
    return "".join(c for c in folded if not c.isspace() and unicodedata.category(c) not in {"Cc", "Cf"})[:150]
