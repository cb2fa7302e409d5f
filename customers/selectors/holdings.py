"""What a customer holds: accounts with their last balance, and the state of loans."""

from dataclasses import dataclass
from datetime import date

from django.db import connection

from customers.choices import AUM_FAMILIES, DEPOSIT_FAMILIES, Family, LoanClass
from customers.models import Account, LoanState

# The last row of each account up to a date. The customer fixes the hash partition; months are walked from
# the newest down and the walk stops at the first row.
LAST_BALANCES = """
SELECT a.id, b.amount_fen, b.rate_e5
FROM unnest(%s::bigint[], %s::bigint[]) AS a (id, customer_id)
CROSS JOIN LATERAL (
    SELECT amount_fen, rate_e5 FROM customers_dailybalance
    WHERE customer_id = a.customer_id AND account_id = a.id AND date <= %s
    ORDER BY date DESC LIMIT 1
) AS b
"""
# The same for one customer, with how his loans stand, in one statement.
LAST_ROWS_OF_ONE = """
SELECT a.id, b.amount_fen, b.rate_e5, l.date, l.loan_class, l.overdue_days, l.overdue_fen
FROM unnest(%(accounts)s::bigint[], %(loans)s::boolean[]) AS a (id, is_loan)
LEFT JOIN LATERAL (
    SELECT amount_fen, rate_e5 FROM customers_dailybalance
    WHERE customer_id = %(customer)s AND account_id = a.id AND date <= %(as_of)s
    ORDER BY date DESC LIMIT 1
) AS b ON true
LEFT JOIN LATERAL (
    SELECT date, loan_class, overdue_days, overdue_fen FROM customers_loanstate
    WHERE a.is_loan AND account_id = a.id AND date <= %(as_of)s
    ORDER BY date DESC LIMIT 1
) AS l ON true
"""
SOON_DAYS = 60
BAD_CLASSES = (LoanClass.SUBSTANDARD, LoanClass.DOUBTFUL, LoanClass.LOSS)


@dataclass(frozen=True)
class Holding:
    """One account with its balance in fen and yearly rate in 1/100,000; None where the ledger has no row."""

    account: Account
    balance_fen: int | None
    rate_e5: int | None
    loan: LoanState | None = None
    is_soon: bool = False  # matures within SOON_DAYS

    @property
    def is_loan(self) -> bool:
        return self.account.product.family == Family.LOAN


@dataclass(frozen=True)
class Holdings:
    """Assets, loans and the rest of one customer on one date, with their sums in fen."""

    assets: list[Holding]
    loans: list[Holding]
    others: list[Holding]

    @property
    def assets_fen(self) -> int:
        return sum(holding.balance_fen or 0 for holding in self.assets)

    @property
    def loans_fen(self) -> int:
        return sum(holding.balance_fen or 0 for holding in self.loans)

    @property
    def time_fen(self) -> int:
        return self._sum(Family.TIME_DEPOSIT)

    @property
    def current_fen(self) -> int:
        return self._sum(Family.CURRENT)

    @property
    def deposits_fen(self) -> int:
        return self._sum(*DEPOSIT_FAMILIES)

    @property
    def families(self) -> int:
        return len({holding.account.product.family for holding in self.assets + self.loans + self.others})

    @property
    def worst_loan(self) -> LoanState | None:
        """The loan state to show beside the sum of loans: overdue days first, then class."""
        states = [holding.loan for holding in self.loans if holding.loan]
        order = list(LoanClass.values)
        return max(states, key=lambda s: (s.overdue_days, order.index(s.loan_class)), default=None)

    def _sum(self, *families):
        return sum(h.balance_fen or 0 for h in self.assets if h.account.product.family in families)


def holdings_of(customer, as_of: date) -> Holdings:
    """Return what `customer` holds on `as_of`: two queries, whatever the number of accounts."""
    accounts = list(
        Account.objects.filter(customer=customer, closed_on=None, opened_on__lte=as_of)
        .select_related("product")
        .order_by("product__family", "matures_on", "id")
    )
    balances, states = _last_rows_of_one(customer.pk, accounts, as_of)
    every = [
        Holding(
            account,
            *balances.get(account.pk, (None, None)),
            loan=states.get(account.pk),
            is_soon=_is_soon(account, as_of),
        )
        for account in accounts
    ]
    return Holdings(
        assets=[h for h in every if h.account.product.family in AUM_FAMILIES],
        loans=[h for h in every if h.is_loan],
        others=[h for h in every if not h.is_loan and h.account.product.family not in AUM_FAMILIES],
    )


def _is_soon(account, as_of):
    return account.matures_on is not None and 0 <= (account.matures_on - as_of).days <= SOON_DAYS


def last_balances(accounts: list[Account], as_of: date) -> dict[int, tuple[int, int]]:
    """(balance in fen, rate in 1/100,000) on `as_of` by account id; no entry where the ledger has no row."""
    with connection.cursor() as cursor:
        ids, owners = [a.pk for a in accounts], [a.customer_id for a in accounts]
        cursor.execute(LAST_BALANCES, [ids, owners, as_of])
        return {pk: (amount, rate) for pk, amount, rate in cursor.fetchall()}


def _last_rows_of_one(customer_id, accounts, as_of):
    """({account: (balance, rate)}, {account: its loan's state})."""
    if not accounts:
        return {}, {}
    loans = [account.product.family == Family.LOAN for account in accounts]
    told = {"accounts": [a.pk for a in accounts], "loans": loans, "customer": customer_id, "as_of": as_of}
    balances, states = {}, {}
    with connection.cursor() as cursor:
        cursor.execute(LAST_ROWS_OF_ONE, told)
        for pk, amount, rate, day, loan_class, days, overdue in cursor.fetchall():
            if amount is not None:
                balances[pk] = (amount, rate)
            if loan_class is not None:
                states[pk] = LoanState(
                    account_id=pk,
                    customer_id=customer_id,
                    date=day,
                    loan_class=loan_class,
                    overdue_days=days,
                    overdue_fen=overdue,
                )
    return balances, states
