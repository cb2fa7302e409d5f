"""gunicorn, read from this folder by `make run` and by the web container alike."""

import os
import shutil
import tempfile

from crm.ops.logs import logging_config

wsgi_app = "crm.wsgi:application"
bind = f"0.0.0.0:{os.environ.get('PORT', '8000')}"  # inside the container; `make run` passes --bind
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS") or os.cpu_count() or 1)
threads = int(os.environ.get("WEB_THREADS") or 4)
timeout = 60
graceful_timeout = 8
keepalive = 5
# a slow leak in a library never grows old
max_requests, max_requests_jitter = 10_000, 1_000
control_socket_disable = True
# crm.ops.middleware tells of every request, without path, query string or referrer
accesslog = None
# the launcher of `make run` names its folder; a bank's own servers get JSON
_STATE = os.environ.get("GUANHU_STATE")
logconfig_dict = logging_config(json=not _STATE, level=os.environ.get("LOG_LEVEL", "INFO"))

# the processes count into files of one folder, so that any of them answers for all; empty at each start
_COUNTS = None
if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
    _COUNTS = os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="guanhu-metrics-")


def child_exit(server, worker):
    """A process that is gone holds no gauges any more; what it counted stays."""
    from prometheus_client import multiprocess  # chooses at import whether processes share: after the folder

    multiprocess.mark_process_dead(worker.pid)


def on_exit(server):
    if _COUNTS:
        shutil.rmtree(_COUNTS, ignore_errors=True)
