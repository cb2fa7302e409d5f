"""What Celery runs for the records: the turn of the day, and a hand-over that has its last signature."""

from celery import shared_task
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from crm.history import acting
from customers.models import Handover
from customers.services.handover import carry_out
from customers.services.turn import turn


@shared_task(name="customers.turn_of_the_day")
def turn_of_the_day() -> None:
    """Every minute: what begins or ends today takes effect (docs/assignment.md)."""
    try:
        with acting("system:turn", "the day has come"), transaction.atomic():
            with (
                connection.cursor() as cursor
            ):  # a load of the feed holds rows for minutes, and turns the day
                cursor.execute("SET LOCAL lock_timeout = '10s'")
            turn(timezone.localdate())
    except OperationalError:
        return  # the next minute tries again


@shared_task(name="customers.carry_out_handover")
def carry_out_handover(key: int) -> None:
    """Right after the last signature; the turn finds what a lost message left."""
    with acting("system:handover", "signed and approved"):
        carry_out(Handover.objects.get(pk=key), as_of=timezone.localdate())
