"""Loans and how they came to where they stand: every move between the five classes, and who vouches."""

from dataclasses import dataclass, field
from datetime import date

from django.db.models import F, Q, Window
from django.db.models.functions import Lag

from customers.choices import Family, LoanClass, RelationshipKind
from customers.models import Account, Customer, LoanState, Relationship
from customers.selectors.holdings import last_balances

MOST_MOVES = 200


@dataclass(frozen=True)
class Move:
    """From `date` on a loan stood in `loan_class`, with so many days overdue at that day."""

    date: date
    loan_class: LoanClass
    days: int
    is_worse: bool


@dataclass
class Loan:
    """One loan with its balance (fen), its last state and its moves, oldest first."""

    account: Account
    balance_fen: int | None
    rate_e5: int | None
    state: LoanState | None
    moves: list[Move] = field(default_factory=list)


@dataclass(frozen=True)
class Credit:
    loans: list[Loan]
    guarantors: list[tuple[Customer | None, bool]]  # (who, whether this customer is the one who vouches)


def credit_of(customer, user, as_of: date) -> Credit:
    """Every open loan, worst first, with its moves: at most six queries."""
    accounts = list(
        Account.objects.filter(customer=customer, product__family=Family.LOAN, opened_on__lte=as_of)
        .filter(Q(closed_on=None) | Q(closed_on__gt=as_of))
        .select_related("product")
        .order_by("opened_on", "id")
    )
    loans = {account.pk: Loan(account, None, None, None) for account in accounts}
    if loans:
        for pk, (amount, rate) in last_balances(accounts, as_of).items():
            loans[pk].balance_fen, loans[pk].rate_e5 = amount, rate
        states = LoanState.objects.filter(account__in=accounts, customer=customer, date__lte=as_of)
        for state in states.order_by("account_id", "-date").distinct("account_id"):
            loans[state.account_id].state = state
        _put_moves(loans, states)
    worst = list(LoanClass)
    ordered = sorted(
        loans.values(), key=lambda loan: -worst.index(loan.state.loan_class) if loan.state else 0
    )
    return Credit(ordered, _guarantors(customer, user, as_of))


def _put_moves(loans, states):
    before = Window(Lag("loan_class"), partition_by=F("account_id"), order_by=F("date").asc())
    moved = states.annotate(was=before).filter(Q(was=None) | ~Q(was=F("loan_class")))
    order = list(LoanClass)
    for row in moved.order_by("account_id", "date")[:MOST_MOVES]:
        is_worse = row.was is not None and order.index(row.loan_class) > order.index(row.was)
        move = Move(row.date, LoanClass(row.loan_class), row.overdue_days, is_worse)
        loans[row.account_id].moves.append(move)


def _guarantors(customer, user, as_of):
    rows = list(
        Relationship.objects.filter(Q(subject=customer) | Q(object=customer), kind=RelationshipKind.GUARANTOR)
        .filter(Q(until=None) | Q(until__gt=as_of))
        .order_by("id")
    )
    if not rows:
        return []
    ids = {row.pk: row.object_id if row.subject_id == customer.pk else row.subject_id for row in rows}
    seen = Customer.objects.visible_to(user).defer("name_bigrams").in_bulk(ids.values())
    return [(seen.get(ids[row.pk]), row.subject_id == customer.pk) for row in rows]
