"""Is this process ready to answer, and does the bank behind it work? One function a check.

A check returns (state, figures): ok, degraded (pages still answer) or down (send nobody here). Which checks
there are is `settings.READY_CHECKS`; an app adds its own with one line there.
"""

import logging
from functools import cache

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.module_loading import import_string

from crm.ops import alive

log = logging.getLogger(__name__)
OK, DEGRADED, DOWN = "ok", "degraded", "down"
WORST = (OK, DEGRADED, DOWN)
BROKER_SECONDS = 2


def database() -> tuple[str, dict]:
    """Without PostgreSQL no page answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return OK, {}


_applied = False


def migrations() -> tuple[str, dict]:
    """Code ahead of its tables answers nothing right; once applied, migrations stay (asked until then)."""
    global _applied
    if not _applied:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if missing:
            return DOWN, {"missing": len(missing)}
        _applied = True
    return OK, {}


def broker() -> tuple[str, dict]:
    """Pages need no broker; nights wait for it."""
    from crm.celery import app

    with app.connection_for_read(connect_timeout=BROKER_SECONDS) as link:
        link.ensure_connection(max_retries=1, timeout=BROKER_SECONDS)
        waiting = link.default_channel.queue_declare(app.conf.task_default_queue, passive=False)
    return OK, {"waiting": waiting.message_count}


def worker() -> tuple[str, dict]:
    """Without a worker nights, files and approvals wait."""
    return _alive(alive.WORKER)


def beat() -> tuple[str, dict]:
    """Without beat no night begins and nothing is queued again."""
    return _alive(alive.BEAT)


def _alive(kind: str) -> tuple[str, dict]:
    number = alive.count(kind)
    return OK if number else DEGRADED, {"alive": number}


@cache
def _registered() -> dict:
    return {path.rpartition(".")[2]: import_string(path) for path in settings.READY_CHECKS}


def all_checks() -> tuple[str, dict]:
    """Return the worst state and what each check said. A check that raises is what its name says it is:
    down for `settings.READY_NEEDS`, else degraded."""
    found = {}
    for name, check in _registered().items():
        try:
            state, figures = check()
        except Exception as error:
            log.warning("the check %s failed", name, exc_info=error)
            state, figures = DOWN if name in settings.READY_NEEDS else DEGRADED, {}
        found[name] = {"state": state} | figures
    worst = max((check["state"] for check in found.values()), key=WORST.index, default=OK)
    return worst, found
