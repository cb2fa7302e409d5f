"""The closing of a quarter: frozen, reconciled, signed, published, locked, recomputed, corrected, paid."""

import csv
import io
import json
from datetime import date, datetime
from decimal import Decimal as D

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.utils import translation

from crm.approvals import services as approvals
from crm.approvals.models import State
from managers.choices import Role
from performance import closing, pay, published
from performance.approvals import ask_close
from performance.choices import ClosingState, NightState, PayAccount, Severity
from performance.models import Closing, Deduction, PayEntry, PayStatement, Period, PublishedScore, Scorecard
from performance.periods import period_of
from performance.scorecards import write_scorecards
from tests.factories import SHANGHAI, make_user
from tests.performance.ledger import add_posting, make_night
from tests.performance.test_scorecards import borrower, products, saver  # noqa: F401 (fixtures)

LAST = date(2026, 6, 30)
CLOSING_DAY = datetime(2026, 7, 8, 10, 0, tzinfo=SHANGHAI)


@pytest.fixture(autouse=True)
def in_english():
    with translation.override("en"):
        yield


@pytest.fixture
def admins(db):
    return make_user("8001", role=Role.ADMIN), make_user("8002", role=Role.ADMIN)


@pytest.fixture
def night(borrower, saver, manager, colleague):  # noqa: F811
    found = make_night(LAST)
    write_scorecards(found)
    found.state, found.published_at, found.digest = NightState.PUBLISHED, CLOSING_DAY, "ab" * 32
    found.started_at = found.finished_at = CLOSING_DAY
    found.save()
    return found


@pytest.fixture
def period(night):
    return period_of(LAST)


def frozen(period, admins, **extra) -> Closing:
    return closing.freeze(period, by=admins[0], at=CLOSING_DAY, **extra)


def publish(period, admins, **extra) -> Closing:
    found = frozen(period, admins, **extra)
    closing.reconcile(found)
    closing.publish(Closing.objects.get(pk=found.pk), by=admins[1], at=CLOSING_DAY)
    return Closing.objects.get(pk=found.pk)


def export(code, form) -> str:
    out = io.StringIO()
    call_command("export_scores", period=code, format=form, stdout=out)
    return out.getvalue()


def test_a_quarter_is_published_as_it_was_scored_and_then_stands(period, admins, night):
    done = publish(period, admins)
    assert (done.state, done.signed_by, done.differences) == (ClosingState.PUBLISHED, admins[1], [])
    stored = {row.manager_id: (row.total, row.grade, row.points) for row in PublishedScore.objects.all()}
    cards = {row.manager_id: (row.total, row.grade, row.points) for row in Scorecard.objects.all()}
    assert stored == cards
    assert Period.objects.get(pk=period.pk).closed_at == CLOSING_DAY
    with pytest.raises(IntegrityError, match="closed"), transaction.atomic():
        write_scorecards(night)


def test_published_scores_and_the_ledger_are_only_added_to(period, admins):
    publish(period, admins)
    for table in ("publishedscore", "paystatement", "payentry"):
        for write in (f"DELETE FROM performance_{table}", f"UPDATE performance_{table} SET id = id"):
            refused = pytest.raises(IntegrityError, match="only added to")
            with refused, transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(write)


def test_every_published_score_recomputes_and_a_forged_one_is_named(period, admins, manager):
    publish(period, admins)
    out = io.StringIO()
    call_command("verify_scores", stdout=out)
    assert "2026Q2: 2 scores, 0 of them corrections, 0 differ." in out.getvalue()
    with connection.cursor() as cursor:  # only the database's owner could
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE performance_publishedscore DISABLE TRIGGER USER")
        cursor.execute(
            "UPDATE performance_publishedscore SET total = 99.99 WHERE manager_id = %s", [manager.pk]
        )
        cursor.execute("ALTER TABLE performance_publishedscore ENABLE TRIGGER USER")
    said = io.StringIO()
    with pytest.raises(CommandError, match="1 published scores"):
        call_command("verify_scores", stdout=out, stderr=said)
    assert f"{manager.user.username} version 1: total differ" in said.getvalue()


def test_a_running_quarter_and_one_without_its_last_night_are_refused(night, admins):
    period = period_of(LAST)
    with pytest.raises(closing.CloseRefused, match="after its last day"):
        closing.freeze(period, by=admins[0], at=datetime(2026, 6, 30, 20, 0, tzinfo=SHANGHAI))
    Scorecard.objects.all().delete()
    with pytest.raises(closing.CloseRefused, match="run the night of that day"):
        frozen(period, admins)


def test_nobody_signs_what_he_froze(period, admins):
    found = frozen(period, admins)
    closing.reconcile(found)
    found.refresh_from_db()
    with pytest.raises(closing.CloseRefused, match="Another administrator"):
        closing.publish(found, by=admins[0], at=CLOSING_DAY)
    assert not PublishedScore.objects.exists()


def test_scores_that_changed_after_the_freeze_are_not_published(period, admins, manager, night):
    found = frozen(period, admins)
    closing.reconcile(found)
    Deduction.objects.create(
        manager=manager,
        found_on=date(2026, 5, 5),
        severity=Severity.MINOR,
        finding="缺少面签照片",
        evidence="稽核2026-17",
    )
    write_scorecards(night)
    found.refresh_from_db()
    with pytest.raises(closing.CloseRefused, match="changed after they were frozen"):
        closing.publish(found, by=admins[1], at=CLOSING_DAY)
    assert [row.code for row in closing.reconcile(found)] == ["scorecards"]
    found.refresh_from_db()
    assert "Figures do not agree: scorecards" in closing.refusal(found)
    closing.thaw(found)
    publish(period, admins)
    assert PublishedScore.objects.get(manager=manager).deducted == 1


def test_money_that_nobody_and_no_pool_has_blocks_the_closing(period, admins, borrower, night):  # noqa: F811
    found = frozen(period, admins)
    assert closing.reconcile(found) == []
    add_posting(borrower.accounts.first(), date(2026, 5, 20), -9_900)  # after the night was computed
    [row] = closing.reconcile(found)
    assert (row.code, row.blocks) == ("fee", True)
    found.refresh_from_db()
    with pytest.raises(closing.CloseRefused, match="Figures do not agree: fee"):
        closing.publish(found, by=admins[1], at=CLOSING_DAY)


def test_closing_is_signed_through_an_approval_bound_to_the_freeze(period, admins):
    found = frozen(period, admins)
    with pytest.raises(approvals.Refused, match="Reconcile the quarter first"):
        ask_close(found, maker=admins[0], reason="二季度")
    closing.reconcile(found)
    found.refresh_from_db()
    request = ask_close(found, maker=admins[0], reason="二季度")
    closing.thaw(found)
    assert "taken back" in approvals.decide(request, admins[1], True).fault
    again = frozen(period, admins)
    closing.reconcile(again)
    again.refresh_from_db()
    request = approvals.decide(ask_close(again, maker=admins[0], reason="再次"), admins[1], True)
    assert (request.state, request.fault) == (State.DONE, "")
    assert PublishedScore.objects.count() == 2


def test_a_correction_is_a_new_version_that_moves_nobody_else(period, admins, manager, colleague):
    publish(period, admins)
    first = PublishedScore.objects.get(manager=manager)
    other = PublishedScore.objects.get(manager=colleague)
    case = {"F4": ["3", "4"]}
    second = closing.correct(first, at=CLOSING_DAY, reason="任务登记遗漏", cases=case)
    assert (second.version, second.cases["F4"], second.reason) == (2, ["3", "4"], "任务登记遗漏")
    assert second.results["F4"][0] == "75.0000000000"
    assert closing.newest(first) == second
    assert list(PublishedScore.objects.filter(manager=colleague)) == [other]
    assert published.faults(period) == []
    with pytest.raises(ValueError, match="needs a reason"):
        closing.correct(first, at=CLOSING_DAY, reason=" ")


def test_pay_follows_the_score_and_the_ledger_balances(period, admins, manager):
    publish(period, admins)
    score = PublishedScore.objects.get(manager=manager)
    statement = score.pay
    expected = (D(1_000_000) * D("1.5") * score.k).quantize(D(1))
    assert (statement.amount_fen, sum(statement.parts)) == (expected, expected)
    found = pay.balances(manager)
    assert sum(found.values()) == 0
    assert found[PayAccount.PAYABLE] == statement.now_fen
    assert found[PayAccount.DEFERRED] == sum(statement.instalments)
    due = (
        PayEntry.objects.filter(manager=manager, part__gt=0).order_by("part").values_list("due_on", flat=True)
    )
    assert list(due) == [date(2027, 7, 8), date(2028, 7, 8), date(2029, 7, 8)]


def test_a_pool_is_never_exceeded(period, admins):
    publish(period, admins, pool_fen=1_000_000)
    paid = sum(PayStatement.objects.values_list("amount_fen", flat=True))
    assert 1_000_000 - 2 <= paid <= 1_000_000


def test_the_ledger_through_the_years(period, admins, manager):
    publish(period, admins)
    statement = PublishedScore.objects.get(manager=manager).pay
    rows = pay.pay_out(date(2026, 7, 15))
    assert {row.manager_id: row.amount_fen for row in rows}[manager.pk] == statement.now_fen
    assert pay.pay_out(date(2026, 7, 15)) == []
    assert pay.release(date(2027, 7, 7)) == 0
    assert pay.release(date(2027, 7, 8)) == 2  # one of each manager
    assert pay.release(date(2027, 7, 8)) == 0
    stopped = pay.stop(manager, entered_on=date(2027, 9, 1), reason="一票否决")
    assert stopped == sum(statement.instalments[1:])
    assert pay.resume(manager, entered_on=date(2027, 9, 9), reason="撤销") == stopped
    pay.stop(manager, entered_on=date(2027, 9, 10), reason="一票否决")
    assert pay.forfeit(manager, entered_on=date(2027, 10, 1), reason="决定") == stopped
    with pytest.raises(pay.PayRefused, match="Only what was paid"):
        pay.claw_back(manager, statement.now_fen + 1, entered_on=date(2027, 10, 2), reason="追索")
    pay.claw_back(manager, 100, entered_on=date(2027, 10, 2), reason="追索")
    found = pay.balances(manager)
    assert (found[PayAccount.OWED], found[PayAccount.PAID]) == (100, statement.now_fen - 100)
    assert (found[PayAccount.STOPPED], found[PayAccount.PAYABLE]) == (0, statement.instalments[0])
    assert sum(found.values()) == 0


def test_a_corrected_score_books_the_difference_part_by_part(period, admins, manager):
    publish(period, admins)
    first = PublishedScore.objects.get(manager=manager)
    pay.pay_out(date(2026, 7, 15))
    second = closing.correct(first, at=CLOSING_DAY, reason="一票否决", is_vetoed=True)
    assert (second.grade, second.k, second.pay.amount_fen) == ("E", 0, 0)
    found = pay.balances(manager)
    assert found[PayAccount.DEFERRED] == found[PayAccount.PAYABLE] == 0
    assert found[PayAccount.OWED] == first.pay.now_fen
    third = closing.correct(first, at=CLOSING_DAY, reason="撤销否决", is_vetoed=False)
    assert (third.version, third.pay.amount_fen) == (3, first.pay.amount_fen)
    found = pay.balances(manager)
    assert found[PayAccount.DEFERRED] == sum(first.pay.instalments)
    assert sum(found.values()) == 0
    assert published.faults(period) == []


@pytest.mark.parametrize("closed", [False, True])
def test_export_gives_every_manager_and_indicator(period, admins, manager, closed):
    if closed:
        publish(period, admins)
    rows = json.loads(export("2026Q2", "json"))
    mine = [row for row in rows if row["manager"] == manager.user.username]
    assert len(mine) == 22 and len(rows) == 44
    assert {row["state"] for row in rows} == {"published" if closed else "provisional"}
    assert {row["rules"] for row in rows} == {"default"}
    assert abs(sum(D(row["share_of_total"]) for row in mine) - 1) < D("1e-8")
    before = sum(D(row["share_of_total"]) * D(row["points"]) for row in mine if row["points"])
    assert abs(before - D(mine[0]["score"])) <= D("0.0051")
    table = list(csv.DictReader(io.StringIO(export("2026Q2", "csv"))))
    assert [row["points"] for row in table] == [row["points"] or "" for row in rows]


def test_export_says_what_is_wrong(db):
    with pytest.raises(CommandError, match="is no quarter"):
        export("2026-2", "json")
    with pytest.raises(CommandError, match="no scores of 2031Q1"):
        export("2031Q1", "json")
