"""The ledger of OWASP ASVS 5.0.0: every item of levels 1 and 2 once, and every reference leads somewhere."""

import csv
import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
APPLIES = {"yes", "in part", "operator", "no"}


def ledger() -> list[dict]:
    with (ROOT / "docs" / "asvs.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_item_of_levels_1_and_2_is_there_once():
    rows = ledger()
    items = [row["item"] for row in rows]
    assert len(set(items)) == len(items)
    assert all(re.fullmatch(r"V(1[0-7]|[1-9])\.\d+\.\d+", item) for item in items)
    assert Counter(row["level"] for row in rows) == {"1": 70, "2": 183}
    assert {item.partition(".")[0] for item in items} == {f"V{number}" for number in range(1, 18)}


def test_every_row_says_how():
    for row in ledger():
        assert row["applies"] in APPLIES, row
        assert row["how"], row
        assert row["reference"] or row["applies"] == "no", row


def test_every_reference_exists():
    gone = [row["item"] for row in ledger() if row["reference"] and not (ROOT / row["reference"]).exists()]
    assert gone == []
