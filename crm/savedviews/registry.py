"""Which lists keep views: each app declares its own, settings.SAVED_LISTS names them (dotted paths)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.utils.module_loading import import_string


@dataclass(frozen=True)
class SavedList:
    """A list with filters in its address.

    `clean(QueryDict)` gives the one form of the filter as a query string without `?`, unknown names and wrong
    values dropped: what the list itself would make of it. `says(query)` tells it in words; `count(user,
    query, as_of)` counts what *this* reader would see, stopping early at a number of its own.
    """

    code: str
    url_name: str
    clean: Callable
    says: Callable
    count: Callable


def lists() -> dict[str, SavedList]:
    """The lists by code."""
    return _lists(tuple(settings.SAVED_LISTS))


@lru_cache(maxsize=8)
def _lists(paths):
    return {one.code: one for one in map(import_string, paths)}
