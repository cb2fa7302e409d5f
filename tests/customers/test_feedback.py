"""Feedback for the bank (I3): the queue, who judges, once, and what the author reads."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from customers.models import Interaction
from customers.services.feedback import FeedbackRefused, judge_feedback
from managers.choices import Role
from tests.factories import make_customer, make_interaction

pytestmark = pytest.mark.django_db
QUEUE = reverse("customers:feedback")


def file(customer, manager, *, ago=60, text="隔壁行利率 2.1%", **extra):
    now = timezone.now()
    return make_interaction(
        customer,
        manager=manager,
        happened_at=now - timedelta(minutes=ago),
        feedback_kind="market",
        feedback_text=text,
        feedback_filed_at=now - timedelta(minutes=ago),
        **extra,
    )


def judge_url(contact):
    return reverse("customers:feedback_judge", args=[contact.public_id])


def test_the_queue_is_the_oldest_first_and_of_ones_subtree(
    as_user, manager, supervisor, customer, foreign_customer, outsider
):
    later, first = file(customer, manager, ago=5), file(customer, manager, ago=50)
    file(foreign_customer, outsider)
    rows = as_user(supervisor).get(QUEUE).context["rows"]
    assert [row.contact for row in rows] == [first, later]


def test_the_queue_pages(as_user, manager, supervisor, customer, monkeypatch):
    monkeypatch.setattr("customers.selectors.feedback.PAGE", 2)
    for ago in range(5):
        file(customer, manager, ago=ago * 2, text=f"第 {ago} 条")
    client, seen = as_user(supervisor), []
    response = client.get(QUEUE)
    while True:
        seen += [row.contact.feedback_text for row in response.context["rows"]]
        if not response.context["next_url"]:
            break
        response = client.get(QUEUE + response.context["next_url"])
    assert seen == [f"第 {ago} 条" for ago in (4, 3, 2, 1, 0)]
    assert client.get(QUEUE, {"after": "bad"}).status_code == 400


def test_the_queue_asks_as_much_for_three_as_for_one(as_user, manager, supervisor, customer):
    client = as_user(supervisor)
    counts = []
    for number in (1, 2):
        for n in range(number):
            file(customer, manager, ago=10 * number + n)
        with CaptureQueriesContext(connection) as captured:
            client.get(QUEUE)
        counts.append(len(captured))
    assert counts[0] == counts[1] or counts[1] <= counts[0]


def test_accepted_with_points_or_sent_back_with_a_reason(as_user, manager, supervisor, customer):
    good, poor = file(customer, manager, ago=9), file(customer, manager, ago=5)
    client = as_user(supervisor)
    assert client.post(judge_url(good), {"quality": "2"}).status_code == 303
    assert client.post(judge_url(poor), {"refuse": "1"}).status_code == 422
    assert client.post(judge_url(poor), {"refuse": "1", "reason": "已\x00 知\n"}).status_code == 303
    good.refresh_from_db()
    poor.refresh_from_db()
    assert (good.feedback_quality, good.feedback_accepted, good.feedback_judged_by) == (2, True, supervisor)
    assert (poor.feedback_quality, poor.feedback_accepted, poor.feedback_answer) == (None, False, "已 知")
    assert client.get(QUEUE).context["rows"] == []
    page = as_user(manager.user).get(QUEUE).content.decode()
    assert "已 知" in page


def test_judged_once(as_user, manager, supervisor, customer):
    contact = file(customer, manager)
    client = as_user(supervisor)
    client.post(judge_url(contact), {"quality": "1"})
    assert client.post(judge_url(contact), {"quality": "3"}).status_code == 422
    contact.refresh_from_db()
    assert contact.feedback_quality == 1


def test_who_judges(
    as_user, manager, colleague, supervisor, outsider, admin_user, auditor, back_office, customer
):
    contact = file(customer, manager)
    for user, status in (
        (manager.user, 403),
        (colleague.user, 403),
        (back_office, 403),
        (admin_user, 403),
        (auditor, 403),
    ):
        assert as_user(user).post(judge_url(contact), {"quality": "3"}).status_code == status
    contact.refresh_from_db()
    assert contact.feedback_judged_at is None


def test_nobody_judges_his_own(manager, customer):
    contact = file(customer, manager)
    manager.user.role = Role.SUPERVISOR
    with pytest.raises(FeedbackRefused):
        judge_feedback(contact, by=manager.user, at=timezone.now(), quality=3)


def test_a_manager_cannot_accept_even_by_sql(manager, customer):
    """The second wall: the columns of the judgement are not a manager's to write."""
    from django.db import ProgrammingError, transaction

    from crm.wall import scope

    contact = file(customer, manager)
    with scope.of_user(manager.user_id), pytest.raises(ProgrammingError), transaction.atomic():
        Interaction.objects.filter(pk=contact.pk).update(feedback_accepted=True, feedback_quality=3)


def test_what_earns_nothing_is_said(as_user, branch, manager, supervisor, customer):
    for n in range(2):
        file(customer, manager, ago=200 + n, feedback_quality=1, feedback_accepted=True)
    Interaction.objects.update(feedback_judged_at=timezone.now(), feedback_judged_by=supervisor)
    other = make_customer("宋以宁", branch=branch, lead=manager)
    minute = timezone.now().replace(second=10, microsecond=0) - timedelta(hours=1)
    third, bulk = file(customer, manager, ago=4), file(other, manager)
    Interaction.objects.filter(pk=third.pk).update(
        feedback_filed_at=minute, happened_at=Interaction.objects.first().happened_at
    )
    Interaction.objects.filter(pk=bulk.pk).update(feedback_filed_at=minute + timedelta(seconds=20))
    rows = {row.contact.pk: row for row in as_user(supervisor).get(QUEUE).context["rows"]}
    assert (rows[third.pk].accepted_this_month, rows[third.pk].is_beyond_month) == (2, True)
    assert (rows[bulk.pk].at_once, rows[bulk.pk].is_bulk, rows[bulk.pk].is_beyond_month) == (2, True, False)
