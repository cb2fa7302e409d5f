"""The demo bank: believable, consistent with itself, the same for the same seed."""

import hashlib
import json
import os
import re
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from stdnum.cn import ric, uscc

from crm.demo import bank
from crm.demo.window import Window, add_months
from customers import choices as customers
from managers import choices as managers
from marketing import choices as marketing
from service import choices as service

ROOT = Path(__file__).resolve().parents[2]
AS_OF = date(2026, 6, 30)
CUSTOMERS = 2000


@pytest.fixture(scope="module")
def feed(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    bank.make(folder, CUSTOMERS, Window(AS_OF, 15), seed=3)
    return folder


def read(feed: Path, record: str) -> pl.DataFrame:
    """All rows of a record as text, with the folder's date in `folder`."""
    return pl.concat(
        pl.read_csv(path, infer_schema=False).with_columns(folder=pl.lit(path.parent.name))
        for path in sorted(feed.glob(f"*/{record}.csv"))
    )


def latest(feed: Path, record: str, *key: str) -> pl.DataFrame:
    """The last word of the feed on every key."""
    return read(feed, record).unique(key, keep="last", maintain_order=True)


def fen(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.Decimal(18, 2)).mul(100).cast(pl.Int64).alias(column)


def digest(folder: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(folder.glob("*/*")):
        found.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return found.hexdigest()


def test_history_in_one_folder_then_one_a_day(feed):
    names = sorted(path.name for path in feed.iterdir())
    spans = [json.loads((feed / name / "feed.json").read_text())["since"] for name in names]

    assert names == [(AS_OF - timedelta(days=7 - number)).isoformat() for number in range(8)]
    assert spans == [add_months(AS_OF, -15).isoformat(), *names[:-1]]


def test_same_seed_same_bytes_whatever_the_locale_zone_and_hash_seed(tmp_path):
    digests = []
    for number, (zone, locale, hashes) in enumerate((("UTC", "C", "1"), ("America/Lima", "C.UTF-8", "2"))):
        folder = tmp_path / str(number)
        environment = {**os.environ, "TZ": zone, "LC_ALL": locale, "PYTHONHASHSEED": hashes}
        environment["POLARS_MAX_THREADS"] = hashes
        command = [sys.executable, "manage.py", "make_demo_bank", str(folder), "--customers", "300"]
        subprocess.run(
            [*command, "--as-of", "2026-06-30", "--seed", "9", "-v", "0"],
            cwd=ROOT,
            env=environment,
            check=True,
        )
        digests.append(digest(folder))

    assert digests[0] == digests[1]


def test_another_seed_is_another_bank(feed, tmp_path):
    bank.make(tmp_path, CUSTOMERS, Window(AS_OF, 15), seed=4)

    assert digest(tmp_path) != digest(feed)


def test_current_accounts_open_with_a_balance_and_follow_their_postings(feed):
    products = read(feed, "products").filter(pl.col("family") == "current")["code"]
    accounts = latest(feed, "accounts", "number").filter(pl.col("product").is_in(products.implode()))
    balances = read(feed, "balances").with_columns(fen("amount"))
    balances = balances.join(accounts.select(account="number"), on="account", how="semi").sort(
        "account", "date"
    )
    moved = read(feed, "transactions").with_columns(fen("amount"))
    moved = moved.group_by("account", date="booked_on").agg(net=pl.col("amount").sum())
    joined = balances.join(moved, on=["account", "date"], how="left").sort("account", "date")
    since = add_months(AS_OF, -15)
    new = joined.join(accounts.select(account="number", opened="opened_on"), on="account", how="left")
    wrong = new.with_columns(
        before=pl.col("amount").shift(1).over("account"), net=pl.col("net").fill_null(0)
    ).filter(
        pl.when(pl.col("before").is_not_null())
        .then(pl.col("before") + pl.col("net") != pl.col("amount"))
        # an account opened in the feed starts at nothing; an older one with its opening balance
        .when(pl.col("opened").str.to_date() > since + timedelta(days=1))
        .then(pl.col("net") != pl.col("amount"))
        .otherwise(pl.col("net") != 0)
    )

    assert wrong.height == 0
    assert balances["amount"].min() >= 0
    assert balances.height / len(accounts) / 15 < 5  # rows a month
    # every day with postings that change the balance has its row
    days = moved.join(accounts.select(account="number"), on="account", how="semi")
    assert days.join(balances, on=["account", "date"], how="anti").height == 0


def test_nobody_of_the_bank_exists(feed):
    people = latest(feed, "customers", "number")
    identities = people.filter(pl.col("document") == "resident_id")
    for number, born in identities.select("document_number", "born_on").iter_rows():
        assert number.startswith("999999")
        assert ric.calc_check_digit(number) == number[-1]
        assert number[6:14] == born.replace("-", "")
    codes = people.filter(pl.col("document") == "uscc")["document_number"]
    assert all(uscc.is_valid(code) and code[2:8] == "999999" for code in codes)
    assert all(re.fullmatch(r"1[3-9]\d0000\d{4}", mobile) for mobile in people["mobile"])
    assert people["document_number"].n_unique() == people["mobile"].n_unique() == CUSTOMERS
    ages = people.filter(pl.col("kind") == "person").select(
        (pl.lit(AS_OF) - pl.col("born_on").str.to_date()).dt.total_days() / 365.25
    )["literal"]
    assert 18 <= ages.min() < 30 < 60 < ages.max() < 90


CODES = {
    ("branches", "kind"): managers.BranchKind.values,
    ("branches", "class"): managers.BranchClass.values,
    ("staff", "role"): managers.Role.values,
    ("staff", "line"): managers.Line.values,
    ("staff", "grade"): managers.Grade.values,
    ("leaves", "kind"): managers.LeaveKind.values,
    ("training", "result"): managers.AttendanceResult.values,
    ("products", "family"): [member.name.lower() for member in customers.Family],
    ("products", "risk"): customers.ProductRisk.values,
    ("customers", "kind"): customers.CustomerKind.values,
    ("customers", "risk"): customers.RiskAppetite.values,
    ("customers", "aml_level"): customers.AmlLevel.values,
    ("customers", "industry"): customers.Industry.values,
    ("customers", "lifecycle"): customers.Lifecycle.values,
    ("customers", "document"): customers.IdDocument.values,
    ("facts", "source"): customers.FactSource.values,
    ("relationships", "kind"): customers.RelationshipKind.values,
    ("groups", "kind"): customers.GroupKind.values,
    ("transactions", "kind"): [member.name.lower() for member in customers.TransactionKind],
    ("transactions", "channel"): [member.name.lower() for member in customers.Channel],
    ("loans", "loan_class"): customers.LoanClass.values,
    ("assignments", "role"): customers.AssignmentRole.values,
    ("handovers", "reason"): customers.HandoverReason.values,
    ("interactions", "channel"): [member.name.lower() for member in customers.Channel],
    ("interactions", "purpose"): customers.Purpose.values,
    ("interactions", "outcome"): customers.Outcome.values,
    ("requests", "department"): service.Department.values,
    ("requests", "state"): service.RequestState.values,
    ("complaints", "source"): service.ComplaintSource.values,
    ("complaints", "cause"): service.ComplaintCause.values,
    ("complaints", "business"): service.ComplaintBusiness.values,
    ("surveys", "kind"): service.SurveyKind.values,
    ("checks", "result"): service.CheckResult.values,
    ("invitations", "arm"): marketing.Arm.values,
    ("opportunities", "stage"): marketing.Stage.values,
}


@pytest.mark.parametrize(("record", "column"), CODES, ids="{0[0]}.{0[1]}".format)
def test_codes_are_the_banks_vocabulary(feed, record, column):
    assert set(read(feed, record)[column].drop_nulls()) <= set(CODES[record, column])


def test_all_ten_families_are_sold_and_held(feed):
    products = read(feed, "products")
    held = latest(feed, "accounts", "number").join(products, left_on="product", right_on="code")

    assert set(held["family"]) == {member.name.lower() for member in customers.Family}
    assert "0" in set(products["on_sale"])


def test_every_day_is_one_customers_under_one_lead_in_post(feed):
    rows = latest(feed, "assignments", "customer", "manager", "from").with_columns(
        pl.col("share").cast(pl.Decimal(5, 4)), pl.col("from", "to").str.to_date()
    )
    edges = (
        pl.concat([rows.select("customer", edge="from"), rows.select("customer", edge="to")])
        .drop_nulls()
        .unique()
    )
    on_edge = edges.join(rows, on="customer").filter(
        (pl.col("from") <= pl.col("edge")) & (pl.col("to").is_null() | (pl.col("to") > pl.col("edge")))
    )
    days = on_edge.group_by("customer", "edge").agg(
        pl.col("share").sum(),
        leads=(pl.col("role") == "lead").sum(),
        people=pl.col("manager").n_unique(),
        n=pl.len(),
    )
    assert days.filter(
        (pl.col("share") != 1) | (pl.col("leads") != 1) | (pl.col("people") != pl.col("n"))
    ).is_empty()
    staff = read(feed, "staff").with_columns(pl.col("in_post_from", "in_post_to").str.to_date())
    posts = rows.join(staff, left_on="manager", right_on="number")
    assert posts.filter(
        (pl.col("from") < pl.col("in_post_from"))
        | (
            pl.col("in_post_to").is_not_null()
            & (pl.col("to").is_null() | (pl.col("to") > pl.col("in_post_to")))
        )
    ).is_empty()
    assert {"0.3000", "0.7000", "1.0000"} == set(read(feed, "assignments")["share"])


def test_hand_overs_happen_in_mid_quarter_and_leave_a_pool(feed):
    handovers = read(feed, "handovers")
    quarter = date(2026, 4, 1)
    recent = handovers.filter(pl.col("effective_on").str.to_date() > quarter)
    owned = latest(feed, "assignments", "customer", "manager", "from").filter(pl.col("to").is_null())

    assert {"leaver", "balance"} <= set(handovers["reason"])
    assert recent.height > 0
    assert (handovers["giver"] != handovers["receiver"]).all()
    assert 0.005 < 1 - owned["customer"].n_unique() / CUSTOMERS < 0.06


FIRST_SEEN = {
    "accounts": "opened_on",
    "assignments": "from",
    "balances": "date",
    "complaints": "received_on",
    "customers": "since",
    "facts": "noted_on",
    "handovers": "effective_on",
    "interactions": "happened_at",
    "invitations": "invited_on",
    "loans": "date",
    "opportunities": "opened_on",
    "requests": "opened_at",
    "surveys": "sent_on",
    "transactions": "booked_on",
}
LATER = {
    "accounts": ("closed_on",),
    "assignments": ("to",),
    "checks": ("done_on",),
    "complaints": ("closed_on",),
    "invitations": ("responded_on",),
    "opportunities": ("stage_since", "closed_on"),
    "requests": ("first_response_at", "closed_at"),
    "surveys": ("answered_on",),
}


def test_no_folder_tells_of_its_future(feed):
    for record in FIRST_SEEN | LATER:
        rows = read(feed, record)
        for column in (*filter(None, [FIRST_SEEN.get(record)]), *LATER.get(record, ())):
            assert rows.filter(pl.col(column).str.slice(0, 10) > pl.col("folder")).is_empty(), (
                record,
                column,
            )


def test_ledger_rows_lie_in_their_folders_days(feed):
    for record, column in (("transactions", "booked_on"), ("balances", "date"), ("loans", "date")):
        rows = read(feed, record)
        for folder in feed.iterdir():
            since = json.loads((folder / "feed.json").read_text())["since"]
            here = rows.filter(pl.col("folder") == folder.name)
            assert here.filter(
                ~pl.col(column).is_between(pl.lit(since), pl.lit(folder.name), closed="right")
            ).is_empty()


def test_postings_are_as_many_as_in_a_real_bank_and_end_on_every_day(feed):
    rows = read(feed, "transactions")

    assert 95 <= rows.height / CUSTOMERS <= 150
    assert rows["folder"].n_unique() == 8
    assert (
        rows.group_by("folder")
        .agg(pl.col("ref").n_unique(), pl.len())
        .filter(pl.col("ref") != pl.col("len"))
        .is_empty()
    )


def test_salaries_bring_a_thirteenth_month_before_the_spring_festival(feed):
    salaries = read(feed, "transactions").filter(pl.col("kind") == "salary").with_columns(fen("amount"))
    month = (
        salaries.group_by(pl.col("booked_on").str.slice(0, 7)).agg(pl.col("amount").mean()).sort("booked_on")
    )
    amounts = dict(month.iter_rows())

    assert amounts["2026-02"] + amounts["2026-01"] > 2.6 * amounts["2025-10"]


def test_young_customers_use_the_app_and_old_ones_the_counter(feed):
    people = latest(feed, "customers", "number").filter(pl.col("kind") == "person")
    owner = latest(feed, "accounts", "number").select("number", "customer")
    rows = read(feed, "transactions").filter(pl.col("channel").is_in(["app", "counter"]))
    rows = rows.join(owner, left_on="account", right_on="number").join(
        people, left_on="customer", right_on="number"
    )
    share = rows.group_by(old=pl.col("born_on") < "1961").agg((pl.col("channel") == "app").mean())
    by_age = dict(share.iter_rows())

    assert by_age[False] > 0.7 > 0.55 > by_age[True]


def test_control_groups_are_left_alone_and_respond_less(feed):
    rows = latest(feed, "invitations", "campaign", "customer")
    control = rows.filter(pl.col("arm") == "control")
    answered = dict(rows.group_by("arm").agg(pl.col("responded_on").is_not_null().mean()).iter_rows())

    assert control["channel"].is_null().all()
    assert rows.filter(pl.col("arm") == "treatment")["channel"].is_not_null().all()
    assert 0.1 < control.height / rows.height < 0.3
    assert answered["treatment"] > answered["control"]


def test_some_loans_slide_and_some_recover(feed):
    rows = read(feed, "loans").sort("account", "date")
    last = rows.group_by("account").agg(
        pl.col("overdue_days").cast(pl.Int64).last(), worst=pl.col("overdue_days").cast(pl.Int64).max()
    )

    assert last.filter(pl.col("worst") > 0).height > last.filter(pl.col("overdue_days") > 0).height > 0
    assert rows.filter((pl.col("loan_class") == "pass") & (pl.col("overdue_days") != "0")).is_empty()


def test_loans_that_ended_are_paid_and_others_are_not(feed):
    loans = latest(feed, "accounts", "number").filter(pl.col("product").str.starts_with("LN"))
    left = read(feed, "balances").with_columns(fen("amount")).sort("account", "date")
    left = left.group_by(number="account").agg(pl.col("amount").last())
    both = loans.join(left, on="number", how="inner")

    assert both.filter(pl.col("closed_on").is_not_null() != (pl.col("amount") == 0)).is_empty()
    assert both.filter(pl.col("closed_on").is_not_null()).height > 5


def test_contacts_of_managers_name_the_next_step_or_why_none(feed):
    rows = read(feed, "interactions").filter(pl.col("manager").is_not_null())

    assert rows.filter(pl.col("next_date").is_null() & pl.col("no_next_reason").is_null()).is_empty()
    assert rows["note"].is_not_null().all()
    assert not any("{" in note for note in rows["note"])
    assert rows["ref"].n_unique() == rows.height


def test_a_bank_of_fifty_and_one_month_is_whole(tmp_path):
    rows = bank.make(tmp_path, 50, Window(date(2024, 2, 29), 1), seed=1)

    assert rows["customers"] == 50
    assert all(
        (folder / "transactions.csv").exists() or any(folder.glob("*.csv")) for folder in tmp_path.iterdir()
    )


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"customers": 49}, "A bank of 49 customers is too small"),
        ({"months": 0}, "0 months hold no history"),
        ({"as_of": "30.6.2026"}, "--as-of is '30.6.2026': write a date such as 2026-06-30"),
        ({"as_of": "1850-01-01"}, "choose a date from 2000 to 2099"),
        ({"seed": -1}, "The seed -1 is negative"),
    ],
)
def test_bad_options_are_refused_in_one_sentence(tmp_path, options, sentence):
    with pytest.raises(CommandError, match=re.escape(sentence)):
        call_command("make_demo_bank", str(tmp_path / "out"), **options)
    assert not (tmp_path / "out").exists()


def test_only_a_demo_bank_is_overwritten(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("keep")
    with pytest.raises(CommandError, match="is not empty and no demo bank"):
        call_command("make_demo_bank", str(out), customers=50, verbosity=0)
    assert (out / "mine.txt").read_text() == "keep"
    (out / "mine.txt").unlink()

    call_command("make_demo_bank", str(out), customers=50, as_of="2026-06-30", verbosity=0)
    call_command("make_demo_bank", str(out), customers=50, as_of="2026-07-31", verbosity=0)

    assert min(path.name for path in out.iterdir()) == "2026-07-24"
