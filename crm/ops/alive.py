"""Signs of life of workers and of beat: a key in the broker's Valkey each, that goes by itself.

Workers renew theirs with their heartbeat (every two seconds, however long their tasks are), beat with each
turn of its clock. A process that is killed leaves no word, so its silence is what tells.
"""

import contextlib
import socket
from functools import cache

import redis
from celery.beat import PersistentScheduler
from celery.signals import heartbeat_sent, worker_shutting_down
from django.conf import settings

WORKER, BEAT = "guanhu:alive:worker:", "guanhu:alive:beat:"
_SECONDS = 1  # the longest that a process which works waits for Valkey


@cache
def _valkey() -> redis.Redis:
    return redis.from_url(settings.REDIS_URL, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS)


def count(kind: str) -> int:
    """Return how many processes of a kind (WORKER or BEAT) gave a sign lately. Raises redis.RedisError."""
    return sum(1 for _ in _valkey().scan_iter(f"{kind}*", count=1_000))


def sign(name: str) -> None:
    """Say that the process lives. Valkey away is no reason to stop working: the checks tell of it."""
    with contextlib.suppress(redis.RedisError):
        _valkey().set(name, 1, ex=settings.SILENCE_SECONDS)


@heartbeat_sent.connect
def _worker_lives(sender, **_):
    sign(f"{WORKER}{sender.eventer.hostname}")


@worker_shutting_down.connect
def _worker_goes(sender, **_):
    with contextlib.suppress(redis.RedisError):
        _valkey().delete(f"{WORKER}{sender}")


class Scheduler(PersistentScheduler):
    """Beat's clock, which says that it goes; `beat_max_loop_interval` says how often at least."""

    def tick(self, *arguments, **options):
        sign(f"{BEAT}{socket.gethostname()}")
        return super().tick(*arguments, **options)
