"""Reasons read as sentences in both languages, whatever a task holds."""

from datetime import date

import pytest
from django.utils import translation

from customers import reasons
from customers.choices import TaskKind
from customers.models import Customer, Task

AS_OF = date(2026, 7, 1)
TOLD = {
    TaskKind.PROMISE: {"step": "回复授信额度", "date": "2026-07-01"},
    TaskKind.DEPOSIT_MATURES: {"amount_fen": 200_000_000, "date": "2026-07-02", "rate_e5": 1450},
    TaskKind.LOAN_MATURES: {"amount_fen": 180_000_000, "date": "2026-07-20"},
    TaskKind.OVERDUE: {"days": 2, "overdue_fen": 8_600_000},
    TaskKind.CHURN: {"churn_bp": 4120, "drop_bp": 900},
    TaskKind.SILENT: {"days": 96, "cycle_days": 90},
    TaskKind.ID_EXPIRES: {"document": "resident_id", "date": "2026-07-09"},
    TaskKind.RISK_TEST: {"date": "2026-06-20"},
    TaskKind.CHECK_DUE: {"date": "2026-07-05"},
    TaskKind.BIRTHDAY: {"date": "2026-07-03"},
    TaskKind.CAMPAIGN: {"name": "端午讲座", "ends_on": "2026-07-05"},
    TaskKind.REQUEST: {"number": "R1", "kind": "开户审批", "department": "运营部", "due": "2026-06-30"},
    TaskKind.COMPLAINT: {"number": "T1", "due_on": "2026-07-10"},
    TaskKind.OPPORTUNITY: {"product": "小微快贷", "stage": "方案", "days": 21},
    TaskKind.LOAN_CLASS: {"was": "pass", "now": "special_mention", "date": "2026-06-30"},
    TaskKind.MANUAL: {"text": "致电"},
}


def task(kind, told, due_on=AS_OF):
    return Task(kind=kind, reason=told, due_on=due_on, customer=Customer())


def test_every_kind_has_its_words():
    assert set(reasons.KINDS) == set(reasons.SENTENCES) == set(TOLD) == set(TaskKind.values)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (TaskKind.DEPOSIT_MATURES, "A time deposit of CNY 2.00m at 1.45% <b>matures tomorrow</b>"),
        (TaskKind.OVERDUE, "The loan is <b>2 days overdue</b>, CNY 86,000 to pay"),
        (TaskKind.CHURN, "Assets down 9%, <b>probability of leaving 41%</b>"),
        (TaskKind.SILENT, "<b>No contact for 96 days</b>; the cycle is 90"),
        (TaskKind.ID_EXPIRES, "Resident identity card <b>expires 9 Jul</b>, then transfers are limited"),
        (TaskKind.LOAN_CLASS, "The loan fell from “Pass” to <b>“Special mention” yesterday</b>"),
        (TaskKind.RISK_TEST, "The risk test <b>expired 20 Jun</b>: no purchases above R1"),
    ],
)
def test_sentence(kind, expected):
    with translation.override("en"):
        assert reasons.sentence(task(kind, TOLD[kind]), AS_OF) == expected


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_no_kind_falls_back_when_it_holds_its_values(language):
    with translation.override(language):
        for kind, told in TOLD.items():
            made = task(kind, told)
            assert reasons.sentence(made, AS_OF) != made.get_kind_display() or kind == TaskKind.MANUAL
            assert reasons.hint(made, AS_OF)[1]
            assert reasons.mark(made, AS_OF)[1]
            assert reasons.value_label(made)


def test_a_reason_without_its_values_falls_back_to_the_kind():
    for kind in TaskKind.values:
        for told in ({}, {"date": "soon"}, {"amount_fen": None, "days": None}):
            made = task(kind, told)
            assert str(reasons.sentence(made, AS_OF))
            assert reasons.hint(made, AS_OF)[1]


def test_what_a_reason_holds_is_escaped():
    made = task(TaskKind.MANUAL, {"text": "<script>alert(1)</script>"})
    assert "<script>" not in reasons.sentence(made, AS_OF)


def test_figures_stand_apart_from_chinese():
    with translation.override("zh-hans"):
        made = task(TaskKind.MANUAL, {"text": "身份证12月"})
        assert reasons.sentence(made, AS_OF) == "身份证 12月"


def test_amounts_in_sentences():
    with translation.override("zh-hans"):
        assert [reasons.amount_words(fen) for fen in (200_000_000, 31_000_000, 476_300, None)] == [
            "200 万",
            "31 万",
            "4,763 元",
            "—",
        ]


@pytest.mark.parametrize(
    ("churn_bp", "band"),
    [(None, None), (0, "low"), (1499, "low"), (1500, "medium"), (3499, "medium"), (3500, "high")],
)
def test_risk_band(churn_bp, band):
    assert reasons.risk_band(churn_bp) == band
