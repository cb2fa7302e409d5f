"""Records brought up from the night before against records read from scratch, over nights and changes."""

import random
from datetime import date, datetime, timedelta

import polars as pl
import pytest
from django.db import connection, transaction
from polars.testing import assert_frame_equal

from bench import ledger
from customers.choices import FactSource, Lifecycle, LoanClass, RiskAppetite
from customers.models import Account, Customer, LoanState, Product, ProfileFact, ProfileField
from marketing.choices import Arm
from marketing.models import Campaign, Invitation
from performance import nights, records
from performance.models import Night
from service.choices import ComplaintBusiness, ComplaintCause, ComplaintSource
from service.models import Complaint
from tests.factories import SHANGHAI, make_interaction
from tests.performance.columns import InTransaction

CUSTOMERS = 60
FIRST, LAST = date(2025, 1, 15), date(2025, 3, 20)
NIGHTS = [
    *(LAST + timedelta(days) for days in (0, 1, 2, 5, 11, 12)),
    *(date(2025, 4, 30), date(2025, 5, 1), date(2025, 5, 31), date(2025, 6, 1), date(2025, 8, 29)),
    *(date(2026, 2, 28), date(2026, 3, 1), date(2027, 3, 20), date(2027, 3, 21)),
]


@pytest.fixture
def bank(head_office):
    ledger.fill(CUSTOMERS, FIRST, LAST, branch=head_office)
    return head_office


def make_night(as_of, previous=None) -> Night:
    return Night.objects.create(
        business_date=as_of,
        version="1",
        previous=previous,
        upto_load=1,
        shards=1,
        records_mark=nights.mark(),
    )


def members() -> pl.DataFrame:
    numbers = sorted(Customer.objects.values_list("pk", flat=True))
    return pl.DataFrame({"customer_id": numbers}, schema={"customer_id": pl.Int64})


def brought_up(night, before=None) -> pl.DataFrame:
    return records.brought_up(InTransaction(), night, 0, members(), before)


def forget_changes() -> None:
    """What stands in the journal now belongs to nights before (a test is one transaction: one number)."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM crm_change")


def disturb(dice, as_of: date, ahead: date) -> None:
    """Change records as people and feeds do, with days before, on and after the night."""

    def some(model):
        return model.objects.order_by("pk")[dice.randrange(model.objects.count())]

    def day():
        return as_of + timedelta(dice.choice([-800, -91, -90, -31, -30, -29, -1, 0, 0, 1, 2, 30, 200]))

    customer = some(Customer)
    act = dice.randrange(8)
    if act == 0:
        noon = datetime(*day().timetuple()[:3], dice.choice([0, 12, 23]), tzinfo=SHANGHAI)
        make_interaction(customer, happened_at=noon)
    elif act == 1:
        received = day()
        Complaint.objects.create(
            number=f"B{Complaint.objects.count()}",
            customer=customer,
            source=ComplaintSource.values[0],
            cause=ComplaintCause.values[0],
            business=ComplaintBusiness.values[0],
            received_on=received,
            due_on=received + timedelta(9),
        )
    elif act == 2:
        noted = day()
        ProfileFact.objects.update_or_create(
            customer=customer,
            field=some(ProfileField),
            noted_on=noted,
            defaults={
                "value": "v",
                "source": FactSource.values[0],
                "expires_on": dice.choice([None, noted + timedelta(dice.choice([0, 3, 400]))]),
                "verified_on": dice.choice([None, day()]),
            },
        )
    elif act == 3:
        account = some(Account)
        Account.objects.filter(pk=account.pk).update(
            closed_on=dice.choice([None, max(day(), account.opened_on)]),
            matures_on=dice.choice([None, max(day(), account.opened_on)]),
            principal_fen=dice.choice([0, 5000]),
        )
    elif act == 4:
        campaign = Campaign.objects.create(
            code=f"X{Campaign.objects.count()}", name="x", starts_on=FIRST, ends_on=date(2030, 1, 1)
        )
        invited = day()
        Invitation.objects.create(
            campaign=campaign,
            customer=customer,
            arm=Arm.TREATMENT,
            channel=dice.randint(1, 5),
            invited_on=invited,
            responded_on=dice.choice([None, invited + timedelta(dice.choice([0, 5, 60]))]),
        )
    elif act == 5:
        customer.risk, customer.marketing_consent = dice.choice(RiskAppetite.values), dice.random() < 0.5
        customer.lifecycle = dice.choice(Lifecycle.values)
        customer.save()
    elif act == 6:
        loans = Account.objects.filter(product__code="LN1").order_by("pk")
        loan = loans[dice.randrange(loans.count())]
        LoanState.objects.update_or_create(
            account=loan,
            customer_id=loan.customer_id,
            date=as_of + timedelta(dice.randint(1, (ahead - as_of).days)),
            defaults={"loan_class": LoanClass.PASS, "overdue_days": dice.randint(0, 99)},
        )
    else:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO customers_account (number_hash, customer_id, product_id, branch_id, opened_on, "
                "principal_fen) SELECT sha256(random()::text::bytea), id, %s, branch_id, %s, 0 "
                "FROM customers_customer WHERE id = %s",
                [some(Product).pk, day(), customer.pk],
            )


def test_records_brought_up_equal_those_read_from_scratch(bank, monkeypatch):
    """Fifteen nights with days, months and years between: every figure, and the day of the next change."""
    monkeypatch.setattr(records, "FEW", 2)
    dice = random.Random(20250320)
    forget_changes()
    night = make_night(NIGHTS[0])
    before, kept = brought_up(night), 0
    for as_of, ahead in zip(NIGHTS[1:], [*NIGHTS[2:], date(2028, 1, 1)], strict=True):
        night = make_night(as_of, previous=night)
        was = before
        before = brought_up(night, was)
        assert_frame_equal(before, brought_up(make_scratch(night)))
        kept += len(before.join(was, on=before.columns, how="semi", nulls_equal=True))
        forget_changes()
        night.records_mark = nights.mark()
        for _ in range(12):
            with transaction.atomic():
                disturb(dice, as_of, ahead)
    assert 0 < kept < (len(NIGHTS) - 1) * CUSTOMERS


def make_scratch(night) -> Night:
    return Night(business_date=night.business_date, version="1", upto_load=1, shards=1)


def test_only_changed_and_due_records_are_read_anew(bank, monkeypatch):
    first = make_night(LAST)
    before = brought_up(first)
    forget_changes()
    make_interaction(Customer.objects.get(pk=7), happened_at=datetime(2025, 3, 21, 9, tzinfo=SHANGHAI))
    due = before.filter(pl.col("changes_on") <= LAST + timedelta(1))["customer_id"].to_list()
    asked = []
    read_anew = records._records

    def told(arrow, night, who):
        asked.append(who)
        return read_anew(arrow, night, who)

    monkeypatch.setattr(records, "_records", told)
    monkeypatch.setattr(records, "FEW", 1)
    after = brought_up(make_night(LAST + timedelta(1), previous=first), before)

    (who,) = asked
    read = {int(number) for number in who.partition("{{")[2].partition("}}")[0].split(",")}
    assert read == {7, *due}
    assert len(read) < CUSTOMERS / 2
    assert after.filter(pl.col("customer_id") == 7)["contacts_30"].item() >= 1


@pytest.mark.parametrize("change", ["rules", "server", "product", "history"])
def test_all_records_are_read_where_it_cannot_be_told_which_changed(bank, change):
    first = make_night(LAST)
    forget_changes()
    if change == "rules":
        first.version = "0"
    elif change == "server":
        first.records_mark = "1" + first.records_mark
    elif change == "product":
        product = Product.objects.first()
        product.margin_fen += 1
        product.save()
    else:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE customers_account DISABLE TRIGGER history_update")
    night = make_night(LAST + timedelta(1), previous=first)
    assert records._changed(InTransaction(), night, 0) is None
