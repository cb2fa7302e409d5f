"""What Prometheus reads: what the web processes counted, and the state of the bank as the database tells it.

State comes from PostgreSQL and the broker at the moment of asking, so it is the same whichever process
answers. A source is a function that yields metric families; `settings.METRIC_SOURCES` names them.
"""

import logging
import os

from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily

from crm.feed.models import FeedLoad, FeedState
from crm.ops import alive, checks, counters  # noqa: F401 (counters: what is not imported is not told)

log = logging.getLogger(__name__)


def text() -> bytes:
    """Return all figures in Prometheus' text format."""
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        multiprocess.MultiProcessCollector(registry)
        return generate_latest(registry) + generate_latest(_State())
    return generate_latest(REGISTRY) + generate_latest(_State())


class _State:
    """The sources as one collector. One that fails is told as failed; the others are still there."""

    def collect(self):
        up = GaugeMetricFamily("guanhu_source_up", "Whether a source of figures answered.", labels=["source"])
        for path in settings.METRIC_SOURCES:
            try:
                yield from list(import_string(path)())
                up.add_metric([path], 1)
            except Exception as error:
                log.warning("the figures of %s failed", path, exc_info=error)
                up.add_metric([path], 0)
        yield up


def gauge(name: str, told: str, value) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"guanhu_{name}", told, value=float("nan") if value is None else value)


def by_label(name: str, told: str, label: str, values: dict) -> GaugeMetricFamily:
    """A gauge with one label: {label's value: figure}."""
    family = GaugeMetricFamily(f"guanhu_{name}", told, labels=[label])
    for key, value in values.items():
        family.add_metric([str(key)], value)
    return family


def connections():
    """Sessions of this database by login and state, and how many PostgreSQL takes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT login, state, sessions, seconds FROM ops_sessions()")
        found = cursor.fetchall()
        cursor.execute(
            "SELECT current_setting('max_connections')::int, pg_database_size(current_database()), "
            "xact_commit, xact_rollback, deadlocks FROM pg_stat_database WHERE datname = current_database()"
        )
        most, size, commits, rollbacks, deadlocks = cursor.fetchone()
    sessions = GaugeMetricFamily(
        "guanhu_database_connections", "Sessions of this database.", labels=["login", "state"]
    )
    for login, state, number, _ in found:
        sessions.add_metric([login, state], number)
    yield sessions
    yield gauge(
        "database_transaction_seconds_max",
        "Age of the oldest open transaction.",
        max((float(seconds) for *_, seconds in found), default=0),
    )
    yield gauge("database_connections_max", "Sessions that PostgreSQL takes in all.", most)
    yield gauge("database_bytes", "Size of the database.", size)
    yield by_label(
        "database_transactions",
        "Transactions since PostgreSQL counts.",
        "end",
        {"commit": commits, "rollback": rollbacks, "deadlock": deadlocks},
    )


def queue():
    """Messages that wait in the broker; those that a worker holds do not count."""
    yield gauge("queue_depth", "Messages waiting in the broker.", checks.broker()[1]["waiting"])


def processes():
    """Workers and beats that gave a sign of life lately."""
    living = {"worker": alive.count(alive.WORKER), "beat": alive.count(alive.BEAT)}
    yield by_label("processes_alive", "Processes that gave a sign of life lately.", "kind", living)


def feed():
    """Loads by state, and the last day that came in."""
    loads = {state.value: FeedLoad.objects.filter(state=state).count() for state in FeedState}
    yield by_label("feed_loads", "Feed loads by state.", "state", loads)
    last = FeedLoad.objects.filter(state=FeedState.LOADED).order_by("-business_date", "-id").first()
    yield gauge("feed_rows", "Rows of the last load.", last.rows if last else None)
    newest = FeedLoad.objects.order_by("-id").first()
    yield gauge("feed_bad_rows", "Bad rows of the newest load.", newest.bad_rows if newest else None)
    took = (last.finished_at - last.started_at).total_seconds() if last and last.finished_at else None
    yield gauge("feed_seconds", "Seconds that the last load took.", took)
    yield gauge(
        "feed_finished_timestamp_seconds",
        "When the last load ended.",
        last.finished_at.timestamp() if last and last.finished_at else None,
    )
