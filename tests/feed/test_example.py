"""The example of every record type loads whole, and does what docs/feed.md says."""

import csv
import re
from datetime import date

from django.core.management import call_command
from django.db import connection

from crm.feed.models import FeedLoad
from crm.feed.registry import record_types
from customers.models import Account, Assignment, Customer, DailyBalance, Handover, Interaction, Transaction
from tests.feed.conftest import EXAMPLE, ROOT, counts

EXPECTED = {
    "managers_branch": 4,
    "managers_user": 5,
    "managers_manager": 3,
    "managers_calendarday": 2,
    "managers_leave": 1,
    "managers_course": 1,
    "managers_batch": 1,
    "managers_attendance": 2,
    "customers_product": 4,
    "customers_profilefield": 3,
    "customers_customer": 3,
    "customers_customeridentity": 3,
    "customers_profilefact": 2,
    "customers_relationship": 2,
    "customers_customergroup": 1,
    "customers_groupmembership": 2,
    "customers_account": 4,
    "customers_dailybalance": 6,
    "customers_transaction": 5,
    "customers_loanstate": 1,
    "customers_assignment": 5,
    "customers_handover": 1,
    "customers_handoveritem": 1,
    "customers_interaction": 3,
    "service_servicerequest": 2,
    "service_complaint": 1,
    "service_survey": 2,
    "service_postloancheck": 2,
    "marketing_segment": 1,
    "marketing_campaign": 1,
    "marketing_invitation": 2,
    "marketing_opportunity": 2,
    "performance_plan": 2,
}


def test_every_record_type_has_an_example_with_all_its_columns():
    headers = {}
    for path in EXAMPLE.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as stream:
            headers[path.stem] = next(csv.reader(stream))
    assert headers == {
        name: [column.name for column in record.columns] for name, record in record_types().items()
    }


def test_docs_list_every_column_as_declared():
    text = (ROOT / "docs" / "feed.md").read_text(encoding="utf-8")
    documented = {}
    for section in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        name = section.split("\n", 1)[0].strip()
        rows = re.findall(r"^\| `(\w+)` \| ([^|]*) \| ([^|]*) \|", section, flags=re.MULTILINE)
        documented[name] = [(column, mark.strip(), kind.strip()) for column, mark, kind in rows]
    declared = {
        name: [(column.name, _mark(record, column), column.kind.words) for column in record.columns]
        for name, record in record_types().items()
    }
    assert documented == declared


def _mark(record, column):
    return ("key" if column.name in record.key else "") or ("yes" if column.required else "")


def test_the_example_loads_whole_and_twice_changes_nothing(bank, load):
    first = load(EXAMPLE.parent)
    assert counts() == EXPECTED
    again = load(EXAMPLE.parent)
    assert counts() == EXPECTED
    assert [(outcome.loaded, outcome.rows) for outcome in first + again] == [(True, 70), (False, 0)]
    feed_load = FeedLoad.objects.get()
    assert (feed_load.state, feed_load.rows, feed_load.progress, feed_load.bad_rows) == ("loaded", 70, 100, 0)
    assert feed_load.files.count() == len(record_types())
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname = 'feed_staging'")
        assert cursor.fetchone() == (0,)


def test_customers_repeat_what_assignments_branches_and_contacts_say(bank, load):
    load(EXAMPLE)
    found = Customer.objects.order_by("number").values_list(
        "number", "initials", "branch_path", "lead__user__username", "co__user__username",
        "last_contact_on", "next_date",
    )  # fmt: skip
    assert list(found) == [
        ("C00000001", "szy", "HQ/T1/S1/", "0931", None, date(2026, 6, 4), date(2026, 7, 10)),
        ("C00000002", "lhy", "HQ/T1/S1/", "0931", None, None, None),
        ("C00000003", "qhjgjxyxgs", "HQ/T1/S1/", "0932", "0931", date(2026, 6, 18), date(2026, 7, 2)),
    ]
    assert Handover.objects.get().state == "effective"
    assert Interaction.objects.get(ref="I0000001").note == "客户同意转存一年期,利率1.20%"


def test_the_ledger_carries_family_branch_and_deltas(bank, load):
    load(EXAMPLE)
    account = Account.objects.get(number_hash="6200000000000013")
    rows = DailyBalance.objects.filter(account=account).order_by("date")
    assert list(rows.values_list("amount_fen", "aum_delta", "deposit_delta", "loan_delta", "nii_delta")) == [
        (26800000, 26800000, 26800000, 0, 26800000 * 1400),
        (6800000, -20000000, -20000000, 0, -20000000 * 1400),
        (8050000, 1250000, 1250000, 0, 1250000 * 1400),
    ]
    loan = DailyBalance.objects.get(account__number_hash="LN0000000001")
    assert (loan.loan_delta, loan.nii_delta, loan.el_delta, loan.aum_delta) == (
        150000000,
        150000000 * 1800,
        150000000 * 120 * 40,
        0,
    )
    fee = Transaction.objects.get(amount_fen=-3500)
    assert (fee.family, fee.branch.code, fee.customer.number) == (1, "S1", "C00000003")


def test_a_later_folder_closes_and_opens_assignments(bank, load, day):
    load(EXAMPLE)
    kept = Assignment.objects.get(customer__number="C00000001").public_id
    rows = "customer,manager,from,to,role,share,reason\n"
    rows += "C00000001,0931,2023-04-01,2026-07-01,lead,1,\nC00000001,0932,2026-07-01,,lead,1,调岗\n"
    load(day(date(2026, 7, 1), {"assignments": rows}))
    history = Assignment.objects.filter(customer__number="C00000001").order_by("during")
    assert [(row.manager.user.username, row.during.lower, row.during.upper) for row in history] == [
        ("0931", date(2023, 4, 1), date(2026, 7, 1)),
        ("0932", date(2026, 7, 1), None),
    ]
    assert history[0].public_id == kept
    assert Customer.objects.get(number="C00000001").lead.user.username == "0932"


def test_an_assignment_made_ahead_takes_effect_on_its_day(bank, load, day):
    load(EXAMPLE)
    rows = "customer,manager,from,to,role,share,reason\n"
    rows += "C00000001,0931,2023-04-01,2026-07-02,lead,1,\nC00000001,0932,2026-07-02,,lead,1,\n"
    load(day(date(2026, 7, 1), {"assignments": rows}))
    assert Customer.objects.get(number="C00000001").lead.user.username == "0931"
    load(day(date(2026, 7, 2), {"calendar": "date,is_working,note\n2026-10-01,0,\n"}))
    assert Customer.objects.get(number="C00000001").lead.user.username == "0932"


def test_a_branch_that_moves_takes_its_subtree_and_customers_along(bank, load, day):
    load(EXAMPLE)
    head = "code,name,kind,class,parent,opened_on,closed_on\n"
    moved = "T2,江东分行,tier1_branch,urban,HQ,,\nT1,青禾分行,tier2_branch,urban,T2,,\n"
    load(day(date(2026, 7, 1), {"branches": head + moved}))
    assert set(Customer.objects.values_list("branch_path", flat=True)) == {"HQ/T2/T1/S1/"}


def test_the_command_says_what_happened(bank, capsys):
    call_command("load_feed", str(EXAMPLE))
    call_command("load_feed", str(EXAMPLE))
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("2026-06-30: 70 rows entered in ")
    assert second == "2026-06-30: already loaded, nothing changed"
