"""Late and overriding rows: deltas of the rows after them, and whom the next night computes anew."""

from datetime import date

import pytest

from crm.feed.errors import BadRows
from customers.models import DailyBalance, Rebuild
from tests.feed.conftest import EXAMPLE

HEAD = "account,date,amount,rate,ftp,pd,lgd\n"
ACCOUNT = "6200000000000013"


def deltas() -> list[tuple]:
    rows = DailyBalance.objects.filter(account__number_hash=ACCOUNT).order_by("date")
    return list(rows.values_list("date", "amount_fen", "aum_delta"))


def test_a_row_of_the_next_day_continues_the_account(bank, load, day):
    load(EXAMPLE)
    load(day(date(2026, 7, 1), {"balances": HEAD + f"{ACCOUNT},2026-07-01,80600.00,,,,\n"}))
    assert deltas()[-1] == (date(2026, 7, 1), 8060000, 10000)
    assert Rebuild.objects.count() == 0


def test_a_late_row_is_refused_unless_the_folder_says_so(bank, load, day):
    load(EXAMPLE)
    with pytest.raises(BadRows):
        load(day(date(2026, 7, 1), {"balances": HEAD + f"{ACCOUNT},2026-06-10,70000.00,,,,\n"}))


def test_a_late_and_an_overriding_row_move_the_deltas_after_them(bank, load, day):
    load(EXAMPLE)
    late = f"{ACCOUNT},2026-06-10,70000.00,,,,\n{ACCOUNT},2026-06-05,60000.00,,,,\n"
    load(day(date(2026, 7, 1), {"balances": HEAD + late}, late_since=date(2026, 5, 31)))
    assert deltas() == [
        (date(2026, 6, 1), 26800000, 26800000),
        (date(2026, 6, 5), 6000000, -20800000),
        (date(2026, 6, 10), 7000000, 1000000),
        (date(2026, 6, 15), 8050000, 1050000),
    ]
    assert [(row.customer.number, row.since) for row in Rebuild.objects.all()] == [
        ("C00000001", date(2026, 6, 5))
    ]


def test_a_late_transaction_asks_for_a_rebuild(bank, load, day):
    load(EXAMPLE)
    rows = "ref,account,booked_on,kind,channel,branch,amount\n"
    rows += f"X1,{ACCOUNT},2026-06-11,fee,system,,-1.00\nX2,6200000000000021,2026-07-01,fee,system,,-1.00\n"
    load(day(date(2026, 7, 1), {"transactions": rows}, late_since=date(2026, 6, 1)))
    assert [(row.customer.number, row.since) for row in Rebuild.objects.all()] == [
        ("C00000001", date(2026, 6, 11))
    ]


def test_a_late_state_of_a_loan_asks_for_a_rebuild(bank, load, day):
    load(EXAMPLE)
    head, first = (EXAMPLE / "loans.csv").read_text(encoding="utf-8").splitlines()[:2]
    account, _date, rest = first.split(",", 2)
    rows = f"{head}\n{account},2026-06-11,{rest}\n{account},2026-07-01,{rest}\n"
    load(day(date(2026, 7, 1), {"loans": rows}, late_since=date(2026, 6, 1)))
    assert [row.since for row in Rebuild.objects.all()] == [date(2026, 6, 11)]
