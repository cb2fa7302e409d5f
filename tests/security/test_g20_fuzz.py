"""G20: every bad input has an answer. Every route × role × method with nasty values: never a 500."""

import logging
import sys
from collections import defaultdict
from copy import deepcopy

import pytest
from django.core.signals import got_request_exception
from django.db import transaction
from django.test import Client

from customers.models import Publication
from tests.factories import make_account, make_interaction, make_product, make_task
from tests.performance.world import make_card, make_night
from tests.security.fuzzing import Fuzzer, Tried, routes
from tests.soak import Progress, parts

pytestmark = pytest.mark.django_db
ROLES = ("stranger", "manager", "supervisor", "outsider", "back_office", "admin", "auditor")


@pytest.fixture
def people(manager, supervisor, outsider, back_office, admin_user, auditor):
    users = (None, manager.user, supervisor, outsider.user, back_office, admin_user, auditor)
    return dict(zip(ROLES, users, strict=True))


@pytest.fixture
def known(customer, manager, foreign_customer):
    """What exists, by a parameter's name or converter: customers, task, account, scorecard, night."""
    night = make_night()
    day = night.business_date
    Publication.objects.create(business_date=day, night_id=night.pk, published_at=night.published_at)
    card = make_card(manager, night)
    task = make_task(customer)
    account = make_account(customer, make_product())
    make_interaction(customer, manager=manager)
    public = [str(one.public_id) for one in (customer, foreign_customer, card, task)]
    return {
        "uuid": public,
        "date": [day.isoformat()],
        "slug": ["persistency", "E1", "silent"],
        "object_id": [str(customer.pk), str(account.pk), str(night.pk)],
        "int": ["1", str(customer.pk)],
        "str": ["customers", "crm", "1"],
        "path": ["1", str(customer.pk)],
        "app_label": ["customers", "managers", "performance"],
    }


class Sender:
    """Sends drawn requests, each in a transaction that is thrown away, and keeps the answers of 500."""

    def __init__(self, people):
        self.faults = defaultdict(list)
        self.sent, self.statuses = 0, defaultdict(int)
        self.clients, self.cookies = {}, {}
        for role, user in people.items():
            self.clients[role] = Client(raise_request_exception=False)
            if user is not None:
                self.clients[role].force_login(user)
            self.cookies[role] = deepcopy(self.clients[role].cookies)
        self.raised = []
        got_request_exception.connect(self._note)

    def _note(self, sender, request, **_):
        self.raised.append(sys.exc_info()[1])

    def close(self):
        got_request_exception.disconnect(self._note)

    def send(self, tried: Tried) -> None:
        client = self.clients[tried.role]
        client.cookies = deepcopy(self.cookies[tried.role])
        self.raised.clear()
        try:
            with transaction.atomic():
                answer = client.generic(
                    tried.method, tried.path, tried.body, content_type=tried.type, headers=tried.headers
                )
                if answer.streaming:
                    b"".join(answer.streaming_content)
                status = answer.status_code
                transaction.set_rollback(True)
        except Exception as error:
            self.raised.append(error)
            status = 500
        self.sent += 1
        self.statuses[status] += 1
        if status >= 500:
            error = self.raised[-1] if self.raised else None
            place = error.__traceback__ if error else None
            while place is not None and place.tb_next is not None:
                place = place.tb_next
            where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else ""
            self.faults[f"{status} {type(error).__name__}: {str(error)[:200]} {where}"].append(str(tried))

    def told(self) -> str:
        return "\n".join(f"{len(tries)}× {kind}\n    {tries[0]}" for kind, tries in self.faults.items())


@pytest.fixture
def sender(people, caplog):
    logging.disable(logging.CRITICAL)
    sender = Sender(people)
    yield sender
    sender.close()
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize(("count", "seed"), parts(400, 200_000, of=20))
def test_no_request_is_answered_with_500(sender, known, count, seed):
    """A part of a large run goes round all routes for its first half, then it draws, as a small one does."""
    fuzzer, progress = Fuzzer(seed, ROLES, known), Progress("requests", count)
    every = routes()
    for number in range(count):
        round_all = count > 1_000 and number < count // 2
        sender.send(fuzzer.request(every[number % len(every)] if round_all else None))
        progress.step()
    assert sender.sent == count
    assert not sender.faults, sender.told()


def test_the_fuzzer_reaches_pages_and_not_only_refusals(sender, known):
    fuzzer = Fuzzer(21, ("manager", "admin"), known)
    for number in range(150):
        sender.send(fuzzer.request(fuzzer.ours[number % len(fuzzer.ours)]))
    assert sender.statuses[200] >= 15


def test_the_same_seed_draws_the_same_requests(known):
    one, other = Fuzzer(7, ROLES, known), Fuzzer(7, ROLES, known)
    assert [str(one.request()) for _ in range(50)] == [str(other.request()) for _ in range(50)]
