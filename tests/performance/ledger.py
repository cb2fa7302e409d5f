"""A ledger for tests of attribution: balances with true deltas, postings, and a night's rollup over them."""

from datetime import date

from django.db import connection

from crm.partitions import ensure_months
from customers.choices import DEPOSIT_FAMILIES, Channel, Family, TransactionKind
from performance import tables
from performance.models import Night
from performance.rollups import write_rollup
from tests.performance.columns import InTransaction

LOAD = 1


def add_balances(account, *rows, ftp=1_650, rate=250, pd=0, lgd=0):
    """Add (date, fen) rows of one account, oldest first, with the deltas that the loader would compute."""
    family = account.product.family
    before = dict.fromkeys(("aum", "deposit", "loan", "nii", "el"), 0)
    with connection.cursor() as cursor:
        for day, fen in rows:
            ensure_months("customers_dailybalance", day, day)
            lent = family == Family.LOAN
            level = {
                "aum": 0 if lent else fen,
                "deposit": fen if family in DEPOSIT_FAMILIES else 0,
                "loan": fen if lent else 0,
                "nii": fen * ((rate - ftp) if lent else (ftp - rate)),
                "el": fen * pd * lgd if lent else 0,
            }
            cursor.execute(
                "INSERT INTO customers_dailybalance (customer_id, account_id, amount_fen, aum_delta, "
                "deposit_delta, loan_delta, nii_delta, el_delta, date, load_id, rate_e5, ftp_e5, pd_bp, "
                "lgd_pct, family) VALUES (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)",
                [account.customer_id, account.pk, fen]
                + [level[name] - before[name] for name in before]
                + [day, LOAD, rate, ftp, pd, lgd, int(family)],
            )
            before = level


def add_posting(account, day, fen, *, kind=TransactionKind.FEE, channel=Channel.SYSTEM):
    """Add one posting; a fee is money out of the account."""
    ensure_months("customers_transaction", day, day)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO customers_transaction (customer_id, account_id, branch_id, amount_fen, booked_on, "
            "load_id, kind, channel, family) VALUES (%s,%s,%s,%s,%s,%s,%s,%s,%s)",
            [
                *(account.customer_id, account.pk, account.branch_id, fen, day, LOAD),
                *(int(kind), int(channel), int(account.product.family)),
            ],
        )


def make_night(business_date: date, *, previous=None) -> Night:
    """A night with its rollup computed from scratch, as the night's own step does."""
    night = Night.objects.create(
        business_date=business_date, version="test", upto_load=LOAD, previous=previous, shards=1
    )
    tables.make_night(night)
    write_rollup(InTransaction(), night, 0)
    tables.attach_night(night)
    return night


def level_on(rows, day) -> int:
    """The balance on the evening of `day` of (date, fen) rows."""
    known = [fen for since, fen in rows if since <= day]
    return known[-1] if known else 0
