"""G7: two people for what moves pay, rights or many records; nothing twice; nothing into a closed period."""

import json
import threading
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone, translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.approvals import selectors
from crm.approvals import services as approvals
from crm.approvals.models import Approval, Execution, State
from crm.approvals.registry import Kind, in_scope, kinds
from crm.history.models import Change
from customers.approvals import ask_backdated_assignment
from customers.models import Assignment, Customer
from customers.services.assignment import AssignmentRefused, assign
from managers.approvals import RIGHTS, rights_of, rights_payload
from managers.choices import Role
from managers.models import User
from performance.approvals import SCHEME, scheme_payload
from performance.models import Period, Plan, Scheme
from performance.periods import period_of
from tests.factories import make_customer, make_manager, make_user
from tests.soak import sizes

pytestmark = pytest.mark.django_db
EFFECTS = []  # what the test kind did, by payload number


def _noted(payload, approval):
    if payload["refuse"]:
        raise approvals.Refused("no")
    EFFECTS.append(payload["n"])


NOTED = Kind(
    "test.noted",
    "Noted",
    _noted,
    lambda payload: {"title": "noted", "lines": [["n", 0, payload["n"]]]},
    in_scope,
)
KINDS = (NOTED,)
WITH_TEST_KIND = [
    *__import__("django.conf", fromlist=["settings"]).settings.APPROVAL_KINDS,
    f"{__name__}.KINDS",
]
AS_TEST = override_settings(APPROVAL_KINDS=WITH_TEST_KIND)


@pytest.fixture(autouse=True)
def english():
    """Sentences are compared as they are written."""
    with translation.override("en"):
        yield


@pytest.fixture
def noted():
    """Register the test kind; forget what it did before."""
    EFFECTS.clear()
    with AS_TEST:
        yield NOTED


def asked(maker, n=1, *, refuse=False, **extra):
    return approvals.ask(NOTED.code, maker, {"n": n, "refuse": refuse}, "a reason", **extra)


# --- asking and deciding ---
def test_an_approval_is_carried_out_once_by_somebody_else(noted, manager, supervisor):
    found = approvals.decide(asked(manager.user), supervisor, True)
    assert (found.state, found.checker, EFFECTS) == (State.DONE, supervisor, [1])
    assert Execution.objects.get().approval == found
    with pytest.raises(approvals.Refused, match="closed already"):
        approvals.decide(found, supervisor, True)
    assert approvals.execute(found.pk).state == State.DONE
    assert EFFECTS == [1]


def test_nobody_decides_his_own_request(noted, supervisor):
    mine = asked(supervisor)
    with pytest.raises(approvals.Refused, match="own request"):
        approvals.decide(mine, supervisor, True)
    with pytest.raises(IntegrityError, match="crm_approval_two_people"), transaction.atomic():
        Approval.objects.filter(pk=mine.pk).update(
            state=State.APPROVED, checker=supervisor, decided_at=timezone.now()
        )
    assert (Approval.objects.get().state, EFFECTS) == (State.ASKED, [])


@pytest.mark.parametrize("who", ["manager", "colleague", "outsider", "back_office", "auditor"])
def test_only_the_branch_or_an_administrator_decides(noted, who, request, second_supervisor):
    mine = asked(second_supervisor)
    person = request.getfixturevalue(who)
    with pytest.raises(approvals.Refused, match="not yours"):
        approvals.decide(mine, getattr(person, "user", person), True)


def test_a_refused_effect_leaves_its_reason_and_may_not_be_tried_again(noted, manager, supervisor):
    found = approvals.decide(asked(manager.user, refuse=True), supervisor, True)
    assert (found.state, found.fault, Execution.objects.count()) == (State.FAILED, "no", 0)
    assert approvals.execute(found.pk).state == State.FAILED


def test_sending_back_needs_a_reason(noted, manager, supervisor):
    mine = asked(manager.user)
    with pytest.raises(approvals.Refused, match="Say why"):
        approvals.decide(mine, supervisor, False, " ")
    assert approvals.decide(mine, supervisor, False, "too early").state == State.REJECTED


def test_a_lapsed_request_is_not_decided(noted, manager, supervisor):
    with override_settings(APPROVAL_DAYS=0):
        mine = asked(manager.user)
    assert approvals.decide(mine, supervisor, True).state == State.EXPIRED
    assert EFFECTS == []


def test_the_same_request_twice_is_one(noted, manager):
    assert asked(manager.user) == asked(manager.user)
    assert Approval.objects.count() == 1


def test_ten_deciders_at_once_carry_it_out_once(noted, transactional_cast):
    manager, people = transactional_cast
    mine = asked(manager.user)
    gate, outcomes = threading.Barrier(len(people)), []

    def go(person):
        gate.wait()
        try:
            outcomes.append(approvals.decide(mine, person, True).state)
        except approvals.Refused:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=go, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [State.DONE, *["refused"] * (len(people) - 1)]
    assert (EFFECTS, Execution.objects.count()) == ([1], 1)


@pytest.fixture
def transactional_cast(transactional_db, branch):
    return make_manager("0931", branch=branch), [
        make_user(f"02{n:02d}", role=Role.SUPERVISOR, branch=branch) for n in range(10)
    ]


# --- what the database itself refuses ---
@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("payload = '{}'", "asked_is_fixed"),
        ("digest = repeat('0', 64)", "asked_is_fixed"),
        ("effect = '{}'", "asked_is_fixed"),
        ("reason = 'other'", "asked_is_fixed"),
        ("maker_id = CHECKER", "asked_is_fixed"),
        ("state = 'done', executed_at = now(), checker_id = CHECKER, decided_at = now()", "goes_forward"),
        ("state = 'approved'", "decided_has_checker"),
        ("state = 'approved', checker_id = MAKER, decided_at = now()", "two_people"),
    ],
)
def test_raw_sql_cannot_change_what_was_asked(noted, manager, supervisor, change, rule):
    mine = asked(manager.user)
    change = change.replace("MAKER", str(manager.user.pk)).replace("CHECKER", str(supervisor.pk))
    with pytest.raises(IntegrityError) as error, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE crm_approval SET {change} WHERE id = %s", [mine.pk])
    assert error.value.__cause__.diag.constraint_name == f"crm_approval_{rule}"


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM crm_approval",
        "UPDATE crm_approval SET state = 'asked', checker_id = NULL, decided_at = NULL, executed_at = NULL",
        "UPDATE crm_approval SET answer = 'changed'",
        "DELETE FROM crm_execution",
        "INSERT INTO crm_execution (approval_id, digest, executed_at) "
        "SELECT id, digest, now() FROM crm_approval",
    ],
)
def test_a_decision_stands(noted, manager, supervisor, sql):
    approvals.decide(asked(manager.user), supervisor, True)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_a_request_cannot_be_born_approved(noted, manager, supervisor):
    with pytest.raises(IntegrityError), transaction.atomic():
        Approval.objects.create(
            kind=NOTED.code,
            payload={},
            digest="0" * 64,
            effect={},
            maker=manager.user,
            reason="x",
            state=State.APPROVED,
            checker=supervisor,
            decided_at=timezone.now(),
            expires_at=timezone.now(),
        )


# --- rights ---
def change_rights(client, target, **changes):
    data = {"username": target.username, "name": target.name, "email": "", "role": target.role}
    data |= {"branch": target.branch_id or "", "is_active": "on"} | changes
    return client.post(reverse("admin:managers_user_change", args=[target.pk]), data)


def test_an_administrator_alone_changes_no_rights(as_user, admin_user, second_admin, manager):
    client = as_user(admin_user)
    answer = change_rights(client, manager.user, role=Role.ADMIN, is_staff="on", name="改名")
    assert answer.status_code == 302
    manager.user.refresh_from_db()
    assert (manager.user.role, manager.user.is_staff, manager.user.name) == (Role.MANAGER, False, "改名")
    mine = Approval.objects.get()
    with pytest.raises(approvals.Refused):
        approvals.decide(mine, admin_user, True)
    assert approvals.decide(mine, second_admin, True).state == State.DONE
    manager.user.refresh_from_db()
    assert (manager.user.role, manager.user.is_staff) == (Role.ADMIN, True)


def test_switching_somebody_off_does_not_wait(as_user, admin_user, manager):
    change_rights(as_user(admin_user), manager.user, is_active="")
    manager.user.refresh_from_db()
    assert (manager.user.is_active, Approval.objects.count()) == (False, 0)


def test_a_new_person_begins_switched_off(as_user, admin_user, second_admin, branch):
    data = {"username": "0777", "name": "新人", "role": Role.SUPERVISOR, "branch": branch.pk}
    data |= {"usable_password": "false", "password1": "", "password2": ""}
    as_user(admin_user).post(reverse("admin:managers_user_add"), data)
    person = User.objects.get(username="0777")
    assert not person.is_active
    approvals.decide(Approval.objects.get(), second_admin, True)
    person.refresh_from_db()
    assert person.is_active


def test_nobody_approves_his_own_promotion(admin_user, second_admin, supervisor, branch):
    before = rights_of(second_admin)
    after = before | {"is_superuser": False}
    mine = approvals.ask(RIGHTS.code, admin_user, rights_payload(second_admin, before, after), "why")
    with pytest.raises(approvals.Refused, match="not yours"):
        approvals.decide(mine, second_admin, True)


def test_rights_that_changed_meanwhile_are_not_overwritten(admin_user, second_admin, manager):
    before = rights_of(manager.user)
    after = before | {"role": Role.SUPERVISOR}
    mine = approvals.ask(RIGHTS.code, admin_user, rights_payload(manager.user, before, after), "why")
    User.objects.filter(pk=manager.user.pk).update(is_active=False)
    found = approvals.decide(mine, second_admin, True)
    assert (found.state, "Ask anew" in found.fault) == (State.FAILED, True)
    assert User.objects.get(pk=manager.user.pk).role == Role.MANAGER


# --- assignments and closed periods ---
def backdated(customer, manager, maker, day):
    return ask_backdated_assignment(
        customer, manager=manager, from_date=day, maker=maker, reason="错分", as_of=timezone.localdate()
    )


def test_a_backdated_assignment_takes_a_second_person(
    manager, colleague, customer, supervisor, second_supervisor
):
    day = timezone.localdate() - timedelta(days=30)
    with pytest.raises(AssignmentRefused):
        assign(customer, manager=colleague, from_date=day, as_of=timezone.localdate())
    mine = backdated(customer, colleague, supervisor, day)
    in_charge, giver, taker = mine.effect["en"]["lines"]
    assert in_charge[2] == f"{colleague.user} 100% since {day}"
    assert giver == [f"customers of {manager.user}, of {manager.capacity}", "1", "0"]
    assert taker == [f"customers of {colleague.user}, of {colleague.capacity}", "0", "1"]
    assert approvals.decide(mine, second_supervisor, True).state == State.DONE
    rows = (
        Assignment.objects.filter(customer=customer)
        .order_by("during")
        .values_list("manager", "during__startswith")
    )
    assert list(rows) == [(manager.pk, date(2020, 1, 1)), (colleague.pk, day)]
    assert Customer.objects.get(pk=customer.pk).lead == colleague
    change = Change.objects.filter(source="customers_assignment").latest("pk")
    assert (change.actor, change.reason) == (second_supervisor.username, "错分")


@pytest.fixture
def closed(customer):
    """The quarter 2026Q1, closed after the customer was assigned."""
    period = period_of(date(2026, 2, 1))
    Period.objects.filter(pk=period.pk).update(closed_at=timezone.now())
    return Period.objects.get(pk=period.pk)


def test_a_closed_day_cannot_even_be_asked_for(closed, colleague, customer, supervisor):
    for day, words in ((date(2026, 3, 31), "2026-04-01 or a later day"), (timezone.localdate(), "is past")):
        with pytest.raises(approvals.Refused, match=words):
            backdated(customer, colleague, supervisor, day)
    assert not Approval.objects.exists()


def test_two_people_cannot_move_a_closed_day(customer, colleague, supervisor, second_supervisor):
    mine = backdated(customer, colleague, supervisor, date(2026, 3, 31))
    period = period_of(date(2026, 2, 1))  # closed between asking and deciding
    Period.objects.filter(pk=period.pk).update(closed_at=timezone.now())
    before = list(Assignment.objects.values_list("pk", "manager", "during"))
    found = approvals.decide(mine, second_supervisor, True)
    assert (found.state, "closed quarter" in found.fault) == (State.FAILED, True)
    assert list(Assignment.objects.values_list("pk", "manager", "during")) == before


def test_the_days_after_a_closed_quarter_stay_open(
    closed, colleague, customer, supervisor, second_supervisor
):
    found = approvals.decide(
        backdated(customer, colleague, supervisor, date(2026, 4, 1)), second_supervisor, True
    )
    assert (found.state, found.fault) == (State.DONE, "")


CLOSED_WRITES = [
    "UPDATE customers_assignment SET share = 0.5",
    "UPDATE customers_assignment SET during = daterange('2026-02-01', NULL)",
    "UPDATE customers_assignment SET during = daterange('2020-01-01', '2026-03-31')",
    "DELETE FROM customers_assignment",
    "UPDATE performance_plan SET eva_fen = 1",
    "DELETE FROM performance_plan",
    "INSERT INTO performance_plan (customer_id, period, eva_fen, deposit_fen, deposit_base_fen, fee_fen) "
    "SELECT id, '2026Q1', 1, 1, 1, 1 FROM customers_customer WHERE number = 'C-NEW'",
    "UPDATE performance_period SET closed_at = NULL WHERE code = '2026Q1'",
    "UPDATE performance_period SET during = daterange('2026-01-02', '2026-04-01') WHERE code = '2026Q1'",
    "DELETE FROM performance_period WHERE code = '2026Q1'",
    "UPDATE performance_scheme SET content = '{}'",
    "UPDATE performance_scheme SET during = daterange('2026-01-02', NULL)",
]


@pytest.mark.parametrize("sql", CLOSED_WRITES)
def test_the_database_refuses_writes_to_a_closed_period(customer, branch, sql):
    make_customer("新户", branch=branch, number="C-NEW")
    period = period_of(date(2026, 2, 1))
    Plan.objects.create(customer=customer, period="2026Q1", eva_fen=5)
    Period.objects.filter(pk=period.pk).update(closed_at=timezone.now())
    with pytest.raises(IntegrityError, match="closed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_rules_change_by_two_administrators_and_only_ahead(as_user, admin_user, second_admin):
    Scheme.objects.update(during=(date(1900, 1, 1), date(2099, 1, 1)))
    content = Scheme.objects.get().content
    ahead = Scheme(code="2099", during=_days(date(2099, 1, 1)), content=content)
    mine = approvals.ask(SCHEME.code, admin_user, scheme_payload(ahead), "new rules", scope_path="")
    assert Scheme.objects.count() == 1
    assert approvals.decide(mine, second_admin, True).state == State.DONE
    assert Scheme.objects.count() == 2
    past = Scheme(code="past", during=_days(date(2020, 1, 1), date(2020, 4, 1)), content=content)
    Scheme.objects.filter(code="default").update(during=(date(2020, 4, 1), date(2099, 1, 1)))
    mine = approvals.ask(SCHEME.code, admin_user, scheme_payload(past), "old rules", scope_path="")
    assert approvals.decide(mine, second_admin, True).state == State.FAILED


def _days(first, until=None):
    return DateRange(first, until)


def test_rules_entered_in_the_admin_become_a_request(as_user, admin_user):
    Scheme.objects.update(during=(date(1900, 1, 1), date(2099, 1, 1)))
    content = Scheme.objects.get().content
    data = {"code": "2099", "during_0": "2099-01-01", "during_1": "", "content": json.dumps(content)}
    data |= {"reason": "next year's rules"}
    answer = as_user(admin_user).post(reverse("admin:performance_scheme_add"), data)
    assert (answer.status_code, answer.headers["Location"]) == (302, reverse("approvals:mine"))
    assert (Scheme.objects.count(), Approval.objects.get().kind) == (1, SCHEME.code)


# --- pages ---
def test_the_inbox_shows_before_and_after_and_decides(as_user, customer, colleague, manager, supervisor):
    day = timezone.localdate() - timedelta(days=3)
    mine = backdated(customer, colleague, manager.user, day)
    client = as_user(supervisor)
    page = client.get(reverse("approvals:inbox")).content.decode()
    assert all(words in page for words in ("错分", str(colleague.user), str(manager.user), customer.number))
    answer = client.post(reverse("approvals:decide", args=[mine.public_id]), {"answer": "approve"})
    assert answer.status_code == 303
    mine.refresh_from_db()
    # a page's database role carries nothing out: that is the worker's
    assert (mine.state, mine.checker) in [(State.APPROVED, supervisor), (State.DONE, supervisor)]
    approvals.execute(mine.pk)
    assert Customer.objects.get(pk=customer.pk).lead == colleague


def test_ones_own_request_is_no_part_of_ones_inbox(noted, supervisor, second_supervisor):
    asked(supervisor, 1)
    theirs = asked(second_supervisor, 2)
    assert selectors.inbox(supervisor, timezone.now()) == [theirs]
    assert selectors.rail_counts(supervisor, timezone.now()) == {"approvals:inbox": 1, "approvals:mine": 1}


def test_another_branch_does_not_see_it(noted, as_user, supervisor, outsider, other_branch):
    mine = asked(outsider.user)
    assert selectors.inbox(supervisor, timezone.now()) == []
    answer = as_user(supervisor).post(
        reverse("approvals:decide", args=[mine.public_id]), {"answer": "approve"}
    )
    assert answer.status_code == 404


def test_every_kind_says_its_effect_in_every_language(customer, colleague, supervisor):
    mine = backdated(customer, colleague, supervisor, date(2026, 6, 1))
    assert set(mine.effect) == {"zh-hans", "en"}
    assert all(kind.label for kind in kinds().values())


# --- 5,000 random sequences under `make soak` ---
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["ask", "ask_bad", "approve", "reject", "withdraw", "execute", "force", "tamper", "closed"]
        ),
        st.integers(0, 3),  # who: manager, supervisor, another supervisor, administrator
        st.integers(0, 2),  # which request
    ),
    min_size=2,
    max_size=6,
)


class _Undo(Exception):
    """End of one sequence: everything it did is taken back."""


def run_sequences(count, people, customer, colleague):
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(STEPS)
    def sequence(steps):
        EFFECTS.clear()
        try:
            with transaction.atomic():
                for step, who, which in steps:
                    _step(step, people[who], which, customer, colleague)
                _check(people)
                raise _Undo
        except _Undo:
            pass

    sequence()


def _step(step, person, which, customer, colleague):
    """One try of one person; being refused, by us or by the database, is an answer too."""
    try:
        with transaction.atomic():
            if step in ("ask", "ask_bad"):
                asked(person, which, refuse=step == "ask_bad", scope_path="HQ/T1/S1/")
                return
            if step == "closed":
                day = date(2026, 1, 1) + timedelta(days=which)
                backdated(customer, colleague, person, day)
                return
            found = list(Approval.objects.order_by("pk"))
            if not found:
                return
            one = found[which % len(found)]
            if step == "approve":
                approvals.decide(one, person, True)
            elif step == "reject":
                approvals.decide(one, person, False, "no")
            elif step == "withdraw":
                approvals.withdraw(one, person)
            elif step == "execute":
                approvals.execute(one.pk)
            elif step == "force":
                Approval.objects.filter(pk=one.pk).update(
                    state=State.APPROVED, checker=one.maker, decided_at=timezone.now()
                )
            else:
                Approval.objects.filter(pk=one.pk).update(payload={"n": 99, "refuse": False})
    except (approvals.Refused, IntegrityError):
        return


def _check(people):
    rows = list(Approval.objects.all())
    assert [row for row in rows if row.checker_id == row.maker_id] == []
    done = [row for row in rows if row.state == State.DONE]
    assert Execution.objects.count() == len(done)
    assert len(EFFECTS) == len([row for row in done if row.kind == NOTED.code])
    assert [row for row in rows if approvals.digest_of(row.payload) != row.digest] == []
    assert Assignment.objects.count() == 1


@pytest.mark.parametrize("count", sizes(250, 5_000))
def test_random_sequences(
    count, noted, closed, manager, colleague, customer, supervisor, second_supervisor, admin_user
):
    people = [manager.user, supervisor, second_supervisor, admin_user]
    run_sequences(count, people, customer, colleague)
    share = Assignment.objects.get(customer=customer)
    assert (share.manager, share.share, share.during.lower) == (manager, Decimal(1), date(2020, 1, 1))
