"""G7, kind by kind: vetoes, corrections of scores, rules, erasing a customer."""

from datetime import date
from decimal import Decimal

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone, translation

from crm.approvals import services as approvals
from crm.approvals.models import Approval, State
from crm.audit.models import AuditRecord
from customers.approvals import ask_backdated_assignment
from customers.erasing import ask_erasure
from customers.models import Customer
from performance import closing, published
from performance.approvals import SCHEME, scheme_payload
from performance.decisions import ask_correction, ask_veto
from performance.models import Night, Period, PublishedScore, Scheme, Scorecard, Veto
from performance.periods import period_of
from performance.scorecards import write_scorecards
from performance.words import trimmed
from tests.factories import make_account
from tests.performance.ledger import add_balances
from tests.performance.ledger import make_night as make_real_night
from tests.performance.test_closing import night, period  # noqa: F401 (fixtures)
from tests.performance.test_closing import publish as publish_quarter
from tests.performance.test_scorecards import borrower, products, saver  # noqa: F401 (fixtures)
from tests.performance.world import make_card, make_night, publish

pytestmark = pytest.mark.django_db
EVIDENCE = "柜面录像与客户回访一致:未经本行审批代售外部理财产品。"


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.fixture
def card(manager):
    """A published card of the manager, grade C."""
    of_world = make_night()
    publish(of_world)
    return make_card(manager, of_world)


def english_client(as_user, user):
    client = as_user(user)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    return client


# --- vetoes ---
def veto(card, **more):
    told = {"kind": "unauthorised_sale", "evidence": EVIDENCE, "reference": "审 2026-114"} | more
    return Veto(manager=card.manager, period=card.period, **told)


def test_a_veto_stands_once_somebody_else_confirms_it(card, supervisor, second_supervisor):
    mine = ask_veto(veto(card), maker=supervisor, reason="audit report")
    told = {what: (was, will) for what, was, will in mine.effect["en"]["lines"]}
    assert told["grade of the quarter"] == ("C", "E, from the next night on")
    assert (told["evidence"][1], Veto.objects.count()) == (EVIDENCE, 0)
    with pytest.raises(approvals.Refused, match="own request"):
        approvals.decide(mine, supervisor, True)
    assert approvals.decide(mine, second_supervisor, True).state == State.DONE
    found = Veto.objects.get()
    assert (found.manager, found.kind, found.approval) == (card.manager, "unauthorised_sale", mine)
    with pytest.raises(approvals.Refused, match="stands already"):
        ask_veto(veto(card), maker=supervisor, reason="again")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"evidence": "so I heard"}, "needs evidence"),
        ({"reference": " "}, "needs evidence"),
        ({"kind": "rude"}, "listed breaches"),
    ],
)
def test_a_veto_without_evidence_is_not_even_asked_for(card, supervisor, more, words):
    with pytest.raises(approvals.Refused, match=words):
        ask_veto(veto(card, **more), maker=supervisor, reason="why")
    assert not Approval.objects.exists()


def test_a_veto_never_reaches_a_closed_quarter(card, supervisor, second_supervisor):
    mine = ask_veto(veto(card), maker=supervisor, reason="late")
    Period.objects.filter(pk=card.period_id).update(closed_at=timezone.now())
    found = approvals.decide(mine, second_supervisor, True)
    assert (found.state, "its grades stand" in found.fault) == (State.FAILED, True)
    late = veto(card, approval=mine, decided_at=timezone.now())
    with pytest.raises(IntegrityError, match="closed"), transaction.atomic():
        late.save()


def test_the_next_night_gives_a_vetoed_manager_the_last_grade(
    borrower,  # noqa: F811
    saver,  # noqa: F811
    manager,
    supervisor,
    second_supervisor,
):
    write_scorecards(make_real_night(date(2026, 6, 29)))
    before = Scorecard.objects.get(manager=manager)
    approvals.decide(ask_veto(veto(before), maker=supervisor, reason="r"), second_supervisor, True)
    write_scorecards(make_real_night(date(2026, 6, 30)))
    after = Scorecard.objects.get(manager=manager, night__business_date=date(2026, 6, 30))
    others = Scorecard.objects.exclude(manager=manager).values_list("is_vetoed", flat=True)
    assert (before.is_vetoed, after.is_vetoed, set(others)) == (False, True, {False})
    assert (after.total is not None, after.grade) == (True, "E")


def test_a_veto_is_entered_in_the_admin(as_user, admin_user, card):
    data = {"manager": card.manager.pk, "period": card.period.pk, "kind": "data_leak", "evidence": "short"}
    data |= {"reference": "x", "reason": "audit"}
    address = reverse("admin:performance_veto_add")
    answer = english_client(as_user, admin_user).post(address, data)
    assert (answer.status_code, "needs evidence" in answer.content.decode()) == (200, True)
    answer = english_client(as_user, admin_user).post(address, data | {"evidence": EVIDENCE})
    assert (answer.status_code, answer.headers["Location"]) == (302, reverse("approvals:mine"))
    mine = Approval.objects.get()
    assert (mine.kind, mine.reason, mine.scope_path) == (
        "performance.veto",
        "audit",
        card.manager.branch.path,
    )
    assert not Veto.objects.exists()


# --- corrections of published scores ---
@pytest.fixture
def admins(admin_user, second_admin):
    return admin_user, second_admin


@pytest.fixture
def score(night, period, admins):  # noqa: F811
    """The manager's published score of a closed quarter."""
    publish_quarter(period, admins, pool_fen=10_000_000)
    return PublishedScore.objects.get(manager__user__username="0931")


def test_a_correction_is_a_new_version_and_the_published_one_stays(score, admins):
    code = next(code for code, (value, *_rest) in score.results.items() if value and code.startswith("A"))
    above, below = map(Decimal, score.cases[code])
    mine = ask_correction(score, {code: (above + below, below * 2)}, maker=admins[0], reason="file 7")
    told = {what: (was, will) for what, was, will in mine.effect["en"]["lines"]}
    assert {"score", "pay factor"} <= set(told)
    with pytest.raises(approvals.Refused, match="own request"):
        approvals.decide(mine, admins[0], True)
    found = approvals.decide(mine, admins[1], True)
    assert (found.state, found.fault) == (State.DONE, "")
    last = closing.newest(score)
    assert (last.version, last.reason, told["score"][1].split(" ")[0]) == (
        2,
        "file 7",
        trimmed(last.total, 2),
    )
    before = score.results
    score.refresh_from_db()
    assert (score.version, score.results) == (1, before)
    assert published.faults(score.period) == []


def test_a_correction_is_bound_to_the_version_it_follows(score, admins):
    first = ask_correction(score, deducted=Decimal(2), maker=admins[0], reason="r")
    second = ask_correction(score, deducted=Decimal(3), maker=admins[0], reason="r")
    assert approvals.decide(first, admins[1], True).state == State.DONE
    found = approvals.decide(second, admins[1], True)
    assert (found.state, "meanwhile" in found.fault) == (State.FAILED, True)


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        ({"A4": (5, 0)}, "above 0"),
        ({"A4": ("NaN", 1)}, "above 0"),
        ({"A4": ("x", 1)}, "no number"),
        ({"E4": (5, 10)}, "no indicator"),
        ({"ZZ": (5, 10)}, "no indicator"),
        ({}, "Say what"),
    ],
)
def test_a_correction_of_nothing_is_refused(score, admins, figures, words):
    with pytest.raises(approvals.Refused, match=words):
        ask_correction(score, figures, maker=admins[0], reason="r")


def test_scores_are_corrected_by_administrators_alone(score, supervisor):
    for person in (supervisor, score.manager.user):
        with pytest.raises(approvals.Refused, match="by administrators"):
            ask_correction(score, deducted=Decimal(1), maker=person, reason="r")


def test_a_correction_is_entered_in_the_admin(as_user, score, admins):
    client = english_client(as_user, admins[0])
    address = f"{reverse('admin:performance_publishedscore_add')}?score={score.public_id}"
    assert client.get(address).status_code == 200
    data = {"score": score.public_id, "code": "E1", "numerator": "1500", "denominator": "", "reason": "r"}
    data |= {"is_vetoed": "unknown", "deducted": ""}
    assert client.post(address, data).status_code == 200  # an indicator takes both figures
    answer = client.post(address, data | {"denominator": "2000"})
    assert (answer.status_code, answer.headers["Location"]) == (302, reverse("approvals:mine"))
    told = Approval.objects.get(kind="performance.correction").payload["cases"]["E1"]
    assert [Decimal(value) for value in told] == [150_000, 200_000]
    assert PublishedScore.objects.filter(version=2).count() == 0


# --- rules ---
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"grades": [["A", 10], ["B", 20]]}, "Grades must"),
        ({"dimension_weights": {}}, "dimension weights"),
        ({"indicators": {}}, "sum to 100|must"),
    ],
)
def test_rules_that_cannot_be_used_are_not_even_asked_for(admin_user, change, words):
    Scheme.objects.update(during=(date(1900, 1, 1), date(2099, 1, 1)))
    content = Scheme.objects.get().content | change
    days = Scheme(code="2099", content=content)
    days.during = type(Scheme.objects.get().during)(date(2099, 1, 1), None)
    with pytest.raises(approvals.Refused, match=words):
        approvals.ask(SCHEME.code, admin_user, scheme_payload(days), "r", scope_path="")


def test_rules_that_overlap_are_said_so_at_once(as_user, admin_user):
    data = {"code": "2099", "during_0": "2099-01-01", "during_1": "", "content": "{}", "reason": "r"}
    answer = english_client(as_user, admin_user).post(reverse("admin:performance_scheme_add"), data)
    assert (answer.status_code, Approval.objects.count()) == (200, 0)


# --- erasing ---
@pytest.fixture
def gone(customer):
    Customer.objects.filter(pk=customer.pk).update(since=date(2000, 1, 1), closed_on=date(2010, 1, 31))
    return Customer.objects.get(pk=customer.pk)


def test_erasing_takes_two_administrators(gone, admin_user, second_admin, supervisor):
    mine = ask_erasure(gone, maker=admin_user, reason="ten years over", as_of=date(2026, 7, 1))
    assert gone.name not in str(mine.effect)
    for person in (admin_user, supervisor):
        with pytest.raises(approvals.Refused):
            approvals.decide(mine, person, True)
    assert approvals.decide(mine, second_admin, True).state == State.DONE
    assert Customer.objects.get(pk=gone.pk).name == "—"
    (row,) = AuditRecord.objects.filter(act="erase").values_list("staff_number", "customer_number")
    assert row == (second_admin.username, gone.number)


def test_a_customer_whom_the_law_keeps_is_not_even_asked_for(as_user, customer, gone, admin_user):
    Customer.objects.filter(pk=customer.pk).update(closed_on=None)
    client, address = english_client(as_user, admin_user), reverse("admin:customers_customer_changelist")
    data = {"action": "ask_to_erase", "_selected_action": [customer.pk], "reason": "wish"}
    page = client.post(address, data, follow=True).content.decode()
    assert ("still a customer" in page, Approval.objects.count()) == (True, 0)
    Customer.objects.filter(pk=customer.pk).update(closed_on=date(2010, 1, 31))
    page = client.post(address, data, follow=True).content.decode()
    assert ("waits for a second" in page, Approval.objects.get().reason) == (True, "wish")


# --- what a backdated assignment moves ---
def test_the_effect_says_whose_income_moves(saver, products, manager, colleague, supervisor):  # noqa: F811
    add_balances(make_account(saver, products[0]), (date(2026, 1, 1), 1_000_000_00))
    make_real_night(date(2026, 6, 30))
    Night.objects.update(published_at=timezone.now())
    period_of(date(2026, 6, 30))
    mine = ask_backdated_assignment(
        saver,
        manager=colleague,
        from_date=date(2026, 5, 1),
        maker=supervisor,
        reason="r",
        as_of=date(2026, 7, 1),
    )
    moved = [line for line in mine.effect["en"]["lines"] if line[0].startswith("EVA")]
    (giver, was, nothing), (taker, before, then) = moved
    assert (str(manager.user) in giver, str(colleague.user) in taker) == (True, True)
    assert (was == then, nothing == before, was != nothing) == (True, True, True)
