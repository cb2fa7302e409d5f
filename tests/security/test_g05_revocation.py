"""G5: an answer that begins after a transfer or a switch-off has committed is given by the new rule.

While askers on other connections ask without pause, rights go and come back; after each loss has committed
the page is asked once more, and no answer that began and ended without the right may show it. 1,000 changes
under `soak`, a tenth otherwise.
"""

import threading
import time

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from customers.models import Customer
from managers.models import User
from tests.soak import sizes

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = sizes(50, 500)
ASKERS = 2


def _ask(client, address, until, answers):
    try:
        while not until.is_set():
            begun = time.monotonic()
            status = client.get(address).status_code
            answers.append((begun, time.monotonic(), status))
    finally:
        connection.close()


def _interleave(user, address, take, give_back, rounds):
    """Take the right and give it back beside askers; return statuses asked without it, and theirs (in all,
    and those given against the rule)."""
    clients = [Client() for _ in range(ASKERS + 1)]
    for client in clients:
        client.force_login(user)
    until, answers, without, asked = threading.Event(), [], [], []
    askers = [threading.Thread(target=_ask, args=(one, address, until, answers)) for one in clients[1:]]
    for asker in askers:
        asker.start()
    for _ in range(rounds):
        take()
        lost = time.monotonic()
        asked.append(clients[0].get(address).status_code)
        without.append((lost, time.monotonic()))
        give_back()
    until.set()
    for asker in askers:
        asker.join()
    wrong = [
        status
        for begun, ended, status in answers
        if status == 200 and any(lost <= begun and ended <= back for lost, back in without)
    ]
    return asked, [status for *_, status in answers], wrong


@pytest.mark.parametrize("rounds", ROUNDS)
@pytest.mark.parametrize(("loss", "refusal"), [("transfer", 404), ("switch-off", 302)])
def test_no_answer_after_what_takes_the_right_away(rounds, loss, refusal, customer, manager, colleague):
    if loss == "transfer":
        rows, gone, back = Customer.objects.filter(pk=customer.pk), {"lead": colleague}, {"lead": manager}
    else:
        rows, gone, back = (
            User.objects.filter(pk=manager.user_id),
            {"is_active": False},
            {"is_active": True},
        )
    asked, beside, wrong = _interleave(
        manager.user,
        reverse("customers:who_sees", args=[customer.public_id]),
        take=lambda: rows.update(**gone),
        give_back=lambda: rows.update(**back),
        rounds=rounds,
    )
    assert (set(asked), wrong) == ({refusal}, [])
    assert set(beside) <= {200, refusal}
