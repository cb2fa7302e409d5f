"""What each web process counts as it works; under gunicorn the processes share files, so that any of them
answers for all (`PROMETHEUS_MULTIPROC_DIR`, set by gunicorn.conf.py before this is imported).
"""

from prometheus_client import Counter, Histogram

SECONDS = Histogram(
    "guanhu_request_seconds",
    "Answers by route, method and status, and the seconds they took.",
    ["method", "route", "status"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
ERRORS = Counter("guanhu_errors_total", "Exceptions that no view answered, by kind.", ["kind"])
METHODS = frozenset({"GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"})


def answered(method: str, route: str, status: int, seconds: float) -> None:
    """Count an answer. A method that nobody knows is one label, not as many as are tried."""
    SECONDS.labels(method if method in METHODS else "OTHER", route, status).observe(seconds)


def failed(error: BaseException) -> None:
    ERRORS.labels(type(error).__name__).inc()
