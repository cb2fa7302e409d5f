"""G17: every form counts once, however often it is sent."""

import re
import threading
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from crm.approvals import services as approvals
from crm.approvals.models import Approval, Execution
from crm.export.models import Export
from crm.replay.models import SentForm
from crm.savedviews.models import SavedView
from customers.choices import Channel, Outcome, Purpose, TaskState
from customers.models import (
    ContactTemplate,
    Customer,
    CustomerGroup,
    Handover,
    IdentityCheck,
    Interaction,
    OutsideHolding,
    ProfileFact,
    ProfileField,
    Relationship,
    Stake,
    Task,
)
from customers.services.facts import identity_version
from managers.choices import Role
from tests.factories import make_branch, make_customer, make_interaction, make_manager, make_task, make_user

ROOT = Path(__file__).resolve().parents[2]
KEY = "0123456789abcdef0123456789abcdef"
TIMES = 10
# Forms of which a second sending changes nothing by itself: signing in and out, language, one's own account.
NO_KEY = ("templates/account", "templates/mfa", "templates/usersessions", "templates/registration")
# A reveal changes nothing but the audit and its quota, and each showing is to be recorded.
NO_KEY_FILES = (
    "templates/customers/_reveal.html",
    "templates/_language.html",
    "templates/_settings_rows.html",
    "templates/admin/base_site.html",
)


@pytest.fixture
def bank(transactional_db):
    """A committed cast: branch, two supervisors, a manager with a customer and a task."""
    head = make_branch("HQ")
    branch = make_branch("S1", parent=make_branch("T1", parent=head))
    manager = make_manager("0931", branch=branch)
    customer = make_customer("沈知远", branch=branch, lead=manager)
    return {
        "branch": branch,
        "manager": manager,
        "customer": customer,
        "task": make_task(customer),
        "supervisor": make_user("0102", role=Role.SUPERVISOR, branch=branch),
        "admin": make_user("0001", role=Role.ADMIN, branch=head),
    }


def ten_at_once(user, url, data, *, headers=None):
    """Send one form ten times at the same moment; return the answers' statuses and where they lead."""
    gate, answers = threading.Barrier(TIMES), []

    def go():
        client = Client(headers=headers or {})
        client.force_login(user)
        gate.wait()
        try:
            response = client.post(url, data)
            answers.append((response.status_code, response.headers.get("Location", "")))
        finally:
            connection.close()

    threads = [threading.Thread(target=go) for _ in range(TIMES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def contact(bank):
    today = timezone.localdate().isoformat()
    return {
        "ref": "web-1",
        "channel": Channel.PHONE.value,
        "purpose": Purpose.values[0],
        "outcome": Outcome.values[0],
        "happened_on": today,
        "when": "none",
        "no_next_reason": "已销户",
    }


def _contact(bank):
    url = reverse("customers:log_contact", args=[bank["customer"].public_id])
    return bank["manager"].user, url, contact(bank), lambda: Interaction.objects.count()


def _done(bank):
    url = reverse("customers:task_done", args=[bank["task"].public_id])
    return bank["manager"].user, url, {}, lambda: Task.objects.filter(state=TaskState.DONE).count()


def _snooze(bank):
    url = reverse("customers:task_snooze", args=[bank["task"].public_id])
    data = {"until": "tomorrow"}
    return bank["manager"].user, url, data, lambda: Task.objects.filter(state=TaskState.SNOOZED).count()


def _new(bank):
    url = reverse("customers:task_new", args=[bank["customer"].public_id])
    data = {"text": "送合同", "due_on": timezone.localdate().isoformat()}
    return bank["manager"].user, url, data, lambda: Task.objects.filter(reason__text="送合同").count()


def _undo(bank):
    Task.objects.update(state=TaskState.DONE, done_at=timezone.now())
    url = reverse("customers:task_undo", args=[bank["task"].public_id])
    return bank["manager"].user, url, {}, lambda: Task.objects.filter(state=TaskState.OPEN).count()


def _decide(bank):
    mine = Approval.objects.create(
        kind="customers.backdated_assignment",
        payload={"manager": "", "co": None},
        digest=approvals.digest_of({"manager": "", "co": None}),
        effect={"en": {"title": "", "lines": []}, "zh-hans": {"title": "", "lines": []}},
        scope_path=bank["branch"].path,
        maker=bank["manager"].user,
        reason="x",
        expires_at=timezone.now() + timezone.timedelta(days=1),
    )
    url = reverse("approvals:decide", args=[mine.public_id])
    data = {"answer": "reject", "reason": "no"}
    return bank["supervisor"], url, data, lambda: Approval.objects.filter(state="rejected").count()


def _edit(bank):
    told = {"manager": bank["manager"], "happened_at": timezone.now()}
    made = make_interaction(bank["customer"], **told)
    url = reverse("customers:contact_edit", args=[made.public_id])
    return bank["manager"].user, url, contact(bank), lambda: made.history.filter(pgh_label="update").count()


def _texts(bank):
    url = reverse("customers:contact_templates")
    data = {"title": "到期", "text": "x"}
    return bank["manager"].user, url, data, lambda: ContactTemplate.objects.count()


def _text(bank):
    made = ContactTemplate.objects.create(manager=bank["manager"], title="到期", text="x")
    url = reverse("customers:contact_template", args=[made.public_id])
    data = {"title": "到期", "text": "y"}
    return bank["manager"].user, url, data, lambda: ContactTemplate.objects.filter(text="y").count()


def _judge(bank):
    told = {"feedback_kind": "need", "feedback_text": "x", "feedback_filed_at": timezone.now()}
    made = make_interaction(bank["customer"], manager=bank["manager"], **told)
    url = reverse("customers:feedback_judge", args=[made.public_id])
    return bank["supervisor"], url, {"quality": "2"}, lambda: made.history.filter(pgh_label="update").count()


def _withdraw(bank):
    mine = _decide(bank) and Approval.objects.get()
    url = reverse("approvals:withdraw", args=[mine.public_id])
    return bank["manager"].user, url, {}, lambda: Approval.objects.filter(state="withdrawn").count()


def _export(bank):
    url = reverse("exports:ask", args=["book"])
    return bank["manager"].user, url, {"form": "csv"}, lambda: Export.objects.count()


def _fact(bank):
    ProfileField.objects.create(code="occupation", name="职业", name_en="Occupation")
    url = reverse("customers:fact", args=[bank["customer"].public_id, "occupation"])
    data = {"value": "教师", "source": "customer", "seen": "new"}
    return bank["manager"].user, url, data, lambda: ProfileFact.objects.count()


def _identity(bank):
    url = reverse("customers:identity", args=[bank["customer"].public_id, "mobile"])
    identity = bank["customer"].identity
    data = {"value": "13800001234", "source": "customer", "seen": identity_version(identity, None, "mobile")}
    return bank["manager"].user, url, data, lambda: IdentityCheck.objects.count()


def _relate(bank):
    other = make_customer("宋以宁", branch=bank["branch"], lead=bank["manager"])
    url = reverse("customers:relate", args=[bank["customer"].public_id])
    data = {"who": other.number, "kind": "spouse:object"}
    return bank["manager"].user, url, data, lambda: Relationship.objects.count()


def _member(bank):
    other = make_customer("宋以宁", branch=bank["branch"], lead=bank["manager"])
    url = reverse("customers:member", args=[bank["customer"].public_id])
    data = {"who": other.number, "role": "spouse"}
    return bank["manager"].user, url, data, lambda: CustomerGroup.objects.filter(size=2).count()


def _owner(bank):
    firm = make_customer("云岫纸业", branch=bank["branch"], lead=bank["manager"], kind="company")
    url = reverse("customers:owner", args=[firm.public_id])
    data = {"name": "某人", "share": "30", "control": "shares", "source": "document"}
    return bank["manager"].user, url, data, lambda: Stake.objects.count()


def _outside(bank):
    url = reverse("customers:outside_add", args=[bank["customer"].public_id])
    data = {"bank": "某行", "kind": "deposit", "amount": "45 万", "source": "customer", "seen": "new"}
    return bank["manager"].user, url, data, lambda: OutsideHolding.objects.count()


def _prospect(bank):
    url = reverse("customers:prospect_add")
    data = {"kind": "person", "name": "顾长风"}
    return bank["manager"].user, url, data, lambda: Customer.objects.filter(lifecycle="prospect").count()


def _claim(bank):
    waiting = make_customer("柳如眉", branch=bank["branch"])
    data = {"customer": str(waiting.public_id), "act": "claim"}
    return bank["manager"].user, reverse("customers:pool"), data, lambda: Approval.objects.count()


def _give_back(bank):
    url = f"{reverse('customers:assign')}?c={bank['customer'].public_id}"
    data = {"act": "return", "from_date": timezone.localdate().isoformat(), "reason": "x"}
    return bank["manager"].user, url, data, lambda: Approval.objects.count()


def _prepare(bank):
    colleague = make_manager("0932", branch=bank["branch"])
    data = {
        "receiver": str(colleague.public_id),
        "effective_on": timezone.localdate().isoformat(),
        "reason": "balance",
        "scope": "all",
    }
    return bank["manager"].user, reverse("customers:handover_new"), data, lambda: Handover.objects.count()


def _keep_view(bank):
    url = reverse("views:new", args=["book"]) + "?tier=gold"
    return bank["manager"].user, url, {"name": "金卡"}, lambda: SavedView.objects.count()


def _view(bank, **fields):
    return SavedView.objects.create(
        owner=bank["manager"].user, list="book", name="金卡", query="tier=gold", **fields
    )


def _change_view(bank):
    url = reverse("views:edit", args=[_view(bank).public_id])
    return bank["manager"].user, url, {"name": "白金"}, lambda: SavedView.objects.filter(name="白金").count()


def _delete_view(bank):
    url = reverse("views:delete", args=[_view(bank).public_id])
    return bank["manager"].user, url, {}, lambda: SavedView.objects.exclude(deleted_at=None).count()


def _restore_view(bank):
    url = reverse("views:restore", args=[_view(bank, deleted_at=timezone.now()).public_id])
    return bank["manager"].user, url, {}, lambda: SavedView.objects.filter(deleted_at=None).count()


FORMS = {
    "customers:prospect_add": _prospect,
    "customers:fact": _fact,
    "customers:identity": _identity,
    "customers:relate": _relate,
    "customers:member": _member,
    "customers:owner": _owner,
    "customers:outside_add": _outside,
    "customers:pool": _claim,
    "customers:assign": _give_back,
    "customers:handover_new": _prepare,
    "customers:log_contact": _contact,
    "customers:contact_edit": _edit,
    "customers:contact_templates": _texts,
    "customers:contact_template": _text,
    "customers:feedback_judge": _judge,
    "customers:task_done": _done,
    "customers:task_snooze": _snooze,
    "customers:task_undo": _undo,
    "customers:task_new": _new,
    "approvals:decide": _decide,
    "approvals:withdraw": _withdraw,
    "exports:ask": _export,
    "views:new": _keep_view,
    "views:edit": _change_view,
    "views:delete": _delete_view,
    "views:restore": _restore_view,
}
# Shown elsewhere, for they need a feed or a second factor: (name, the test that shows it)
ELSEWHERE = {
    "customers:custody_end": "ended already, nothing changes: tests/customers/test_custody.py",
    "customers:handover_problems": "the same list again",
    "customers:handover_send": "asked again while it waits, it is the same request (crm/approvals)",
    "customers:handover_sign": "signed already, nothing changes: tests/customers/test_handover.py",
    "customers:handover_settle": "who is left out stays left out",
    "customers:handover_cancel": "given up already, it is refused",
    "customers:leaver": "asked again while it waits, it is the same request (crm/approvals)",
    "customers:leave": "one custody at a time: tests/customers/test_custody.py",
    "performance:night_start": "tests/performance/test_night_pages.py: a date has one night",
    "customers:reveal": "each showing is recorded and counted",
    "customers:reveal_account": "each showing is recorded and counted",
    "customers:calendar_link": "made again it is a newer address: tests/customers/test_calendar.py",
    "customers:reveal_grant": "granted again it is the same grant",
    "customers:outside_edit": "the version seen is another then: tests/customers/test_relations.py",
    "customers:outside_end": "what has ended is not found again: tests/customers/test_relations.py",
    "customers:owner_end": "as above",
    "customers:relation_end": "as above",
    "customers:member_leave": "as above",
}


@pytest.mark.parametrize("name", sorted(FORMS))
def test_ten_sendings_at_once_have_one_effect(name, bank):
    user, url, data, effects = FORMS[name](bank)
    answers = ten_at_once(user, url, data | {"once": KEY})
    assert len(set(answers)) == 1
    assert answers[0][0] == 303
    assert (len(answers), effects(), SentForm.objects.count()) == (TIMES, 1, 1)


def test_the_key_alone_makes_it_one(bank):
    """Two exports are two files, unless they are the same form."""
    user, url, data, effects = _export(bank)
    ten_at_once(user, url, data | {"once": KEY})
    ten_at_once(user, url, data, headers={"X-Once-Key": f"{KEY[:-1]}0"})
    assert effects() == 2


def test_every_write_of_the_product_is_walked_here():
    from tests.test_access import WRITES

    ours = {
        name
        for name in WRITES
        if name.split(":")[0] in ("customers", "performance", "approvals", "exports", "views")
    }
    assert ours - set(FORMS) - set(ELSEWHERE) == set()


@pytest.mark.django_db
def test_the_first_answer_is_given_again(as_user, manager, customer):
    task = make_task(customer)
    client, url = as_user(manager.user), reverse("customers:task_done", args=[task.public_id])
    first = client.post(url, {"once": KEY, "next": "/customers/"})
    Task.objects.update(state=TaskState.OPEN, done_at=None)
    again = client.post(url, {"once": KEY, "next": "/customers/"})
    assert (again.status_code, again.headers["Location"]) == (first.status_code, first.headers["Location"])
    assert Task.objects.get().state == TaskState.OPEN


@pytest.mark.django_db
def test_htmx_is_led_the_same_way(as_user, manager, customer):
    url = reverse("customers:task_done", args=[make_task(customer).public_id])
    client, headers = as_user(manager.user), {"HX-Request": "true"}
    answers = [client.post(url, {"once": KEY}, headers=headers) for _ in range(2)]
    assert [(each.status_code, each.headers["HX-Redirect"]) for each in answers] == [(204, "/today/")] * 2


@pytest.mark.django_db
def test_another_form_with_the_key_is_refused(as_user, manager, customer):
    url = reverse("customers:task_done", args=[make_task(customer).public_id])
    client = as_user(manager.user)
    client.post(url, {"once": KEY})
    answer = client.post(url, {"once": KEY, "next": "/customers/"})
    assert (answer.status_code, SentForm.objects.count()) == (409, 1)


@pytest.mark.django_db
def test_a_form_with_errors_may_be_corrected(as_user, manager, customer):
    url = reverse("customers:log_contact", args=[customer.public_id])
    client = as_user(manager.user)
    assert client.post(url, {"once": KEY}).status_code == 422
    assert SentForm.objects.count() == 0
    assert client.post(url, contact({}) | {"once": KEY}).status_code == 303
    assert Interaction.objects.count() == 1


@pytest.mark.django_db
def test_a_key_belongs_to_one_user(as_user, manager, colleague, customer):
    own = make_task(customer)
    theirs = make_task(make_customer("白一", branch=colleague.branch, lead=colleague))
    for user, task in ((manager.user, own), (colleague.user, theirs)):
        as_user(user).post(reverse("customers:task_done", args=[task.public_id]), {"once": KEY})
    assert Task.objects.filter(state=TaskState.DONE).count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["short", "x" * 41, "0123456789abcde'", "钥匙钥匙钥匙钥匙"])
def test_a_damaged_key_is_refused(as_user, manager, customer, key):
    url = reverse("customers:task_done", args=[make_task(customer).public_id])
    assert as_user(manager.user).post(url, {"once": key}).status_code == 400
    assert Task.objects.get().state == TaskState.OPEN


def test_every_form_that_changes_something_has_a_key():
    """The one line a new form needs: {% once %} beside {% csrf_token %}."""
    without = []
    for path in sorted((ROOT / "templates").rglob("*.html")):
        name = path.relative_to(ROOT).as_posix()
        text = path.read_text(encoding="utf-8")
        forms = re.findall(r"<form\b[^>]*method=\"post\".*?</form>", text, re.S | re.I)
        if name.startswith(NO_KEY) or name in NO_KEY_FILES or "styleguide" in name:
            continue
        without += [name for form in forms if "{% once %}" not in form]
    assert without == []


@pytest.mark.django_db
def test_the_admin_has_a_key_too(as_user, admin_user):
    page = as_user(admin_user).get(reverse("admin:managers_course_add")).content.decode()
    assert re.search(r'name="once" value="[0-9a-f]{32}"', page)


def test_executions_are_one_a_row():
    assert Execution._meta.get_field("approval").unique
