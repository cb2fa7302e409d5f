"""What can leave as a file: each app declares its sheets, settings.EXPORTS names them (dotted paths)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.utils.module_loading import import_string


@dataclass(frozen=True)
class Column:
    """A column; `data_class` (security.md) masks its cells, whatever the sheet does.

    "": as it is · "document", "mobile", "account", "address": always masked · "name": whole only for who
    looks after the customers himself or their branch.
    """

    label: str
    data_class: str = ""
    width: int = 14


@dataclass(frozen=True)
class Sheet:
    """One kind of file.

    `clean(mapping)` keeps the known names of a filter (plain JSON); `may(user, query)` says whether this
    person may have it; `count` and `rows` answer `(user, query, as_of)`: how many rows, and an iterator of
    `(subject id or None, cells)`, narrowed to what `user` may see *now*; `still(user, query, subjects)`
    whether he may still see all of those subjects; `title(query)` names the file.
    """

    code: str
    label: str
    columns: tuple[Column, ...]
    clean: Callable
    may: Callable
    count: Callable
    rows: Callable
    still: Callable
    title: Callable


def sheets() -> dict[str, Sheet]:
    """The sheets by code."""
    return _sheets(tuple(settings.EXPORTS))


@lru_cache(maxsize=8)
def _sheets(paths):
    return {sheet.code: sheet for path in paths for sheet in import_string(path)}
