"""The customer's page: who, worth, holdings, contacts; neighbours in the list; nobody else's names."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.urls import reverse

from crm.partitions import ensure_months
from customers.choices import CustomerKind, Family, LoanClass, RelationshipKind, TaskKind
from customers.models import (
    CustomerGroup,
    GroupMembership,
    LoanState,
    ProfileFact,
    ProfileField,
    Relationship,
)
from customers.selectors.holdings import holdings_of
from tests.customers.conftest import make_standing
from tests.factories import make_account, make_customer, make_interaction, make_product, make_task


def page(customer, query=""):
    return reverse("customers:detail", args=[customer.public_id]) + query


def put_balance(account, amount_fen, day, rate_e5=1550):
    with transaction.atomic():
        ensure_months("customers_dailybalance", day, day)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO customers_dailybalance (customer_id, account_id, amount_fen, aum_delta,"
            " deposit_delta, loan_delta, nii_delta, el_delta, date, load_id, rate_e5, ftp_e5, pd_bp,"
            " lgd_pct, family) VALUES (%s, %s, %s, 0, 0, 0, 0, 0, %s, 1, %s, 1700, 0, 0, %s)",
            [account.customer_id, account.pk, amount_fen, day, rate_e5, account.product.family],
        )


def test_shows_the_customer_with_masks(as_user, manager, customer, published):
    identity = customer.identity
    identity.document, identity.document_number = "resident_id", "999999196806070014"
    identity.mobile = "13000000000"
    identity.save()
    make_standing(customer)
    text = as_user(manager.user).get(page(customer)).content.decode()
    assert "沈知远" in text
    assert "999***********0014" in text
    assert "130****0000" in text
    assert "999999196806070014" not in text
    assert "13000000000" not in text


def test_who_may_see(
    as_user, manager, colleague, outsider, supervisor, back_office, admin_user, auditor, customer
):
    for user in (manager.user, supervisor, back_office, admin_user, auditor):
        assert as_user(user).get(page(customer)).status_code == 200
    for user in (colleague.user, outsider.user):
        assert as_user(user).get(page(customer)).status_code == 404
    assert as_user(manager.user).post(page(customer)).status_code == 405


def test_readers_get_no_button_to_write(as_user, supervisor, customer):
    response = as_user(supervisor).get(page(customer))
    assert response.context["contact_url"] == ""
    assert reverse("customers:log_contact", args=[customer.public_id]) not in response.content.decode()


def test_holdings_take_the_last_row_of_each_account_up_to_the_day(customer, today):
    deposit = make_account(customer, make_product("TD", family=Family.TIME_DEPOSIT), matures_on=today)
    fund = make_account(customer, make_product("F", family=Family.FUND))
    loan = make_account(customer, make_product("L", family=Family.LOAN))
    make_account(customer, make_product("C", family=Family.CARD))
    make_account(customer, make_product("X", family=Family.FUND), closed_on=today)
    put_balance(deposit, 30_000_000, today - timedelta(days=400))
    put_balance(deposit, 31_000_000, today - timedelta(days=90))
    put_balance(deposit, 99_000_000, today + timedelta(days=1))
    put_balance(loan, 10_000_000, today)
    LoanState.objects.create(
        account=loan, customer=customer, date=today, loan_class=LoanClass.PASS, overdue_days=2
    )
    holdings = holdings_of(customer, today)
    assert [(h.account, h.balance_fen, h.is_soon) for h in holdings.assets] == [
        (deposit, 31_000_000, True),
        (fund, None, False),
    ]
    assert (holdings.assets_fen, holdings.loans_fen, holdings.time_fen, holdings.families) == (
        31_000_000,
        10_000_000,
        31_000_000,
        4,
    )
    assert holdings.worst_loan.overdue_days == 2
    assert len(holdings.others) == 1


def test_an_organisation_has_its_page(as_user, branch, manager, published):
    company = make_customer(
        "云岫纸业有限公司", branch=branch, lead=manager, kind=CustomerKind.COMPANY, industry="C"
    )
    make_standing(company, loan_fen=100)
    assert as_user(manager.user).get(page(company)).status_code == 200


def test_before_the_first_night_nothing_unknown_is_zero(as_user, manager, customer):
    facts = as_user(manager.user).get(page(customer)).context["facts"]
    assert (facts[0]["fen"], facts[3]["fen"]) == (None, None)
    assert len(facts) == 7


def test_group_sums_only_whom_one_may_see(as_user, manager, customer, foreign_customer, published):
    group = CustomerGroup.objects.create(code="H1", name="沈家", kind="household")
    for member in (customer, foreign_customer):
        GroupMembership.objects.create(group=group, customer=member)
        make_standing(member, aum_fen=82_000_000)
    assert as_user(manager.user).get(page(customer)).context["facts"][6]["fen"] == 82_000_000


def test_open_promises_are_the_last_step_and_the_promise_tasks(as_user, manager, customer, today):
    make_interaction(customer, manager=manager, next_date=today + timedelta(days=2), next_step="旧的")
    make_interaction(
        customer,
        manager=manager,
        happened_at=make_interaction(customer).happened_at + timedelta(days=1),
        next_date=today + timedelta(days=9),
        next_step="谈到期安排",
    )
    make_task(
        customer, kind=TaskKind.PROMISE, due_on=today, reason={"step": "寄资料", "date": today.isoformat()}
    )
    promises = as_user(manager.user).get(page(customer)).context["promises"]
    assert [promise.step for promise in promises] == ["寄资料", "谈到期安排"]


@pytest.mark.parametrize("sort", ["next", "value", "silence", "-next"])
def test_neighbours_keep_the_list(as_user, branch, manager, published, today, sort):
    people = [
        make_customer(
            f"客户{n}",
            branch=branch,
            lead=manager,
            next_date=today + timedelta(days=n),
            last_contact_on=today - timedelta(days=9 - n),
        )
        for n in range(3)
    ]
    for n, person in enumerate(people):
        make_standing(person, aum_fen=100 - n)
    ordered = people[::-1] if sort == "-next" else people
    query = f"?list=book&sort={sort}" if sort != "next" else "?list=book"
    context = as_user(manager.user).get(page(ordered[1], query)).context
    assert (context["place"], context["total"]) == (2, 3)
    assert context["previous_url"] == page(ordered[0], query)
    assert context["next_url"] == page(ordered[2], query)


def test_a_customer_outside_the_filter_still_opens(as_user, manager, customer, published):
    response = as_user(manager.user).get(page(customer, "?list=book&tier=private"))
    assert response.status_code == 200
    assert "place" not in response.context
    assert response.context["list_url"] == reverse("customers:book") + "?tier=private"


def test_number_of_queries_does_not_grow(
    as_user, branch, manager, customer, published, today, django_assert_num_queries
):
    client = as_user(manager.user)
    product = make_product("TD", family=Family.TIME_DEPOSIT)
    field = 0
    make_standing(customer)
    made = 0
    for size in (1, 3, 7):
        for n in range(made, size):
            other = make_customer(f"客户{n}", branch=branch, lead=manager)
            Relationship.objects.create(subject=customer, object=other, kind=RelationshipKind.SPOUSE)
            put_balance(make_account(customer, product, matures_on=today), 100, today)
            make_interaction(customer, manager=manager, next_date=today)
            make_task(customer, due_on=today)
            field = ProfileField.objects.create(code=f"f{n}", name="字段", name_en="field")
            ProfileFact.objects.create(
                customer=customer, field=field, value="有", source="customer", noted_on=today
            )
        made = size
        client.get(page(customer))
        with django_assert_num_queries(15):
            client.get(page(customer))
