"""Sealing, every few minutes (settings.CELERY_BEAT_SCHEDULE)."""

from celery import shared_task

from crm.history.chain import seal
from crm.history.heads import export_heads


@shared_task(name="crm.seal_history")
def seal_history() -> None:
    """Seal what is finished and put the head into the file. Twice at once does no harm."""
    seal()
    export_heads()
