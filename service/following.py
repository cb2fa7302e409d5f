"""Requests follow the customer; who was handed over is asked a month later how it went."""

from collections.abc import Iterable
from datetime import date

from customers.services.following import move_to_lead
from managers.models import Manager
from service.choices import RequestState, SurveyKind
from service.models import ServiceRequest, Survey


def requests_follow(ids: Iterable[int]) -> None:
    """Open requests of the customers `ids` go to their lead (settings.LEAD_FOLLOWERS)."""
    open_ones = [RequestState.OPEN, RequestState.WAITING]
    move_to_lead(ServiceRequest.objects.filter(customer__in=list(ids), state__in=open_ones))


def ask_how_it_went(ref: str, ids: Iterable[int], manager: Manager, on: date) -> int:
    """Ask the customers `ids` of the hand-over `ref` one question about `manager` (HANDOVER_PULSES).

    Asked again for the same hand-over, nobody is asked twice. Returns how many were asked anew.
    """
    wanted = {pk: f"{ref[:24]}-{pk}" for pk in ids}
    asked = set(Survey.objects.filter(ref__in=wanted.values()).values_list("ref", flat=True))
    new = [
        Survey(ref=name, customer_id=pk, manager=manager, kind=SurveyKind.CSAT, sent_on=on)
        for pk, name in wanted.items()
        if name not in asked
    ]
    return len(Survey.objects.bulk_create(new))
