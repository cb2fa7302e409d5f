"""The Celery application: what `celery -A crm.celery` runs as worker and beat."""

import os

from celery import Celery, signals

from crm.ops import alive, celery_logs  # noqa: F401 (their signals)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")

app = Celery("guanhu", task_cls="crm.history.background:ActingTask")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(["crm.ops"])


@signals.worker_init.connect
def one_thread_each(**_) -> None:
    """A worker has a process a core: threads of Polars' own would only wait for one another."""
    os.environ.setdefault("POLARS_MAX_THREADS", "1")
