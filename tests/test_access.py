"""Every URL for every role: what each may open, and what does not exist for him.

`RULES` names every URL of the product. A URL without a rule fails the suite, so a new page cannot land
without saying who may see it. A rule is the answer to GET by each of `ROLES`, about a customer, a task and a
scorecard of `manager`; `LOGIN` is the redirect of somebody without a session.
"""

from copy import deepcopy
from datetime import date

import pytest
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from crm.approvals.models import Approval
from crm.export.models import Export
from crm.savedviews.models import SavedView
from customers.models import ContactTemplate, Custody, Handover
from tests.factories import make_account, make_interaction, make_product, make_profile, make_task
from tests.performance.world import make_card, make_night

pytestmark = pytest.mark.django_db

LOGIN = "login"
ROLES = ("stranger", "manager", "colleague", "supervisor", "outsider", "back_office", "admin", "auditor")
OPEN = (200,) * 8
SIGNED_IN = (LOGIN, 200, 200, 200, 200, 200, 200, 200)
ONWARD = (LOGIN, 302, 302, 302, 302, 302, 302, 302)
POST_ONLY = (LOGIN, 405, 405, 405, 405, 405, 405, 405)
DOOR = (200, 302, 302, 302, 302, 302, 302, 302)
NO_PASSWORD = (LOGIN, 403, 403, 403, 403, 403, 403, 403)  # the cast has none to confirm or change
OWN_FACTOR = (LOGIN, 404, 404, 404, 404, 404, 404, 404)  # nobody in the cast has one
OWN_CUSTOMER = (LOGIN, 200, 404, 200, 404, 200, 200, 200)
OWN_MANAGER = (LOGIN, 200, 404, 403, 404, 403, 403, 403)
OWN_FORM = (LOGIN, 422, 404, 403, 404, 403, 403, 403)  # what was sent is incomplete
OWN_WRITE = (LOGIN, 303, 404, 403, 404, 403, 403, 403)
OWN_SCORE = (LOGIN, 200, 404, 200, 404, 404, 200, 200)
BOTH_SIDES = (LOGIN, 200, 200, 200, 404, 404, 200, 200)  # manager gives, colleague receives
GIVERS_ACT = (LOGIN, 303, 403, 303, 404, 404, 403, 403)
MANAGERS = (LOGIN, 200, 200, 403, 200, 403, 403, 403)
OVERSEERS = (LOGIN, 403, 403, 200, 403, 403, 200, 200)
OPERATORS = (LOGIN, 403, 403, 403, 403, 403, 200, 200)
RULES: dict[str, tuple] = {
    "healthz": OPEN,
    "readyz": OPEN,
    "metrics": OPEN,  # from this machine; tests/crm/test_ops_health.py holds the rest
    "login": DOOR,
    "logout": (405,) * 8,
    "account_login": DOOR,
    "account_logout": (405,) * 8,
    "account_inactive": OPEN,
    "account_reauthenticate": NO_PASSWORD,
    "account_change_password": NO_PASSWORD,
    "account_reset_password_from_key": OPEN,  # a link that was used: it says so
    "account_reset_password_from_key_done": OPEN,
    "usersessions_list": SIGNED_IN,
    "mfa_index": SIGNED_IN,
    "mfa_list_webauthn": SIGNED_IN,
    "mfa_authenticate": (LOGIN, 302, 302, 302, 302, 302, 302, 302),
    "mfa_reauthenticate": NO_PASSWORD,
    "mfa_reauthenticate_webauthn": NO_PASSWORD,
    "mfa_activate_totp": SIGNED_IN,
    "mfa_deactivate_totp": OWN_FACTOR,
    "mfa_view_recovery_codes": OWN_FACTOR,
    "mfa_generate_recovery_codes": SIGNED_IN,
    "mfa_add_webauthn": SIGNED_IN,
    "mfa_edit_webauthn": OWN_FACTOR,
    "mfa_remove_webauthn": OWN_FACTOR,
    "signin:enrol": SIGNED_IN,
    "signin:end": POST_ONLY,
    "signin:stay": POST_ONLY,
    "signin:staff": (LOGIN, 403, 403, 200, 403, 403, 200, 403),
    "signin:unlock": POST_ONLY,
    "signin:reset": POST_ONLY,
    "set_language": (302,) * 8,
    "home": ONWARD,
    "customers:home": ONWARD,
    "customers:today": (LOGIN, 200, 200, 302, 200, 302, 302, 302),
    "customers:book": SIGNED_IN,
    "customers:search": SIGNED_IN,
    "customers:search_quick": SIGNED_IN,
    "customers:detail": OWN_CUSTOMER,
    "customers:contacts": OWN_CUSTOMER,
    "customers:timeline": OWN_CUSTOMER,
    "customers:prospect_add": MANAGERS,
    "customers:profile": OWN_CUSTOMER,
    "customers:credit": OWN_CUSTOMER,
    "customers:relations": OWN_CUSTOMER,
    "customers:fact": OWN_MANAGER,
    "customers:identity": OWN_MANAGER,
    "customers:relate": OWN_MANAGER,
    "customers:relation_end": POST_ONLY,
    "customers:member": OWN_MANAGER,
    "customers:member_leave": POST_ONLY,
    "customers:owner": (LOGIN, 404, 404, 403, 404, 403, 403, 403),  # of organisations alone
    "customers:owner_end": POST_ONLY,
    "customers:outside": OWN_CUSTOMER,
    "customers:outside_add": OWN_MANAGER,
    "customers:outside_edit": OWN_MANAGER,
    "customers:outside_end": POST_ONLY,
    "customers:who_sees": OWN_CUSTOMER,
    "customers:log_contact": OWN_MANAGER,
    "customers:contact_pick": MANAGERS,
    "customers:contact_edit": (LOGIN, 200, 404, 403, 404, 403, 403, 403),
    "customers:contact_templates": MANAGERS,
    "customers:contact_template": (LOGIN, 200, 404, 403, 404, 403, 403, 403),
    "customers:feedback": (LOGIN, 200, 200, 200, 200, 403, 200, 200),
    "customers:feedback_judge": POST_ONLY,
    "drafts:save": POST_ONLY,
    "drafts:drop": POST_ONLY,
    "customers:reveal": (LOGIN, 200, 404, 200, 404, 200, 403, 403),
    "customers:reveal_account": (LOGIN, 200, 404, 200, 404, 200, 403, 403),
    "customers:reveals": OVERSEERS,
    "customers:reveal_grant": POST_ONLY,
    "customers:pool": (LOGIN, 200, 200, 200, 200, 403, 200, 200),
    "customers:assign": (LOGIN, 404, 404, 404, 404, 403, 404, 403),  # nobody chosen
    "customers:care": OWN_CUSTOMER,
    "customers:custody_end": POST_ONLY,
    "customers:handovers": (LOGIN, 200, 200, 200, 200, 403, 200, 200),
    "customers:handover_new": (LOGIN, 200, 200, 200, 200, 403, 200, 403),
    "customers:handover": BOTH_SIDES,
    "customers:handover_protocol": BOTH_SIDES,
    "customers:handover_problems": POST_ONLY,
    "customers:handover_send": POST_ONLY,
    "customers:handover_sign": POST_ONLY,
    "customers:handover_settle": POST_ONLY,
    "customers:handover_cancel": POST_ONLY,
    "customers:leaver": (LOGIN, 403, 403, 200, 403, 403, 200, 403),
    "customers:leave": (LOGIN, 200, 200, 200, 200, 403, 200, 200),
    "customers:task_done": POST_ONLY,
    "customers:task_snooze": (LOGIN, 200, 404, 403, 404, 403, 403, 403),
    "customers:task_new": (LOGIN, 200, 404, 403, 404, 403, 403, 403),
    "customers:tasks": (LOGIN, 200, 200, 200, 200, 403, 200, 200),
    "customers:calendar": MANAGERS,
    "customers:calendar_file": MANAGERS,
    "customers:calendar_link": POST_ONLY,
    "customers:calendar_feed": (404,) * 8,  # a made-up address: nobody's; tests/customers/test_calendar.py
    "customers:task_undo": POST_ONLY,
    "performance:strip": OWN_CUSTOMER,
    "performance:explain": OWN_CUSTOMER,
    "performance:contribution": OWN_CUSTOMER,
    "performance:lifecycle": OWN_CUSTOMER,
    "performance:profile_worth": OWN_CUSTOMER,
    "performance:brief": OWN_CUSTOMER,
    "performance:my_scorecard": MANAGERS,
    "performance:score_panel": MANAGERS,
    "performance:scorecards": (LOGIN, 303, 303, 200, 303, 403, 200, 200),
    "performance:scorecard": OWN_SCORE,
    "performance:indicator": OWN_SCORE,
    "performance:branch_board": OVERSEERS,
    "performance:board_cases": OVERSEERS,
    "performance:nights": OPERATORS,
    "performance:night": OPERATORS,
    "performance:night_progress": OPERATORS,
    "performance:night_start": POST_ONLY,
    "feed": OPERATORS,
    "audit": OPERATORS,
    "changes": OWN_CUSTOMER,
    "approvals:inbox": OVERSEERS,
    "approvals:mine": SIGNED_IN,
    "approvals:decide": POST_ONLY,
    "approvals:withdraw": POST_ONLY,
    "exports:list": SIGNED_IN,
    "views:new": SIGNED_IN,
    "views:edit": (LOGIN, 200, 404, 404, 404, 404, 404, 404),
    "views:delete": POST_ONLY,
    "views:restore": POST_ONLY,
    "exports:ask": (LOGIN, 200, 200, 200, 200, 403, 200, 403),
    "exports:download": (LOGIN, 303, 404, 404, 404, 404, 404, 404),
}
# The answers to POST where a page changes something: what is not allowed changes nothing.
WRITES = {
    "signin:end": (LOGIN, 303, 303, 303, 303, 303, 303, 303),
    "signin:stay": (LOGIN, 204, 204, 204, 204, 204, 204, 204),
    "signin:unlock": (LOGIN, 403, 403, 303, 403, 403, 303, 403),
    "signin:reset": (LOGIN, 403, 403, 200, 403, 403, 200, 403),
    "customers:pool": (LOGIN, 303, 303, 303, 303, 403, 303, 403),
    "customers:assign": (LOGIN, 404, 404, 404, 404, 403, 404, 403),
    "customers:custody_end": (LOGIN, 403, 404, 303, 404, 403, 403, 403),
    "customers:handover_new": (LOGIN, 422, 422, 200, 422, 403, 200, 403),
    "customers:handover_problems": GIVERS_ACT,
    "customers:handover_send": GIVERS_ACT,
    "customers:handover_settle": GIVERS_ACT,
    "customers:handover_cancel": GIVERS_ACT,
    "customers:handover_sign": (LOGIN, 303, 303, 303, 404, 404, 303, 303),  # says whose it is to give
    "customers:leaver": (LOGIN, 403, 403, 422, 403, 403, 422, 403),
    "customers:leave": (LOGIN, 403, 403, 404, 403, 403, 403, 403),
    "customers:task_done": (LOGIN, 303, 404, 403, 404, 403, 403, 403),
    "customers:task_snooze": (LOGIN, 400, 404, 403, 404, 403, 403, 403),
    "customers:task_undo": (LOGIN, 303, 404, 403, 404, 403, 403, 403),
    "customers:task_new": (LOGIN, 422, 404, 403, 404, 403, 403, 403),
    "customers:calendar_link": (LOGIN, 303, 303, 403, 303, 403, 403, 403),
    "customers:contact_edit": (LOGIN, 422, 404, 403, 404, 403, 403, 403),
    "customers:contact_templates": (LOGIN, 422, 422, 403, 422, 403, 403, 403),
    "customers:contact_template": (LOGIN, 422, 404, 403, 404, 403, 403, 403),
    "customers:feedback_judge": (LOGIN, 403, 403, 422, 403, 403, 403, 403),
    "drafts:save": (LOGIN, 204, 204, 204, 204, 204, 204, 204),
    "drafts:drop": (LOGIN, 303, 303, 303, 303, 303, 303, 303),
    "customers:log_contact": OWN_FORM,
    "customers:fact": OWN_FORM,
    "customers:prospect_add": (LOGIN, 422, 422, 403, 422, 403, 403, 403),
    "customers:identity": OWN_FORM,
    "customers:relate": OWN_FORM,
    "customers:relation_end": OWN_WRITE,
    "customers:member": OWN_FORM,
    "customers:member_leave": OWN_WRITE,
    "customers:owner": (LOGIN, 404, 404, 403, 404, 403, 403, 403),
    "customers:owner_end": OWN_WRITE,
    "customers:outside_add": OWN_FORM,
    "customers:outside_edit": OWN_FORM,
    "customers:outside_end": OWN_WRITE,
    "customers:reveal": (LOGIN, 422, 404, 422, 404, 422, 403, 403),
    "customers:reveal_account": (LOGIN, 422, 404, 422, 404, 422, 403, 403),
    "customers:reveal_grant": (LOGIN, 403, 403, 302, 403, 403, 403, 403),
    "performance:night_start": (LOGIN, 403, 403, 403, 403, 403, 303, 403),
    "approvals:decide": (LOGIN, 403, 403, 303, 403, 403, 303, 403),
    "approvals:withdraw": (LOGIN, 303, 404, 404, 404, 404, 404, 404),
    "exports:ask": (LOGIN, 422, 422, 422, 422, 403, 422, 403),
    "views:new": (LOGIN, 422, 422, 422, 422, 422, 422, 422),
    "views:edit": (LOGIN, 422, 404, 404, 404, 404, 404, 404),
    "views:delete": (LOGIN, 303, 404, 404, 404, 404, 404, 404),
    "views:restore": (LOGIN, 303, 404, 404, 404, 404, 404, 404),
}


def named_patterns(resolver=None, namespace="") -> dict[str, URLPattern]:
    """Return every URL pattern outside Django admin (tests/test_admin.py walks that) by its full name."""
    found = {}
    for pattern in (resolver or get_resolver()).url_patterns:
        if not isinstance(pattern, URLResolver):
            found[f"{namespace}{pattern.name}"] = pattern
        elif pattern.app_name != "admin":
            found |= named_patterns(
                pattern, f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            )
    return found


@pytest.fixture
def cast(manager, colleague, supervisor, outsider, back_office, admin_user, auditor):
    """Role → user; the stranger is nobody."""
    people = (None, manager.user, colleague.user, supervisor, outsider.user, back_office, admin_user, auditor)
    return dict(zip(ROLES, people, strict=True))


@pytest.fixture
def address(customer, manager, colleague):
    """Return a function from a URL's name to its address about `manager`'s own records."""
    night = make_night()
    scorecard = make_card(manager, night)
    task = make_task(customer)
    account = make_account(customer, make_product())
    now = timezone.now()
    told = {"feedback_kind": "need", "feedback_text": "x", "feedback_filed_at": now}
    contact = make_interaction(customer, manager=manager, happened_at=now, **told)
    text = ContactTemplate.objects.create(manager=manager, title="x", text="x")
    draft = [f"contact:{customer.public_id}"]
    request = Approval.objects.create(
        kind="exports.large",
        payload={},
        digest="0" * 64,
        effect={"en": {"title": "", "lines": []}},
        scope_path=manager.branch.path,
        maker=manager.user,
        reason="x",
        expires_at=night.published_at.replace(year=2099),
    )
    known = make_profile(customer, manager)
    file = Export.objects.create(user=manager.user, what="book", query={}, form="csv")
    view = SavedView.objects.create(owner=manager.user, list="book", name="x", query="tier=gold")
    custody = Custody.objects.create(
        customer=customer, custodian=colleague, lead=manager, during=(date(2090, 1, 1), date(2090, 2, 1))
    )
    paper = Handover.objects.create(
        ref="HO-1",
        giver=manager,
        receiver=colleague,
        prepared_by=manager.user,
        effective_on=date(2090, 1, 1),
        reason="balance",
    )
    papers = ("", "_protocol", "_problems", "_send", "_sign", "_settle", "_cancel")
    arguments = {f"customers:handover{each}": [paper.public_id] for each in papers} | {
        "customers:care": [customer.public_id],
        "customers:custody_end": [custody.public_id],
        "customers:leaver": [manager.public_id],
        "views:new": ["book"],
        **{key: [view.public_id] for key in ("views:edit", "views:delete", "views:restore")},
        "approvals:decide": [request.public_id],
        "approvals:withdraw": [request.public_id],
        "exports:ask": ["book"],
        "exports:download": [file.public_id],
        "changes": ["customers.customer", customer.public_id],
        "account_reset_password_from_key": ["1", "used-already"],
        "mfa_edit_webauthn": [1],
        "mfa_remove_webauthn": [1],
        "signin:unlock": [manager.user.public_id],
        "signin:reset": [manager.user.public_id],
        "customers:detail": [customer.public_id],
        "customers:who_sees": [customer.public_id],
        "customers:log_contact": [customer.public_id],
        "customers:reveal": [customer.public_id, "mobile"],
        "customers:reveal_account": [customer.public_id, account.public_id],
        "customers:reveal_grant": [manager.user.public_id],
        "customers:contacts": [customer.public_id],
        "customers:contact_edit": [contact.public_id],
        "customers:contact_template": [text.public_id],
        "customers:feedback_judge": [contact.public_id],
        "drafts:save": draft,
        "drafts:drop": draft,
        **{f"customers:{name}": [customer.public_id, *more] for name, more in known.items()},
        "customers:task_done": [task.public_id],
        "customers:task_new": [customer.public_id],
        "customers:calendar_feed": ["made-up"],
        "customers:task_snooze": [task.public_id],
        "customers:task_undo": [task.public_id],
        "performance:strip": [customer.public_id],
        "performance:explain": [customer.public_id, "persistency"],
        "performance:contribution": [customer.public_id],
        "performance:lifecycle": [customer.public_id],
        "performance:profile_worth": [customer.public_id],
        "performance:brief": [customer.public_id],
        "performance:board_cases": ["silent"],
        "performance:scorecard": [scorecard.public_id],
        "performance:indicator": [scorecard.public_id, "E1"],
        "performance:night": ["2026-06-30"],
        "performance:night_progress": ["2026-06-30"],
    }
    return lambda name: reverse(name, args=arguments.get(name, []))


def answers(client, user, addresses, *, method="get") -> dict:
    """Name → the answer for `user`: its status, or LOGIN for the redirect to the login page.

    What one request changes is taken back before the next.
    """
    if user:
        client.force_login(user)
    cookies, found = deepcopy(client.cookies), {}
    for name, url in addresses.items():
        client.cookies = deepcopy(cookies)
        with transaction.atomic():
            response = getattr(client, method)(url)
            transaction.set_rollback(True)
        to_login = response.headers.get("Location", "").startswith(reverse("login"))
        found[name] = LOGIN if response.status_code == 302 and to_login else response.status_code
    return found


def test_every_url_has_a_rule():
    assert set(named_patterns()) == set(RULES)


@pytest.mark.parametrize("role", ROLES)
def test_every_url_answers_a_role_by_its_rule(role, client, cast, address):
    asked = {name: address(name) for name in RULES}
    wanted = {name: rule[ROLES.index(role)] for name, rule in RULES.items()}
    assert answers(client, cast[role], asked) == wanted


@pytest.mark.parametrize("role", ROLES)
def test_every_write_answers_a_role_by_its_rule(role, client, cast, address):
    asked = {name: address(name) for name in WRITES}
    wanted = {name: rule[ROLES.index(role)] for name, rule in WRITES.items()}
    assert answers(client, cast[role], asked, method="post") == wanted


def test_an_address_of_nothing_looks_like_an_address_of_somebody_elses(client, cast, foreign_customer):
    client.force_login(cast["manager"])
    foreign = client.get(reverse("customers:detail", args=[foreign_customer.public_id]))
    nothing = client.get(reverse("customers:detail", args=["00000000-0000-4000-8000-000000000000"]))
    assert (foreign.status_code, nothing.status_code) == (404, 404)
    assert foreign.content.replace(str(foreign_customer.public_id).encode(), b"") == nothing.content.replace(
        b"00000000-0000-4000-8000-000000000000", b""
    )
