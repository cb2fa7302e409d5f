"""G1: what a user may not see answers exactly as what does not exist, for every role and kind of record.

tests/test_access.py walks every URL for every role and fails on a URL without a rule; here the records vary.
"""

from uuid import UUID

import pytest

from tests.factories import make_customer
from tests.security.wall import OF_CUSTOMER, customer_addresses, hidden_customers, hide
from tests.test_access import named_patterns

pytestmark = pytest.mark.django_db

NOTHING = UUID("00000000-0000-4000-8000-000000000000")
KINDS = ("own", "branch", "foreign", "transferred")
# Who sees whom: a manager's own book, a branch's subtree, head office all.
SEES = {
    "manager": {"own"},
    "colleague": {"branch"},
    "outsider": {"foreign", "transferred"},
    "supervisor": {"own", "branch"},
    "back_office": {"own", "branch"},
    "admin": set(KINDS),
    "auditor": set(KINDS),
}
# Addresses of other records than customers; tests/test_access.py asks them of everybody.
OTHERS = {
    "account_reset_password_from_key",
    "approvals:decide",
    "approvals:withdraw",
    "changes",
    "customers:calendar_feed",  # opens for whoever holds it: tests/customers/test_calendar.py
    "customers:contact_edit",
    "customers:contact_template",
    "customers:feedback_judge",
    "customers:fact",
    "customers:member_leave",
    "customers:outside_edit",
    "customers:outside_end",
    "customers:owner",
    "customers:owner_end",
    "customers:relation_end",
    "customers:reveal",  # POST alone: tests/security/test_reveal.py asks them as everybody
    "customers:reveal_account",
    "customers:reveal_grant",
    "customers:custody_end",
    "customers:handover",
    "customers:handover_cancel",
    "customers:handover_problems",
    "customers:handover_protocol",
    "customers:handover_send",
    "customers:handover_settle",
    "customers:handover_sign",
    "customers:leaver",
    "customers:task_done",
    "customers:task_snooze",
    "customers:task_undo",
    "drafts:drop",
    "drafts:save",
    "exports:ask",
    "exports:download",
    "mfa_edit_webauthn",
    "mfa_remove_webauthn",
    "performance:board_cases",
    "performance:indicator",
    "performance:night",
    "performance:night_progress",
    "performance:scorecard",
    "signin:reset",
    "signin:unlock",
    "views:delete",
    "views:edit",
    "views:new",
    "views:restore",
}


@pytest.fixture
def records(branch, other_branch, manager, colleague, outsider):
    own = make_customer("沈知远", branch=branch, lead=manager)
    beside = make_customer("顾长风", branch=branch, lead=colleague)
    hide(own, beside)
    return {"own": own, "branch": beside, **hidden_customers(other_branch, outsider, manager, branch)}


@pytest.fixture
def people(manager, colleague, outsider, supervisor, back_office, admin_user, auditor):
    staff = (manager.user, colleague.user, outsider.user, supervisor, back_office, admin_user, auditor)
    return dict(zip(SEES, staff, strict=True))


def test_every_address_about_a_record_is_walked():
    with_arguments = {
        name
        for name, found in named_patterns().items()
        if found.pattern.regex.groups or "<" in str(found.pattern)
    }
    assert with_arguments - OTHERS == set(OF_CUSTOMER)


@pytest.mark.parametrize("role", SEES)
def test_each_role_sees_its_own_kinds_and_the_rest_does_not_exist(role, client, people, records):
    client.force_login(people[role])
    seen, refused = {}, {}
    for kind, customer in records.items():
        for name, address in customer_addresses(customer).items():
            response = client.get(address)
            (seen if response.status_code != 404 else refused).setdefault(kind, []).append(name)
    assert set(seen) == SEES[role]
    assert set(refused) == set(KINDS) - SEES[role]
    assert all(len(names) == len(OF_CUSTOMER) for names in (*seen.values(), *refused.values()))


@pytest.mark.parametrize("role", ["manager", "supervisor", "back_office"])
def test_foreign_and_transferred_answer_as_nothing(role, client, people, records):
    client.force_login(people[role])
    nothing = customer_addresses(NOTHING)
    for kind in ("foreign", "transferred"):
        for name, address in customer_addresses(records[kind]).items():
            hidden, absent = client.get(address), client.get(nothing[name])
            assert _told(hidden, records[kind].public_id) == _told(absent, NOTHING)


def test_a_stranger_learns_nothing(client, records):
    told = {
        (response.status_code, response.headers["Location"].partition("?")[0])
        for customer in records.values()
        for response in map(client.get, customer_addresses(customer).values())
    }
    assert len(told) == 1


def _told(response, public_id):
    """What an answer says, without the address that was asked."""
    headers = {name: value for name, value in response.headers.items() if name not in {"X-Request-ID"}}
    for name in ("Content-Security-Policy", "X-Request-Id", "Content-Length"):
        headers.pop(name, None)
    return response.status_code, headers, _without_nonce(response, public_id)


def _without_nonce(response, public_id):
    body = response.content.replace(str(public_id).encode(), b"")
    nonce = getattr(response.wsgi_request, "_csp_nonce", None)
    return body.replace(str(nonce).encode(), b"") if nonce else body
