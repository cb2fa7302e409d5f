"""gunicorn, read from this folder by `make run` and by the web container alike."""

import os

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
accesslog = "-"
# no query string and no referrer: searches hold customers' names
access_log_format = '%(t)s %(h)s "%(m)s %(U)s" %(s)s %(b)s %(M)sms'
