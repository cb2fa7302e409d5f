"""F, efficiency: customers contacted in their cycle, speed of deals, tasks done in time."""

import polars as pl

from performance.scoring.cases import Indicator, percent, ratio


def cycle_cases(deals: pl.DataFrame, managers: pl.DataFrame) -> pl.DataFrame:
    """Return own and peers' median days from opening to winning a deal.

    `deals`: manager_id, days (one row a won deal). `managers`: manager_id, peer_group. Result: manager_id,
    numerator (own median), denominator (median over all deals of the peer group), Decimal(38, 10).
    """
    known = deals.join(managers.select("manager_id", "peer_group"), on="manager_id")
    own = known.group_by("manager_id", "peer_group").agg(pl.col("days").median().alias("numerator"))
    peers = known.group_by("peer_group").agg(pl.col("days").median().alias("denominator"))
    medians = own.join(peers, on="peer_group").select("manager_id", "numerator", "denominator")
    return medians.with_columns(pl.col("numerator", "denominator").cast(pl.Decimal(38, 10)))


INDICATORS = (
    Indicator("F1", "efficiency", "Customers contacted in their cycle", "percent", percent),
    Indicator("F2", "efficiency", "First response in time", "percent", percent, has_source=False),
    Indicator("F3", "efficiency", "Length of deals against peers", "ratio", ratio),
    Indicator("F4", "efficiency", "Tasks done in time", "percent", percent),
)
