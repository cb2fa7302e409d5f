"""The test customer of domain.md §2 as the seven P get him: one row of integers, no database."""

from datetime import date

import polars as pl

from performance import rules

AS_OF = date(2026, 6, 30)
WAN = 1_000_000  # 1 万 in fen
MONTHS = [None] * 7 + [88 * WAN, 90 * WAN, 92 * WAN, 91 * WAN, 86 * WAN, 82 * WAN]

WORKED = {
    "customer_id": 7,
    "is_person": True,
    "consent": True,
    "risk": 3,
    "since": date(2022, 6, 15),  # tenure 48 months
    "first_balance_on": date(2022, 6, 15),
    "first_transaction_on": date(2022, 6, 20),
    "last_own_on": date(2026, 6, 28),
    "last_digital_on": date(2026, 6, 28),
    "last_salary_on": date(2026, 6, 10),
    "aum": 82 * WAN,
    "loan": 10 * WAN,
    # A30 = 820k over 30 days, A90 = 900k over the 90 before
    "aum_c": 30 * 82 * WAN + 90 * 90 * WAN,
    "aum30_c": 90 * 90 * WAN,
    "aum120_c": 0,
    # 360 days of: deposits 500k at 1.2%, a loan of 100k at 1.8%, PD 1% × LGD 50%
    "nii_c": 360 * (50 * WAN * 1200 + 10 * WAN * 1800),
    "nii365_c": 0,
    "loan_nii_c": 360 * 10 * WAN * 1800,
    "loan_nii365_c": 0,
    "loan_c": 360 * 10 * WAN,
    "loan365_c": 0,
    "el_c": 360 * 10 * WAN * 100 * 50,
    "el365_c": 0,
    "fee": 200_000,
    # costs of 1,900: 600 for the loan, 3 accounts at 36, the rest handled transactions
    "counter_n": 140,
    "digital_n": 240,
    "other_n": 0,
    "accounts": 3,
    "loans": 1,
    "active_months": 0b111111111110,
    "salary_months": 0b111111111111,
    "products": 3,
    "held": [1, 2, 3],
    "maturing_fen": 30 * WAN,
    "complaints_90": 0,
    "required_weight": 100,
    "filled_weight": 92,
    "missing": 0b1001,
    "contacts_30": 1,
    "invited": 6,
    "responded": 2,
    # on the phone wealth 240k and funds 50k, at the counter deposits 160k and insurance 50k
    "sales": [0, 0, 16 * WAN, 0, 24 * WAN, 0, 0, 0, 5 * WAN, 0, 0, 0, 0, 0, 5 * WAN, 0, *[0] * 8],
    "sales_prev": 40 * WAN,
    **{f"month_{position}": amount for position, amount in enumerate(MONTHS)},
}
LISTS = {name: pl.List(pl.Int64) for name in ("held", "sales")}


def frame(*changes: dict) -> pl.DataFrame:
    """One row for each of `changes` applied to the worked customer (none: himself alone)."""
    rows = [WORKED | {"customer_id": 7 + n} | change for n, change in enumerate(changes or ({},))]
    dates = {name: pl.Date for name in WORKED if name == "since" or name.endswith("_on")}
    months = {f"month_{n}": pl.Int64 for n in range(13)}
    return pl.DataFrame(rows, schema_overrides=LISTS | dates | months)


def settings(p: str, **extra) -> dict:
    return rules.seven_p()[p] | extra


def without(values: dict, *names: str) -> dict:
    return {name: value for name, value in values.items() if name not in names}
