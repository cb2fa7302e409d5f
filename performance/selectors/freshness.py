"""How old is what readers see? Warned of from 26 hours on, critical from 50 on."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from customers.models import Publication
from performance.choices import NightState, StepState
from performance.models import Night, Step

WARN_HOURS, CRITICAL_HOURS = 26, 50


@dataclass(frozen=True)
class Freshness:
    """`level` is ok, warn or critical; `text` one sentence."""

    level: str
    text: str


def freshness(
    now: datetime,
    *,
    warn: timedelta = timedelta(hours=WARN_HOURS),
    critical: timedelta = timedelta(hours=CRITICAL_HOURS),
) -> Freshness:
    """Judge the published night at `now`, with the last failure where one explains it."""
    seen = Publication.objects.first()
    if seen is None:
        return Freshness("critical", "no night was published yet: load a feed, then `manage.py run_night`.")
    age = now - seen.published_at
    hours = int(age.total_seconds() // 3600)
    text = f"the night of {seen.business_date} was published {hours} hours ago"
    if age < warn:
        return _with_stale(seen, text)
    failed = Night.objects.filter(state=NightState.FAILED, business_date__gte=seen.business_date).first()
    why = f"; the night of {failed} failed at {failed.error}" if failed else ""
    return Freshness("critical" if age >= critical else "warn", f"{text}{why}.")


def _with_stale(seen: Publication, text: str) -> Freshness:
    """A young night is still worth a warning when one of its P had to keep older figures."""
    details = Step.objects.filter(night_id=seen.night_id, stage="score", state=StepState.DONE)
    stale = sorted(
        {
            p
            for detail in details.values_list("detail", flat=True)
            for p, told in detail.items()
            if _failed(told)
        }
    )
    if stale:
        return Freshness("warn", f"{text}, but {', '.join(stale)} failed and kept older figures.")
    return Freshness("ok", f"{text}.")


def _failed(told) -> bool:
    return isinstance(told, dict) and bool(told.get("error"))
