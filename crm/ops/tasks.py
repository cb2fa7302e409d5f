"""What Celery runs of the platform's own operations."""

import logging

from celery import shared_task
from django.utils import timezone

from crm.ops import retention

log = logging.getLogger(__name__)


@shared_task(name="crm.retain")
def retain() -> None:
    """Remove what is past its retention, class by class (beat, every night)."""
    now = timezone.now()
    for rule in retention.rules():
        if rule.remove is None:
            continue
        try:
            gone = retention.apply(rule, now)
        except Exception:
            log.exception("retention of %s failed", rule.code)
        else:
            log.info("retention", extra={"class": rule.code, "removed": gone})
