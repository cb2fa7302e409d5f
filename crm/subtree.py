"""A branch and all below it, as one range over the branch paths that tables hold (ADR 6)."""

from django.db.models import Q


def within(path: str, column: str = "path") -> Q:
    """The condition that the branch path in `column` is `path` or lies below it.

    Paths are codes, each closed by "/"; "~" sorts behind every character of a code (collation C).
    """
    return Q(**{f"{column}__gte": path, f"{column}__lt": path + "~"})
