"""The fast lane and staging are two roads to one verdict and one table."""

from datetime import date

import pytest
from django.db import connection

from crm.feed import lane, loading
from crm.feed.errors import BadRows
from tests.feed.conftest import EXAMPLE

HEAD = "ref,account,booked_on,kind,channel,branch,amount\n"
GOOD = "".join(
    f"T{n},{account},2026-07-01,{kind},{channel},{branch},{amount}\n"
    for n, (account, kind, channel, branch, amount) in enumerate(
        [
            ("6200000000000013", "salary", "system", "", "12500.00"),
            ("6200000000000021", "card_spend", "app", "S2", "-0.01"),
            ("LN0000000001", "repayment", "counter", "S1", "999999999999.99"),
            ('"TD0000000001"', "interest", "web", '""', "0.00"),
        ]
    )
)
BAD = [
    "Z,6200000000000013,2026-07-02,salary,system,,1.00\n",
    "Z,6200000000000013,2026-06-30,salary,system,,1.00\n",
    "Z,6200000000000013,20260701,salary,system,,1.00\n",
    "Z,6200000000000013,,salary,system,,1.00\n",
    "Z,6200000000000013,2026-07-01,wage,system,,1.00\n",
    "Z,6200000000000013,2026-07-01,salary,fax,,1.00\n",
    "Z,6200000000000013,2026-07-01,salary,system,S9,1.00\n",
    "Z,6200000000000099,2026-07-01,salary,system,,1.00\n",
    "Z,6200000000000013,2026-07-01,salary,system,,1.0\n",
    "Z,6200000000000013,2026-07-01,salary,system,,1e1.00\n",
    "Z,6200000000000013,2026-07-01,salary,system,,1000000000000.00\n",
    "T0,6200000000000013,2026-07-01,salary,system,,1.00\n",
    ",6200000000000013,2026-07-01,salary,system,,1.00\n",
    f"{'Z' * 61},6200000000000013,2026-07-01,salary,system,,1.00\n",
    "Z,6200000000000013,2026-07-01,salary,system,,1.00,\n",
    "Z,6200000000000013,2026-07-01,salary,system,\n",
]


@pytest.fixture(params=["lane", "staging"])
def road(request, monkeypatch):
    monkeypatch.setattr(loading, "SMALLEST_DIRECT", 0 if request.param == "lane" else 1 << 40)
    return request.param


def ledger() -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.number, a.last_four, b.code, t.amount_fen, t.booked_on, t.kind, t.channel, t.family "
            "FROM customers_transaction AS t JOIN customers_customer AS c ON c.id = t.customer_id "
            "JOIN customers_account AS a ON a.id = t.account_id "
            "JOIN managers_branch AS b ON b.id = t.branch_id "
            "WHERE t.booked_on > '2026-06-30' ORDER BY t.amount_fen"
        )
        return cursor.fetchall()


def test_both_roads_enter_the_same_rows(bank, load, day, road, monkeypatch):
    load(EXAMPLE)
    ways = []
    enter = lane.enter
    monkeypatch.setattr(lane, "enter", lambda *given: ways.append("lane") or enter(*given))
    load(day(date(2026, 7, 1), {"transactions": HEAD + GOOD}))
    day_ = date(2026, 7, 1)
    assert ledger() == [
        ("C00000003", "0021", "S2", -1, day_, 7, 5, 1),
        ("C00000001", "0001", "S1", 0, day_, 52, 6, 2),
        ("C00000001", "0013", "S1", 1250000, day_, 50, 10, 1),
        ("C00000003", "0001", "S1", 99999999999999, day_, 8, 8, 8),
    ]
    second = HEAD + GOOD.replace("2026-07-01", "2026-07-02")  # the month is no longer new
    load(day(date(2026, 7, 2), {"transactions": second}))
    assert [row[4] for row in ledger()].count(date(2026, 7, 2)) == 4
    assert ways == (["lane", "lane"] if road == "lane" else [])


def test_both_roads_refuse_the_same_rows(bank, load, day, road):
    load(EXAMPLE)
    found = []
    for row in BAD:
        with pytest.raises(BadRows) as caught:
            load(day(date(2026, 7, 1), {"transactions": HEAD + GOOD + row}))
        found.append([bad.row for bad in caught.value.report.first])
    assert found == [[6]] * len(BAD)
    assert ledger() == []


def test_large_files_are_reported_beside_the_faults_of_others(bank, load, day, road):
    load(EXAMPLE)
    files = {"calendar": "date,is_working,note\nx,1,\n", "transactions": HEAD + BAD[4]}
    with pytest.raises(BadRows) as caught:
        load(day(date(2026, 7, 1), files))
    assert [(bad.record, bad.row) for bad in caught.value.report.first] == [
        ("calendar", 2),
        ("transactions", 2),
    ]
