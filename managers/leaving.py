"""Whether somebody may be switched off: apps above add what he is still needed for."""

from datetime import date

from django.conf import settings
from django.utils.module_loading import import_string


def why_not_switched_off(user, until: date | None = None) -> str:
    """The first sentence of settings.SWITCH_OFF_CHECKS against it, "" where nothing is. With `until`: against
    ending his time in post on that day (the first without him)."""
    found = (import_string(path)(user, until) for path in settings.SWITCH_OFF_CHECKS)
    return next((sentence for sentence in found if sentence), "")
