"""Masked values are revealed one by one: with a reason, after proving oneself, on record, and limited."""

import time
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from crm.audit.models import AuditRecord
from crm.signin.recent import SIGNED_IN_AT
from customers.models import Reveal, RevealGrant
from customers.services import reveals
from tests.factories import make_account, make_product
from tests.security.personal import ACCOUNT, ADDRESS, DOCUMENT, MOBILE, give_identity

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def customer(customer):
    give_identity(customer)
    return customer


def url(customer, field="mobile"):
    return reverse("customers:reveal", args=[customer.public_id, field])


def test_each_field_is_shown_once_for_a_reason(as_user, manager, customer):
    client = as_user(manager.user)
    for field, value in (("document", DOCUMENT), ("mobile", MOBILE), ("address", ADDRESS)):
        assert value not in client.get(url(customer, field)).content.decode()
        response = client.post(url(customer, field), {"reason": "回访前核对"})
        text = response.content.decode()
        assert response.status_code == 200
        assert value in text
        assert 'data-hide-after="30"' in text
        assert response.headers["Refresh"].startswith("30; url=")
        assert "no-store" in response.headers["Cache-Control"]
    account = make_account(customer, make_product(), number=ACCOUNT)
    at = reverse("customers:reveal_account", args=[customer.public_id, account.public_id])
    assert ACCOUNT in client.post(at, {"reason": "核对账号"}).content.decode()
    assert list(Reveal.objects.order_by("pk").values_list("field", flat=True)) == [
        "document",
        "mobile",
        "address",
        "account",
    ]
    rows = AuditRecord.objects.filter(act="reveal", customer_number=customer.number)
    assert rows.count() == 4
    said = str(list(rows.values()))
    assert not [value for value in (DOCUMENT, MOBILE, ADDRESS, ACCOUNT) if value in said]


def test_the_audit_row_commits_before_the_value_is_read(as_user, manager, customer, monkeypatch):
    def refuses(*args, **kwargs):
        raise RuntimeError("the audit is away")

    monkeypatch.setattr(reveals, "record", refuses)
    client = as_user(manager.user)
    client.raise_request_exception = False
    response = client.post(url(customer), {"reason": "回访前核对"})
    assert response.status_code == 500
    assert MOBILE not in response.content.decode()
    assert Reveal.objects.count() == 0


@pytest.mark.parametrize("reason", ["", "a", "他的手机 13800001234", "999999 1900 0101 0014"])
def test_without_a_good_reason_nothing_is_shown(as_user, manager, customer, reason):
    response = as_user(manager.user).post(url(customer), {"reason": reason})
    assert response.status_code == 422
    assert Reveal.objects.count() == 0
    if MOBILE not in reason:
        assert MOBILE not in response.content.decode()


def test_an_old_session_must_prove_itself_again(as_user, manager, customer):
    manager.user.set_password("a long password 42")  # without one there is nothing to prove by
    manager.user.save()
    client = as_user(manager.user)
    session = client.session
    session[SIGNED_IN_AT] = time.time() - 600
    session["account_authentication_methods"] = []
    session.save()
    response = client.post(url(customer), {"reason": "回访前核对"})
    assert response.status_code in {302, 303}
    assert response.headers["Location"].startswith(reverse("account_reauthenticate"))
    response = client.post(url(customer), {"reason": "回访前核对"}, headers={"HX-Request": "true"})
    assert response.headers["HX-Redirect"].startswith(reverse("account_reauthenticate"))
    assert Reveal.objects.count() == 0


def test_who_may_not_reveal(as_user, colleague, outsider, admin_user, auditor, customer):
    for user, status in ((colleague.user, 404), (outsider.user, 404), (admin_user, 403), (auditor, 403)):
        assert as_user(user).post(url(customer), {"reason": "回访前核对"}).status_code == status
    assert Reveal.objects.count() == 0


def test_the_daily_limit_holds_until_the_supervisor_grants_more(
    as_user, manager, supervisor, customer, settings
):
    settings.REVEALS_A_DAY = 2
    old = Reveal.objects.create(customer=customer, user=manager.user, field="mobile", reason="昨天")
    Reveal.objects.filter(pk=old.pk).update(at=timezone.now() - timedelta(days=1))
    post = lambda: as_user(manager.user).post(url(customer), {"reason": "回访前核对"})  # noqa: E731
    assert [post().status_code for _ in range(3)] == [200, 200, 422]
    assert AuditRecord.objects.filter(act="reveal_refused").count() == 1
    grant = reverse("customers:reveal_grant", args=[manager.user.public_id])
    assert as_user(manager.user).post(grant).status_code == 403
    assert as_user(supervisor).post(grant).status_code == 302
    own = reverse("customers:reveal_grant", args=[supervisor.public_id])
    assert as_user(supervisor).post(own).status_code == 404
    assert RevealGrant.objects.count() == 1
    assert [post().status_code for _ in range(3)] == [200, 200, 422]


def test_the_supervisor_reads_who_revealed_what(as_user, manager, supervisor, outsider, customer):
    as_user(manager.user).post(url(customer), {"reason": "回访前核对"})
    text = as_user(supervisor).get(reverse("customers:reveals")).content.decode()
    assert "回访前核对" in text
    assert customer.number in text
    assert MOBILE not in text
    assert as_user(outsider.user).get(reverse("customers:reveals")).status_code == 403
