"""What the packed values of a night hold (performance/packed.py). New columns go to the end of a layout.

Money in fen. What the columns of a rollup mean: performance/rollups.py; of the seven P: docs/analyses.md.
"""

from customers.choices import SALE_FAMILIES, Lifecycle, Tier
from performance.packed import Layout

TIERS = tuple(Tier.values)  # codes by place: new ones go to the end
LIFECYCLES = tuple(Lifecycle.values)
MONTHS = 13
GROUPS = 4  # channel groups of sales: app, web, counter, other
CELLS = len(SALE_FAMILIES) * GROUPS

LEDGER = {
    **dict.fromkeys(
        (
            *("aum", "aum_c", "aum30", "aum30_c", "aum120", "aum120_c"),
            *("deposit", "deposit_c", "loan", "loan_c", "loan365", "loan365_c"),
            *("nii", "nii_c", "nii365", "nii365_c"),
            *("loan_nii", "loan_nii_c", "loan_nii365", "loan_nii365_c"),
            *("el", "el_c", "el365", "el365_c"),
            *("q_aum_c", "q_deposit_c", "q_loan_c", "q_nii_c", "q_el_c"),
            *(f"month_c_{number}" for number in range(MONTHS)),
            *("fee", "q_fee", "sales_prev", "weeks"),
        ),
        "int8",
    ),
    **dict.fromkeys(
        (
            *("counter_n", "digital_n", "other_n", "q_counter_n", "q_digital_n", "q_other_n"),
            *("active_months", "salary_months"),
        ),
        "int4",
    ),
    **dict.fromkeys(
        (
            *("first_balance_on", "first_transaction_on"),
            *("last_own_on", "last_digital_on", "last_salary_on"),
        ),
        "day",
    ),
}
RECORDS = {
    "filled": "int8",
    "invited": "int8",
    "responded": "int8",
    "maturing_fen": "int8",
    "next_maturity_fen": "int8",
    "next_maturity_on": "day",
    "complaints_90": "int4",
    "contacts_30": "int4",
    "overdue_days": "int4",
    "accounts": "int4",
    "loans": "int4",
    "changes_on": "day",
}
PERSON = {
    "since": "day",
    "risk": "int2",
    "is_person": "flag",
    "consent": "flag",
}
# The record's own class and lifecycle, which the night itself brings up to date: not in its digest.
NOTED = {"noted_tier": TIERS, "noted_lifecycle": LIFECYCLES}
ROLLUP = Layout(NOTED | LEDGER | RECORDS | PERSON)


def _state(p: str) -> dict:
    return {f"{p}_state": "int2", f"{p}_have": "int2", f"{p}_need": "int2", f"{p}_on": "day"}


ANALYSIS = Layout(
    {
        "overdue_days": "int4",
        "next_maturity_fen": "int8",
        "next_maturity_on": "day",
        **_state("profiling"),
        "profiling_tier": TIERS,
        "profiling_lifecycle": LIFECYCLES,
        "profiling_month_fen": "int8",
        "profiling_completeness_pct": "int2",
        "profiling_missing": "int8",  # bits over the fit `fields`
        "profiling_missing_count": "int2",
        **_state("persistency"),
        "persistency_loyalty": "float8",
        "persistency_churn": "float8",
        "persistency_band": "int2",
        "persistency_change_bp": "int4",
        "persistency_maturing_fen": "int8",
        "persistency_driver": "int2",
        "persistency_driver2": "int2",
        **_state("profitability"),
        "profitability_nii_fen": "int8",
        "profitability_fee_fen": "int8",
        "profitability_cost_fen": "int8",
        "profitability_el_fen": "int8",
        "profitability_eva_fen": "int8",
        "profitability_raroc_bp": "int4",
        "profitability_days": "int2",
        "profitability_percentile": "int2",
        **_state("performance"),
        "performance_sales_fen": "int8",
        "performance_hhi": "float8",
        "performance_digital_bp": "int2",
        "performance_family": "int2",
        "performance_channel": "int2",
        "performance_yoy_bp": "int4",
        **_state("prospecting"),
        "prospecting_aum_fen": "int8",
        "prospecting_low_fen": "int8",
        "prospecting_high_fen": "int8",
        "prospecting_slope_fen": "int8",
        "prospecting_clv_fen": "int8",
        "prospecting_gap_fen": "int8",
        **_state("product"),
        "product_product_id": "int8",
        "product_because_id": "int8",
        "product_confidence_bp": "int2",
        "product_lift": "float8",
        "product_value_fen": "int8",
        "product_fallback": "flag",
        **_state("promotion"),
        "promotion_response": "float8",
        "promotion_invited": "int2",
        "promotion_responded": "int2",
        "promotion_channel": "int2",
        "promotion_contacts": "int2",
        "promotion_rest": "flag",
    }
)
