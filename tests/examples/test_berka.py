"""The real bank: what the product holds after its nights equals sums over the raw file, to the cent."""

import csv
import os
import re
import sys
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.bank import worker

ROOT = Path(__file__).resolve().parents[2]
SOURCE = Path(os.environ.get("GUANHU_BERKA") or ROOT.parent / "shared" / "data" / "berka")
LAST = date(1994, 3, 31)

sys.path.insert(0, str(ROOT / "examples" / "berka"))
import raw  # noqa: E402
import real_bank  # noqa: E402
import to_feed  # noqa: E402

needs_the_ledger = pytest.mark.skipif(
    not (SOURCE / "trans.asc").is_file(),
    reason=f"no PKDD'99 ledger in {SOURCE}: set GUANHU_BERKA to its folder",
)


@pytest.fixture(scope="module")
def feed(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("berka") / "feed"
    to_feed.main(SOURCE, folder)
    return folder


def raw_rows(name: str) -> list[dict]:
    """Rows of a raw file, read without the example's code."""
    with (SOURCE / f"{name}.asc").open(newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def raw_day(text: str) -> date:
    return date(1900 + int(text[:2]), int(text[2:4]), int(text[4:6]))


def fed_rows(feed: Path, record: str) -> list[dict]:
    """Rows of a record over all folders, with the folder's date in `folder`."""
    rows = []
    for path in sorted(feed.glob(f"*/{record}.csv")):
        with path.open(newline="") as file:
            rows += [{**row, "folder": date.fromisoformat(path.parent.name)} for row in csv.DictReader(file)]
    return rows


def sums(amounts) -> tuple[Decimal, Decimal]:
    """(credits, debits) of signed amounts, both positive."""
    amounts = list(amounts)
    return sum(a for a in amounts if a > 0), -sum(a for a in amounts if a < 0)


def raw_sums() -> tuple[Decimal, Decimal]:
    rows = raw_rows("trans")
    return sums(Decimal(row["amount"]) * (1 if row["type"] == "PRIJEM" else -1) for row in rows)


@needs_the_ledger
def test_feed_carries_every_posting_to_the_cent(feed):
    rows = fed_rows(feed, "transactions")

    assert len(rows) == len(raw_rows("trans"))
    assert sums(Decimal(row["amount"]) for row in rows) == raw_sums()
    assert len({row["ref"] for row in rows}) == len(rows)


@needs_the_ledger
def test_no_folder_tells_of_its_future(feed):
    columns = {
        "accounts": "opened_on",
        "assignments": "from",
        "balances": "date",
        "customers": "since",
        "facts": "noted_on",
        "loans": "date",
        "relationships": "since",
        "transactions": "booked_on",
    }
    for record, column in columns.items():
        rows = fed_rows(feed, record)
        assert rows, record
        late = [row for row in rows if date.fromisoformat(row[column]) > row["folder"]]
        assert late == [], record


@needs_the_ledger
def test_accounts_and_loans_are_those_known_by_the_last_day(feed):
    accounts = {f"A{row['account_id']}": row for row in raw_rows("account") if raw_day(row["date"]) <= LAST}
    loans = [row for row in raw_rows("loan") if raw_day(row["date"]) <= LAST]

    fed = {row["number"]: row for row in fed_rows(feed, "accounts")}

    assert {number for number in fed if number[0] == "A"} == accounts.keys()
    assert {row["number"]: Decimal(row["principal"]) for row in fed.values() if row["number"][0] == "L"} == {
        f"L{row['loan_id']}": Decimal(row["amount"]) for row in loans
    }
    classes = {row["account"]: row["loan_class"] for row in fed_rows(feed, "loans")}
    assert classes == {f"L{row['loan_id']}": to_feed.CLASS_OF_STATUS[row["status"]] for row in loans}


@needs_the_ledger
def test_balances_follow_from_postings_within_the_banks_rounding(feed):
    moved = defaultdict(Decimal)
    for row in fed_rows(feed, "transactions"):
        moved[row["account"], row["booked_on"]] += Decimal(row["amount"])
    before, off, checked = defaultdict(Decimal), 0, 0
    current = sorted(
        (row["account"], row["date"], Decimal(row["amount"]))
        for row in fed_rows(feed, "balances")
        if row["account"][0] == "A"
    )
    for account, day, balance in current:
        checked += 1
        off += abs(before[account] + moved[account, day] - balance) > Decimal("0.10")
        before[account] = balance

    assert checked == len(moved)
    assert off <= 30  # the file was cut in the middle of the last day


@needs_the_ledger
def test_women_and_men_come_from_the_birth_number(feed):
    births = {f"K{row['client_id']}": row["birth_number"] for row in raw_rows("client")}
    rows = fed_rows(feed, "customers")
    for row in rows:
        year, month, day = (int(births[row["number"]][at : at + 2]) for at in (0, 2, 4))
        assert row["gender"] == ("f" if month > 50 else "m")
        assert row["born_on"] == date(1900 + year, month % 50, day).isoformat()


@needs_the_ledger
def test_the_same_raw_files_give_the_same_feed(feed, tmp_path):
    to_feed.main(SOURCE, tmp_path / "again")

    for path in feed.glob("*/*"):
        assert (tmp_path / "again" / path.relative_to(feed)).read_bytes() == path.read_bytes(), path


@needs_the_ledger
def test_three_nights_in_the_product_equal_sums_over_the_raw_file(feed, tmp_path, transactional_db):
    with worker(tmp_path / "worker.log"):
        real_bank.load_and_run_nights(feed)

    found = real_bank.figures()

    credits, debits = raw_sums()
    known = [row for row in raw_rows("account") if raw_day(row["date"]) <= LAST]
    holders = {
        row["client_id"] for row in raw_rows("disp") if row["account_id"] in {a["account_id"] for a in known}
    }
    assert (found["credits"], found["debits"]) == (int(credits * 100), int(debits * 100))
    assert found["transactions"] == len(raw_rows("trans"))
    assert (found["accounts"], found["customers"]) == (len(known), len(holders))
    assert [night["date"] for night in found["nights"]] == ["1994-01-31", "1994-02-28", "1994-03-31"]
    assert all(re.fullmatch("[0-9a-f]{64}", night["digest"]) for night in found["nights"])
    assert found["nights"][-1]["rows"] == len(holders)
    assert {card["period"] for card in found["scorecards"]} == {"1994Q1"}
    assert all(card["points"]["contribution"] is not None for card in found["scorecards"])


def test_a_folder_without_the_ledger_is_refused_in_one_sentence(tmp_path, capsys):
    assert list(to_feed.lines([str(tmp_path), str(tmp_path / "out")])) == [
        f"{tmp_path} lacks account.asc: give the folder with the eight .asc files of the PKDD'99 bank."
    ]
    assert not (tmp_path / "out").exists()
    with pytest.raises(raw.RawError, match=r"lacks account\.asc"):
        raw.read(tmp_path)


def test_a_used_folder_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("keep")

    assert list(to_feed.lines([str(SOURCE), str(tmp_path)])) == [
        f"{tmp_path} is not an empty folder: name a new one."
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
