"""What Celery runs: files, and the tidying of files, keys and lapsed requests."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from crm.approvals.services import expire, left_behind
from crm.approvals.tasks import execute_approval
from crm.export import services
from crm.replay.models import SentForm


@shared_task(name="crm.write_export")
def write_export(key: int) -> None:
    services.write(key)


@shared_task(name="crm.tidy_forms_and_files")
def tidy_forms_and_files() -> None:
    """Every ten minutes: what expired goes, what was left behind is taken up."""
    now = timezone.now()
    SentForm.objects.filter(sent_at__lt=now - timedelta(hours=settings.SENT_FORM_HOURS)).delete()
    expire(now)
    for key in left_behind():
        execute_approval.delay(key)
    left, _deleted = services.tidy(now)
    for key in left:
        write_export.delay(key)
