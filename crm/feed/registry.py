"""The record types of every app, in the order they load: what settings.FEED_RECORDS names."""

from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from crm.feed.records import RecordType, Upkeep


@cache
def record_types() -> dict[str, RecordType]:
    """Return the record types by name, in loading order."""
    return {item.name: item for item in _declared() if isinstance(item, RecordType)}


@cache
def upkeeps() -> tuple[Upkeep, ...]:
    """Return what is brought up to date at the end of a load."""
    return tuple(item for item in _declared() if isinstance(item, Upkeep))


def _declared():
    return [item for path in settings.FEED_RECORDS for item in import_string(path)]
