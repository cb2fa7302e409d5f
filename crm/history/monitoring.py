"""Whether sealing keeps up: what is not sealed yet could still be altered without a trace."""

from django.conf import settings
from django.db import connection

from crm.ops.checks import DEGRADED, OK
from crm.ops.metrics import gauge


def unsealed_seconds() -> float:
    """The age of the oldest change or act that was written since the last seal; 0 where all is sealed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT history_unsealed_seconds()")
        return cursor.fetchone()[0]


def history() -> tuple[str, dict]:
    """A check of /readyz: pages still answer, but somebody must look after worker and beat."""
    age = unsealed_seconds()
    if age <= settings.HISTORY_SEALED_WITHIN:
        return OK, {"unsealed_seconds": round(age)}
    said = "Changes wait for their seal: see that worker and beat run, then `manage.py seal_history`."
    return DEGRADED, {"unsealed_seconds": round(age), "do": said}


def sealing():
    """The same for Prometheus."""
    told = "Seconds that the oldest unsealed change or act waits; 0 where all is sealed."
    yield gauge("history_unsealed_seconds", told, unsealed_seconds())
