"""Bad rows: each is named by file, row, column and reason; personal values are masked; nothing is entered."""

import csv
import shutil
import tracemalloc
from collections import Counter
from datetime import date

import pytest
from django.core.management import CommandError, call_command

from crm.feed.errors import BadRows
from crm.feed.models import FeedLoad
from tests.feed.conftest import counts, replace

# file, text in it, what it becomes, row, column, value in the report, end of the reason
FAULTS = [
    ("branches", "sub_branch,urban", "shop,urban", 4, "kind", "shop", "outlet"),
    ("branches", "2004-09-10,", "2004-09-10,2003-01-01", 4, "closed_on", "2003-01-01", "before opened_on"),
    ("branches", "urban,T1", "urban,T9", 4, "parent", "T9", "sent in this folder"),
    ("branches", "urban,HQ", "urban,S1", 3, "parent", "S1", "form a ring"),
    ("staff", "retail,intermediate,250", "retail,intermediate,", 4, "capacity", "",
     "compulsory for managers"),
    ("staff", "林见川", "", 4, "name", "", "is compulsory and is empty"),
    ("leaves", "2026-06-13", "2026-06-08", 2, "to", "2026-06-08",
     "not after from (it is the first day back)"),
    ("training", "failed,55.00", "failed,155.00", 3, "score", "155.00", "0 to 100, ≤ 2 decimals"),
    ("training", "KYC,客户尽职调查,12,2026-06-02,2026-06-04,青禾分行培训室,failed",
     "KYC,客户尽职调查,12,2026-06-02,2026-06-05,青禾分行培训室,failed", 3, "course", "KYC",
     "same batch in course, from, to, place"),
    ("products", "4.35,2.55", "4.3512,2.55", 5, "rate", "4.3512", "≤ 3 decimals"),
    ("customers", "2019-03-04", "2019-02-29", 2, "since", "2019-02-29", "written YYYY-MM-DD"),
    ("customers", "2019-03-04", "2019-3-4", 2, "since", "2019-3-4", "written YYYY-MM-DD"),
    ("customers", "沈知远", "沈" * 121, 2, "name", "沈" + "*" * 120,
     "longer than 120 characters"),
    ("customers", "999999198502110010", "999999198502110019", 2, "document_number", "999***********0019",
     "The check digit should be 0, not 9"),
    ("customers", "13800000001", "12800000001", 2, "mobile", "128****0001",
     "this begins with 12"),
    ("customers", "C00000002,person", "C00000001,person", 3, "number", "C00000001", "repeats row 2"),
    ("facts", "2026-06-10,0931,2028-06-10", "2026-06-10,0999,2028-06-10", 2, "verified_by", "0999",
     "sent in this folder"),
    ("relationships", "C00000001,C00000002,spouse", "C00000001,C00000001,spouse", 2, "object", "C00000001",
     "is the subject himself"),
    ("groups", "household,spouse", "household,head", 3, "role", "head", "has a head already, in row 2"),
    ("accounts", "C00000003,CUR", "C00000009,CUR", 4, "customer", "C00000009", "sent in this folder"),
    ("accounts", "1500000.00", "1500000.0", 5, "principal", "1500000.0", "not negative"),
    ("accounts", "1500000.00", "-1.00", 5, "principal", "-1.00", "not negative"),
    ("balances", "2026-06-15,80500.00", "2026-07-01,80500.00", 4, "date", "2026-07-01",
     "late rows need late_since in feed.json"),
    ("balances", "2026-06-15,80500.00", "2026-06-05,80500.00", 4, "date", "2026-06-05", "repeats row 3"),
    ("balances", "1.20,40", "101,40", 7, "pd", "101", "0 to 100, ≤ 2 decimals"),
    ("balances", "1500000.00,4.35", "-1500000.00,4.35", 7, "amount", "-1500000.00", "is a positive amount"),
    ("transactions", "2026-06-05,transfer_out", "2026-05-31,transfer_out", 2, "booked_on", "2026-05-31",
     "late rows need late_since in feed.json"),
    ("transactions", "-200000.00", "-200000", 2, "amount", "-200000", "like 1234.50"),
    ("transactions", "salary,system", "wage,system", 4, "kind", "wage", "other"),
    ("loans", "LN0000000001", "TD0000000001", 2, "account", "…0001", "is no loan"),
    ("assignments", "lead,0.7000", "lead,0.8000", 5, "share", "0.8000",
     "sum to 1.1000 under 1 leads; they must sum to 1 under one"),
    ("assignments", "2023-04-01,,lead,1.0000", "2022-04-01,,lead,1.0000", 2, "manager", "0931",
     "not in post for the whole of [2022-04-01,)"),
    ("handovers", "0940,0932", "0940,0940", 2, "receiver", "0940", "is the giver himself"),
    ("interactions", "2026-06-04T10:15:00+08:00", "2026-06-04 10:15:00", 2, "happened_at",
     "2026-06-04 10:15:00", "with its offset"),
    ("requests", ",2026-06-19T11:20:00+08:00", ",", 2, "closed_at", "", "and for them alone"),
    ("complaints", "0931,self", ",self", 2, "manager", "", "where at_fault is 1"),
    ("surveys", "2026-06-06,5", "2026-06-06,6", 2, "score", "6", "is not 1 to 5, as csat is"),
    ("invitations", "control,", "control,phone", 3, "channel", "phone", "and for it alone"),
    ("opportunities", "proposal,800000.00", "won,800000.00", 2, "closed_on", "", "and for them alone"),
    ("plans", "C00000001,2026Q2", "C00000001,2026Q5", 2, "period", "2026Q5", "a quarter like 2026Q2"),
]  # fmt: skip


ROUNDS = 6  # as many as the most faults of one record


def rounds() -> list[list[tuple]]:
    """The faults in few folders: at most one of a record in each."""
    of_record = Counter()
    made = [[] for _ in range(ROUNDS)]
    for fault in FAULTS:
        first = list(dict.fromkeys(fault[0] for fault in FAULTS)).index(fault[0])
        made[(first + of_record[fault[0]]) % ROUNDS].append(fault)
        of_record[fault[0]] += 1
    return made


def misnamed(load, example, faults) -> list[tuple]:
    """Load the example with these faults; return those that the report does not name as they should be."""
    folder = example.parent.parent / "broken" / example.name
    shutil.copytree(example, folder)
    for name, old, new, *_ in faults:
        if name == "complaints":
            replace(folder, name, ",0\n", ",1\n")
        replace(folder, name, old, new)
    with pytest.raises(BadRows) as caught:
        load(folder)
    shutil.rmtree(folder)
    wrong = []
    for fault in faults:
        name, _, _, row, column, value, reason = fault
        found = [bad for bad in caught.value.report.first if bad.record == name]
        named = [(bad.row, bad.column, bad.value or "") for bad in found[:1]]
        if named != [(row, column, value)] or not found[0].reason.endswith(reason):
            wrong.append(fault)
    return wrong


def test_every_fault_is_named_and_nothing_is_entered(bank, load, example):
    """One whose row another fault of the same folder hides is tried alone."""
    hidden = [fault for faults in rounds() for fault in misnamed(load, example, faults)]
    assert len(hidden) < len(FAULTS) / 2
    assert [fault for fault in hidden if misnamed(load, example, [fault])] == []
    assert counts() == {}


def test_rows_that_are_no_csv_are_named_and_the_rest_is_checked(bank, load, day):
    rows = (
        b"date,is_working,note\n"
        b"2026-06-01,1,\n"
        b"2026-06-02,1\n"
        b'2026-06-03,1,"a"b\n'
        b"2026-06-04,1,\xff\xfe\n"
        b"2026-06-05,1,a\x00b\n"
        b"2026-06-06,7,\n"
        b"2026-06-07,1,x,y\n"
    )
    with pytest.raises(BadRows) as caught:
        load(day(date(2026, 6, 30), {"calendar": rows}))
    faults = sorted((bad.row, bad.column, bad.reason) for bad in caught.value.report.first)
    assert faults == [
        (3, "", "has 2 columns where the header has 3"),
        (4, "", "is not CSV: ',' expected after '\"'"),
        (5, "note", "is not UTF-8"),
        (6, "note", "holds a NUL byte"),
        (7, "is_working", "is neither 1 nor 0"),
        (8, "", "has 4 columns where the header has 3"),
    ]


def test_bom_crlf_quoted_empties_and_any_order_of_columns_are_welcome(bank, load, day):
    rows = '\ufeffnote,date,is_working\r\n"端午,\n放假",2026-06-19,0\r\n"",2026-06-28,1\r\n'
    load(day(date(2026, 6, 30), {"calendar": rows}))
    assert counts() == {"managers_calendarday": 2}


def test_the_report_lists_every_bad_row_and_the_command_the_first_twenty(
    bank, day, tmp_path, capsys, settings
):
    settings.BASE_DIR = tmp_path
    rows = "date,is_working,note\n" + "".join(f"2026-06-31,{n},\n" for n in range(2, 1002))
    folder = day(date(2026, 6, 30), {"calendar": rows})
    with pytest.raises(CommandError, match="2026-06-30 is refused, nothing was entered: 2999 faults"):
        call_command("load_feed", str(folder))
    assert len(capsys.readouterr().err.splitlines()) == 20
    feed_load = FeedLoad.objects.get()
    path = tmp_path / "var" / "feed-reports" / feed_load.report
    with path.open(encoding="utf-8", newline="") as stream:
        assert len(list(csv.DictReader(stream))) == 2999
    assert (feed_load.state, feed_load.bad_rows, feed_load.rows) == ("refused", 2999, 0)
    assert path.name == f"2026-06-30-{feed_load.digest[:8]}.csv"


def test_many_bad_rows_cost_no_memory(bank, load, day):
    rows = "date,is_working,note\n" + "x,x,x\n" * 20_000
    folder = day(date(2026, 6, 30), {"calendar": rows})
    load(day(date(2026, 6, 29), {"calendar": "date,is_working,note\n"}))
    tracemalloc.start()
    try:
        with pytest.raises(BadRows) as caught:
            load(folder)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert caught.value.report.total == 59_999
    assert peak < 24 << 20
