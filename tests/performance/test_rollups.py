"""Rollups: against sums written out day by day, and from the night before against from scratch."""

import random
from datetime import date, timedelta

import pytest
from django.db import connection, transaction

from bench import ledger
from crm.partitions import SHARDS, ensure_months
from customers.choices import AUM_FAMILIES, Family
from customers.models import Rebuild
from performance import rollup_sql, tables
from performance.layouts import LEDGER, NOTED
from performance.models import Night
from performance.rollups import read_state, write_rollup
from tests.performance.columns import InTransaction

CUSTOMERS = 40
FIRST = date(2025, 1, 15)
SOME_SHARDS = range(5)  # a transaction can lock only so many tables


@pytest.fixture
def bank(head_office):
    """A ledger of 14 months for 40 customers, up to 2026-03-20."""
    ledger.fill(CUSTOMERS, FIRST, date(2026, 3, 20), branch=head_office)
    return head_office


def roll(as_of, *, previous=None, upto_load=1, shards=range(SHARDS), cut=SHARDS):
    """Compute the rollups of `as_of` in some of `cut` shards; return the night."""
    version = f"{Night.objects.count()}"
    night = Night.objects.create(
        business_date=as_of,
        version=version,
        previous=previous,
        upto_load=upto_load,
        published_run=1,
        shards=cut,
    )
    with transaction.atomic():
        tables.make_night(night)
        for shard in shards:
            write_rollup(InTransaction(), night, shard)
    return night


def rows(night) -> dict:
    """customer id → every figure of the night's rollup but what the record itself said."""
    found = read_state(InTransaction(), tables.of_night(tables.ROLLUP, night)).drop(*NOTED)
    return {row["customer_id"]: row for row in found.to_dicts()}


def query(sql, *values) -> list:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def levels(customer: int, upto: date) -> dict:
    """measure → [level of each day FIRST..upto], from the balances themselves, not their deltas."""
    days = [FIRST + timedelta(n) for n in range((upto - FIRST).days + 1)]
    series = {measure: [0] * len(days) for measure in rollup_sql.LAGS}
    accounts = query(
        "SELECT DISTINCT account_id FROM customers_dailybalance WHERE customer_id = %s", customer
    )
    for (account,) in accounts:
        changes = {
            row[0]: row[1:]
            for row in query(
                "SELECT date, amount_fen, family, rate_e5, ftp_e5, pd_bp, lgd_pct "
                "FROM customers_dailybalance WHERE customer_id = %s AND account_id = %s",
                customer,
                account,
            )
        }
        now = (0, 1, 0, 0, 0, 0)
        for position, day in enumerate(days):
            now = changes.get(day, now)
            for measure, level in measured(*now).items():
                series[measure][position] += level
    return series


def measured(amount, family, rate, ftp, pd, lgd) -> dict:
    is_loan, is_deposit = family == Family.LOAN, family in (Family.CURRENT, Family.TIME_DEPOSIT)
    margin = amount * (rate - ftp) if is_loan else amount * (ftp - rate) if is_deposit else 0
    return {
        "aum": amount if family in AUM_FAMILIES else 0,
        "deposit": amount if is_deposit else 0,
        "loan": amount if is_loan else 0,
        "nii": margin,
        "loan_nii": margin if is_loan else 0,
        "el": amount * pd * lgd if is_loan else 0,
    }


def expected_balances(customer: int, as_of: date) -> dict:
    series = levels(customer, as_of)

    def until(measure, day):
        return sum(series[measure][: max((day - FIRST).days + 1, 0)])

    quarter_end = date(as_of.year, (as_of.month - 1) // 3 * 3 + 1, 1) - timedelta(1)
    found = {}
    for measure, lags in rollup_sql.LAGS.items():
        for lag in lags:
            day = as_of - timedelta(lag)
            position = (day - FIRST).days
            found[f"{measure}{lag or ''}"] = series[measure][position] if position >= 0 else 0
            found[f"{measure}{lag or ''}_c"] = until(measure, day)
        if measure in rollup_sql.QUARTERLY:
            found[f"q_{measure}_c"] = until(measure, quarter_end)
    ends, day = [], as_of.replace(day=1) - timedelta(1)
    while len(ends) < 13:
        ends.insert(0, until("aum", day))
        day = day.replace(day=1) - timedelta(1)
    return found | {f"month_c_{position}": end for position, end in enumerate(ends)}


def expected_transactions(customer: int, as_of: date) -> dict:
    posted = query(
        "SELECT booked_on, kind, channel, family, amount_fen FROM customers_transaction "
        "WHERE customer_id = %s AND booked_on <= %s",
        customer,
        as_of,
    )
    year, before = as_of - timedelta(365), as_of - timedelta(730)
    quarter_end = date(as_of.year, (as_of.month - 1) // 3 * 3 + 1, 1) - timedelta(1)
    own = [row for row in posted if row[1] <= 49]
    counted = {"counter": {8, 1, 2}, "digital": {5, 6}, "other": {3, 4, 7, 9, 10}}
    found = {
        "fee": -sum(row[4] for row in posted if row[1] == 53 and row[0] > year),
        "q_fee": -sum(row[4] for row in posted if row[1] == 53 and row[0] > quarter_end),
        "first_transaction_on": min((row[0] for row in posted), default=None),
        "last_own_on": max((row[0] for row in own), default=None),
        "last_digital_on": max((row[0] for row in own if row[2] in (5, 6)), default=None),
        "last_salary_on": max((row[0] for row in posted if row[1] == 50), default=None),
    }
    for name, channels in counted.items():
        found[f"{name}_n"] = sum(row[2] in channels and row[0] > year for row in own)
        found[f"q_{name}_n"] = sum(row[2] in channels and row[0] > quarter_end for row in own)
    monday = as_of - timedelta(as_of.weekday())
    weeks = {(monday - (row[0] - timedelta(row[0].weekday()))).days // 7 for row in own}
    found["weeks"] = sum(1 << week for week in weeks if week <= 52)
    month = as_of.year * 12 + as_of.month
    for name, source in (("active_months", own), ("salary_months", [row for row in posted if row[1] == 50])):
        back = {month - row[0].year * 12 - row[0].month for row in source}
        found[name] = sum(1 << number for number in back if number < 12)
    sold = [row for row in own if row[4] > 0 and 2 <= row[3] <= 7]
    cells = [0] * 24
    for booked_on, _, channel, family, amount in sold:
        if booked_on > year:
            cells[4 * (family - 2) + {5: 0, 6: 1, 8: 2}.get(channel, 3)] += amount
    found["sales"] = cells
    found["sales_prev"] = sum(row[4] for row in sold if before < row[0] <= year)
    return found


def test_rollup_equals_the_sums_written_out(bank):
    for as_of in (date(2026, 3, 20), date(2025, 12, 31), FIRST, date(2025, 4, 15)):
        computed = rows(roll(as_of))
        assert len(computed) == CUSTOMERS
        for customer in (1, 2, 9, 10, 20, 40):
            expected = expected_balances(customer, as_of) | expected_transactions(customer, as_of)
            expected |= {"customer_id": customer, "first_balance_on": FIRST}
            found = computed[customer]
            assert {name: found[name] for name in ("customer_id", *LEDGER, "sales")} == expected


NIGHTS = [
    date(2026, 3, 20),
    date(2026, 3, 21),
    date(2026, 3, 23),  # over a weekend
    date(2026, 3, 30),
    date(2026, 3, 31),  # end of a quarter
    date(2026, 4, 1),
    date(2026, 4, 2),
    date(2026, 4, 30),
    date(2026, 5, 1),
    date(2026, 5, 31),
    date(2026, 8, 2),  # two months and a quarter later
    date(2026, 8, 3),
    date(2027, 9, 15),  # more than a year later
    date(2027, 9, 16),
]
SKIPPED = (date(2026, 8, 4), date(2027, 8, 20))  # nothing is booked between: it spares a year of tables


def test_rollup_from_the_night_before_equals_from_scratch(bank):
    """Fourteen nights with new, late and corrected rows and new customers, in every column and shard."""
    dice = random.Random(20260630)
    before, touched = None, 0
    for number, as_of in enumerate(NIGHTS):
        load = 1
        if number:
            after = NIGHTS[number - 1] + timedelta(1)
            after = SKIPPED[1] if after == SKIPPED[0] else after
            load = ledger.post(CUSTOMERS, FIRST, after, as_of, branch=bank).pk
            touched += disturb(dice, NIGHTS[number - 1], load)
        night = roll(as_of, previous=before, upto_load=load, shards=SOME_SHARDS)
        assert rows(night) == rows(roll(as_of, shards=SOME_SHARDS))
        before = night
    assert touched > 40


def test_rollup_is_the_same_however_the_night_and_the_one_before_are_cut(bank):
    before, as_of = date(2026, 3, 19), date(2026, 3, 20)
    # two of four shards hold what shards 1, 3, 5 … 15 of sixteen hold, and one of two holds them all
    odd = roll(as_of, shards=range(1, SHARDS, 2))
    assert rows(roll(as_of, shards=(1, 3), cut=4)) == rows(odd)
    earlier = roll(before, shards=(1,), cut=2)
    assert rows(roll(as_of, previous=earlier, shards=(1, 3), cut=4)) == rows(odd)


def disturb(dice, last: date, load: int) -> int:
    """Book late postings and correct or insert old balances; return how many customers that touches."""
    late = dice.sample(range(1, CUSTOMERS + 1), dice.randint(2, 8))
    for customer in late:
        day = last - timedelta(dice.choice([0, 1, 29, 30, 31, 119, 120, 121, 364, 365, 366]))
        if dice.random() < 0.5:
            book(
                customer,
                day,
                dice.choice([4, 5, 50, 53]),
                dice.choice([5, 8, 9]),
                dice.randint(-9999, 9999),
                load,
            )
        else:
            put_balance(customer, 4 * customer + dice.choice([0, 1]), day, dice.randint(0, 10**8), load)
        Rebuild.objects.update_or_create(customer_id=customer, load_id=load, defaults={"since": day})
    return len(late)


def book(customer, day, kind, channel, amount, load):
    ensure_months("customers_transaction", day, day)
    query(
        "INSERT INTO customers_transaction (customer_id, account_id, branch_id, amount_fen, booked_on, "
        "load_id, kind, channel, family) SELECT %s, %s, branch_id, %s, %s, %s, %s, %s, 3 "
        "FROM customers_account WHERE id = %s RETURNING 1",
        customer,
        4 * customer,
        amount,
        day,
        load,
        kind,
        channel,
        4 * customer,
    )


def put_balance(customer, account, day, amount, load):
    """Enter or correct a balance as the loader does, its account's deltas computed anew."""
    ensure_months("customers_dailybalance", day, day)
    query(
        "INSERT INTO customers_dailybalance (customer_id, account_id, family, date, amount_fen, rate_e5, "
        "ftp_e5, pd_bp, lgd_pct, load_id, aum_delta, deposit_delta, loan_delta, nii_delta, el_delta) "
        "SELECT customer_id, account_id, family, %s, %s, rate_e5, ftp_e5, pd_bp, lgd_pct, %s, 0, 0, 0, 0, 0 "
        "FROM customers_dailybalance WHERE customer_id = %s AND account_id = %s LIMIT 1 "
        "ON CONFLICT (customer_id, account_id, date) DO UPDATE SET amount_fen = excluded.amount_fen "
        "RETURNING 1",
        day,
        amount,
        load,
        customer,
        account,
    )
    before = None
    changes = query(
        "SELECT date, amount_fen, family, rate_e5, ftp_e5, pd_bp, lgd_pct FROM customers_dailybalance "
        "WHERE customer_id = %s AND account_id = %s ORDER BY date",
        customer,
        account,
    )
    for day, *state in changes:
        now = measured(*state)
        delta = {name: now[name] - (before[name] if before else 0) for name in now}
        query(
            "UPDATE customers_dailybalance SET aum_delta = %s, deposit_delta = %s, loan_delta = %s, "
            "nii_delta = %s, el_delta = %s WHERE customer_id = %s AND account_id = %s "
            "AND date = %s RETURNING 1",
            *(delta[name] for name in ("aum", "deposit", "loan", "nii", "el")),
            customer,
            account,
            day,
        )
        before = now


def test_rollup_of_new_customers_beside_the_night_before(bank):
    query("DELETE FROM customers_dailybalance WHERE customer_id = 5 RETURNING 1")
    query("DELETE FROM customers_transaction WHERE customer_id = 5 RETURNING 1")
    query("UPDATE customers_customer SET since = '2026-03-21' WHERE id IN (5, 6) RETURNING 1")
    first = roll(date(2026, 3, 20))
    load = ledger.post(CUSTOMERS, FIRST, date(2026, 3, 21), date(2026, 3, 21), branch=bank)
    night = roll(date(2026, 3, 21), previous=first, upto_load=load.pk)

    assert sorted(set(rows(night)) - set(rows(first))) == [5, 6]
    assert rows(night) == rows(roll(date(2026, 3, 21)))
    of_ledger = {rows(night)[5][name] for name in LEDGER}
    assert of_ledger == {0, None}  # no ledger: all zero


def test_customer_shard_is_the_ledger_partition(db):
    wrong = query(
        "SELECT count(*) FROM generate_series(-500, 20000) AS n WHERE NOT satisfies_hash_partition("
        "'customers_transaction'::regclass, 16, customer_shard(n), n::bigint)"
    )

    assert wrong == [(0,)]
