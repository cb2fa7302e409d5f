"""What Celery runs: an approved request, carried out with the worker's own rights."""

from celery import shared_task

from crm.approvals import services


@shared_task(name="crm.execute_approval")
def execute_approval(key: int) -> None:
    services.execute(key)
