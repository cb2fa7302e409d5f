"""The standing (customers.Standing): what lists show and sort by, from a shard's rollups and analyses."""

from datetime import date, timedelta

from performance import rules, tables
from performance.rollup_sql import MONTHS, month_end, month_number


def standing_sql(night, shard: int) -> str:
    """Return INSERT … SELECT of one shard into the night's standing."""
    rollup = tables.of_shard(tables.ROLLUP, night, shard)
    analysis = tables.of_shard(tables.ANALYSIS, night, shard)
    return f"""
        INSERT INTO {tables.of_night(tables.STANDING, night)} (night_id, customer_id, aum_fen, deposit_fen,
            loan_fen, eva_fen, next_maturity_fen, next_maturity_on, aum_change_bp, churn_bp, overdue_days,
            completeness_pct, loyalty, tier, months)
        SELECT a.night_id, a.customer_id, r.aum, r.deposit, r.loan, a.profitability_eva_fen,
            a.next_maturity_fen, a.next_maturity_on, a.persistency_change_bp,
            round(a.persistency_churn * 10000)::integer, a.overdue_days, a.profiling_completeness_pct,
            round(a.persistency_loyalty::numeric, 4), coalesce(a.profiling_tier, {_tier()}),
            ARRAY[{", ".join(_months(night.business_date))}]
        FROM {analysis} AS a JOIN {rollup} AS r ON r.customer_id = a.customer_id
    """


def _tier() -> str:
    """The class of the present assets, until a full month says otherwise."""
    tiers = sorted(rules.seven_p()["profiling"]["tiers"].items(), key=lambda item: -item[1])
    whens = " ".join(f"WHEN r.aum >= {amount} THEN '{tier}'" for tier, amount in tiers)
    return f"CASE {whens} ELSE 'basic' END"


def _months(as_of: date) -> list[str]:
    """Month-average assets, oldest first, null before the ledger; the running month up to `as_of`."""
    number = month_number(as_of)
    averages = []
    for place in range(MONTHS - 1):
        start = month_end(number - MONTHS + place) + timedelta(1)
        days = (month_end(number - MONTHS + place + 1) - start).days + 1
        integral = f"(r.month_c[{place + 2}] - r.month_c[{place + 1}])"
        averages.append(_average(integral, str(days), f"r.first_balance_on <= '{start}'"))
    start = month_end(number - 1) + timedelta(1)
    days = f"('{as_of}'::date - greatest(r.first_balance_on, '{start}') + 1)"
    integral = f"(r.aum_c - r.month_c[{MONTHS}])"
    return [*averages, _average(integral, days, f"r.first_balance_on <= '{as_of}'")]


def _average(integral: str, days: str, known: str) -> str:
    return f"CASE WHEN {known} THEN floor({integral}::float8 / {days} + 0.5)::bigint END"
