"""Drafts: kept as one writes, private, brought back with one click, gone once sent or after thirty days."""

import uuid
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from crm.drafts.models import Draft
from crm.drafts.services import MOST_DRAFTS, MOST_LETTERS, RETENTION, draft_of, save_draft
from crm.ops import retention
from crm.wall import scope
from customers.models import Interaction
from tests.customers.test_contacts import url

pytestmark = pytest.mark.django_db
NOTE = "一段写了很久的话，会话却结束了。"


@pytest.fixture
def key(customer):
    return f"contact:{customer.public_id}"


def save_url(key):
    return reverse("drafts:save", args=[key])


def test_the_draft_comes_back_with_one_click(as_user, manager, customer, key, filled):
    client = as_user(manager.user)
    form = client.get(url(customer))
    assert form.context["draft"] is None
    assert form.context["draft_url"] == save_url(key)
    sent = filled | {"note": NOTE, "outcome": "agreed", "form_once": "0" * 32, "confidential": "on"}
    assert client.post(save_url(key), sent).status_code == 204
    offered = client.get(url(customer))
    assert offered.context["draft_words"] == NOTE
    assert offered.context["form"].initial["outcome"] == "reached"  # offered, not yet brought back
    back = client.get(offered.context["draft_open_url"])
    values = back.context["form"].initial
    assert (values["note"], values["outcome"], values["confidential"]) == (NOTE, "agreed", True)
    assert str(values["ref"]) != filled["ref"]  # a form of its own
    assert NOTE in back.content.decode()


def test_saving_the_contact_throws_the_draft_away(as_user, manager, customer, key, filled):
    client = as_user(manager.user)
    once = uuid.uuid4().hex
    client.post(save_url(key), filled | {"note": NOTE, "form_once": once})
    client.post(url(customer), filled | {"once": once})
    assert not Draft.objects.exists()
    # the state that was still on its way arrives behind the form
    client.post(save_url(key), filled | {"note": NOTE, "form_once": once})
    assert not Draft.objects.exists()
    assert Interaction.objects.count() == 1


def test_thrown_away_by_hand(as_user, manager, customer, key):
    client = as_user(manager.user)
    client.post(save_url(key), {"note": NOTE})
    answer = client.post(reverse("drafts:drop", args=[key]), headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert draft_of(manager.user, key) is None


def test_it_is_nobody_elses(as_user, manager, colleague, supervisor, admin_user, auditor, customer, key):
    as_user(manager.user).post(save_url(key), {"note": NOTE})
    as_user(colleague.user).post(save_url(key), {"note": "另一人的"})
    assert draft_of(manager.user, key).fields["note"] == [NOTE]
    for user in (supervisor, admin_user, auditor):
        with scope.of_user(user.pk):
            assert not Draft.objects.exists()
    with scope.of_user(manager.user_id):
        assert Draft.objects.get().user == manager.user


def test_it_lies_encrypted(as_user, manager, customer, key):
    as_user(manager.user).post(save_url(key), {"note": NOTE})
    with connection.cursor() as cursor:
        cursor.execute("SELECT fields FROM crm_draft")
        (kept,) = cursor.fetchone()
    assert NOTE.encode() not in bytes(kept)


def test_what_is_no_draft_is_refused(as_user, manager, key):
    client = as_user(manager.user)
    assert client.post(save_url("nonsense"), {"note": NOTE}).status_code == 400
    assert client.post(save_url(key), {"note": "字" * (MOST_LETTERS + 1)}).status_code == 400
    assert client.post(save_url(key), {"note": "a\x00b", "form_once": "a\x00b"}).status_code == 204
    assert client.get(save_url(key)).status_code == 405
    client.logout()
    assert client.post(save_url(key), {"note": NOTE}).status_code == 302


def test_a_person_keeps_so_many_and_so_long(manager):
    now = timezone.now()
    for n in range(MOST_DRAFTS + 2):
        save_draft(manager.user, f"contact:{n}", {"note": ["x"]}, at=now - timedelta(minutes=100 - n))
    assert Draft.objects.count() == MOST_DRAFTS
    assert not Draft.objects.filter(form__in=["contact:0", "contact:1"]).exists()
    Draft.objects.filter(form="contact:2").update(saved_at=now - timedelta(days=settings.DRAFT_DAYS, hours=1))
    assert RETENTION.due(now).count == 1
    assert retention.apply(RETENTION, now) == 1
    assert Draft.objects.count() == MOST_DRAFTS - 1


def test_a_date_that_passed_is_not_brought_back(as_user, manager, customer, key, today):
    gone = (today - timedelta(days=3)).isoformat()
    save_draft(
        manager.user,
        key,
        {"note": [NOTE], "when": [gone], "happened_on": ["1999-01-01"], "channel": ["1"]},
        at=timezone.now(),
    )
    form = as_user(manager.user).get(url(customer), {"draft": "1"}).context["form"]
    assert form.initial["when"] in dict(form.fields["when"].choices)
    assert form.initial["happened_on"] == today
    assert form.initial["channel"] == "1"
