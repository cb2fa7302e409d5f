"""Every invariant of the records is a named constraint of the database: raw writes meet it too."""

from datetime import date

import pytest
from django.db import IntegrityError, connection, models, transaction

from crm.partitions import ensure_months
from customers.models import Account, Assignment, Customer, DailyBalance, Handover, Publication, Relationship
from managers.models import Leave, Manager
from tests.factories import make_account, make_customer, make_manager, make_product

pytestmark = pytest.mark.django_db


class refused:
    """`with refused("name")`: the block breaks the constraint of that name, at the latest when it ends."""

    def __init__(self, constraint):
        self.constraint = constraint

    def __enter__(self):
        self.atomic = transaction.atomic()
        self.atomic.__enter__()

    def __exit__(self, kind, error, trace):
        if error is None:
            try:
                with connection.cursor() as cursor:
                    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            except IntegrityError as late:
                kind, error, trace = type(late), late, late.__traceback__
        self.atomic.__exit__(kind, error, trace)
        assert isinstance(error, IntegrityError), f"{self.constraint} let it pass"
        assert error.__cause__.diag.constraint_name == self.constraint
        return True


def assign(customer, manager, during, *, role="lead", share="1"):
    return Assignment.objects.create(
        customer=customer, manager=manager, role=role, share=share, during=during
    )


def test_a_second_lead_on_the_same_day_is_refused(customer, colleague):
    with refused("customers_assignment_one_lead"):
        assign(customer, colleague, (date(2026, 5, 12), date(2026, 5, 13)))


def test_the_next_lead_may_start_on_the_day_the_last_one_ends(customer, manager, colleague):
    Assignment.objects.filter(customer=customer).update(during=(date(2020, 1, 1), date(2026, 5, 12)))
    assign(customer, colleague, (date(2026, 5, 12), None))
    assert [a.manager for a in customer.assignments.order_by("during")] == [manager, colleague]


@pytest.mark.parametrize("share", ["0.3", "0.31"])
def test_shares_of_a_day_must_sum_to_one(customer, colleague, share):
    with refused("customers_assignment_shares_sum_to_1"):
        assign(customer, colleague, (date(2026, 1, 1), None), role="co", share=share)


def test_a_co_manager_without_a_lead_is_refused(branch, manager):
    with refused("customers_assignment_shares_sum_to_1"):
        assign(make_customer(branch=branch), manager, (date(2026, 1, 1), None), role="co", share="1")


def test_seventy_thirty_is_accepted(branch, manager, colleague):
    customer = make_customer(branch=branch, lead=manager, co=colleague)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert sum(a.share for a in customer.assignments.all()) == 1


@pytest.mark.parametrize("during", [(date(2019, 12, 31), None), (date(2026, 1, 1), date(2027, 1, 1))])
def test_an_assignment_outside_the_time_in_post_is_refused(branch, during):
    manager = make_manager("0950", branch=branch, in_post=(date(2020, 1, 1), date(2026, 7, 1)))
    with refused("customers_assignment_inside_time_in_post"):
        assign(make_customer(branch=branch), manager, during)


def test_a_time_in_post_cannot_end_while_customers_remain(customer, manager):
    with refused("customers_assignment_inside_time_in_post"):
        Manager.objects.filter(pk=manager.pk).update(in_post=(date(2020, 1, 1), date(2026, 7, 1)))


def test_an_empty_assignment_is_refused(branch, manager):
    with refused("customers_assignment_during_not_empty"):
        assign(make_customer(branch=branch), manager, (date(2026, 1, 1), date(2026, 1, 1)))


@pytest.mark.parametrize("share", ["0", "-0.5", "1.0001"])
def test_a_share_outside_zero_to_one_is_refused(branch, manager, share):
    with refused("customers_assignment_share_0_to_1"):
        assign(make_customer(branch=branch), manager, (date(2026, 1, 1), None), share=share)


def test_a_handover_to_oneself_is_refused(manager):
    with refused("customers_handover_two_managers"):
        Handover.objects.create(
            giver=manager, receiver=manager, effective_on=date(2026, 7, 1), reason="balance"
        )


def test_a_handover_cannot_take_effect_unsigned(manager, colleague):
    with refused("customers_handover_effective_is_signed"):
        Handover.objects.create(
            giver=manager,
            receiver=colleague,
            effective_on=date(2026, 7, 1),
            reason="balance",
            state="effective",
        )


def test_overlapping_leave_is_refused(manager):
    Leave.objects.create(manager=manager, during=(date(2026, 7, 6), date(2026, 7, 11)), kind="annual")
    with refused("managers_leave_no_overlap"):
        Leave.objects.create(manager=manager, during=(date(2026, 7, 10), date(2026, 7, 12)), kind="sick")


def test_a_relation_with_oneself_is_refused(customer):
    with refused("customers_relationship_two_customers"):
        Relationship.objects.create(subject=customer, object=customer, kind="spouse")


def test_an_account_cannot_close_before_it_opened(customer):
    with refused("customers_account_closes_after_opening"):
        make_account(customer, make_product(), closed_on=date(2019, 12, 31))


def test_two_publications_cannot_stand_side_by_side(db):
    with refused("customers_publication_one_row"):
        Publication.objects.create(
            only=False, business_date=date(2026, 6, 30), night_id=1, published_at="2026-07-01T02:22:00Z"
        )


@pytest.fixture
def balance(customer):
    """An account with one balance row."""
    account = make_account(customer, make_product())
    with connection.cursor() as cursor:
        ensure_months("customers_dailybalance", date(2026, 6, 1), date(2026, 6, 1))
        cursor.execute(
            "INSERT INTO customers_dailybalance (customer_id, account_id, date, family, amount_fen, rate_e5,"
            " ftp_e5, pd_bp, lgd_pct, aum_delta, deposit_delta, loan_delta, nii_delta, el_delta, load_id)"
            " VALUES (%s, %s, '2026-06-30', 1, 100, 250, 1650, 0, 0, 100, 100, 0, 140000, 0, 1)",
            [customer.pk, account.pk],
        )
    return account


def test_an_account_with_a_ledger_is_never_deleted(balance):
    assert DailyBalance.objects.filter(customer=balance.customer).count() == 1
    with refused("customers_account_protect_ledger"):
        Account.objects.filter(pk=balance.pk)._raw_delete("default")


def test_an_account_keeps_its_customer(balance, foreign_customer):
    with refused("customers_account_keep_customer"):
        Account.objects.filter(pk=balance.pk).update(customer=foreign_customer)


def test_the_same_account_has_one_balance_a_day(balance):
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO customers_dailybalance SELECT * FROM customers_dailybalance")


def test_deleting_a_customer_with_an_account_is_protected(customer):
    make_account(customer, make_product())
    with pytest.raises(models.ProtectedError):
        customer.delete()
    assert Customer.objects.filter(pk=customer.pk).exists()
