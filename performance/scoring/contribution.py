"""E, contribution: value created, deposits and fees against the plan that moves with the customer."""

from collections.abc import Mapping
from decimal import Decimal

from performance.scoring.arithmetic import points
from performance.scoring.cases import Case, Indicator, ratio
from performance.scoring.scheme import Rules, Thresholds

RATE, LOSS = Decimal(100_000), Decimal(1_000_000)  # units of nii and el in the ledger


def eva(sums: Mapping[str, int | Decimal], rules: Rules) -> Decimal:
    """Return economic value added in fen, exactly linear in `sums`, so that shares of it add up.

    `sums`, attributed: nii (fen × 1/100,000 a year × days: deposits × (FTP − r) + loans × (r − FTP)),
    el (fen × 1/1,000,000 a year × days: loan × PD × LGD), loan (fen × days), fee and cost (fen).
    Source: domain.md §1.
    """
    year = rules.number("eva", "year_days")
    keep = 1 - rules.number("eva", "tax")
    charge = (
        rules.number("eva", "risk_weight")
        * rules.number("eva", "capital_ratio")
        * rules.number("eva", "hurdle")
    )
    interest = sums["nii"] / (RATE * year)
    expected_loss = sums["el"] / (LOSS * year)
    pre_tax = interest + sums["fee"] - sums["cost"] - expected_loss
    return keep * pre_tax - charge * sums["loan"] / year


def cost(sums: Mapping[str, int | Decimal], rules: Rules) -> Decimal:
    """Return operating cost in fen: postings by channel, accounts and loans by the year, at unit prices.

    `sums`: counter_n, digital_n, other_n (postings), accounts, loans (account-days).
    """
    price = {name: Decimal(value) for name, value in rules.content["eva"]["cost_fen"].items()}
    handled = sum(sums[f"{name}_n"] * price[name] for name in ("counter", "digital", "other"))
    return handled + (sums["accounts"] * price["account_year"] + sums["loans"] * price["loan_year"]) / 365


def percentile(own: Decimal, everyone: tuple[Decimal, ...]) -> Decimal:
    """Return the mid-rank percentile of `own` within `everyone` (himself included), 0–100."""
    below = sum(1 for other in everyone if other < own)
    level = sum(1 for other in everyone if other == own)
    return 100 * (below + Decimal(level) / 2) / len(everyone)


def with_peers(value: Decimal, case: Case, limits: Thresholds, rules: Rules) -> Decimal:
    """Return 0.7 × points + 0.3 × percentile among peers; the points alone when there are too few peers."""
    own = points(value, low=limits.low, passing=limits.passing, top=limits.top)
    if len(case.peer_ratios) < rules.number("peers", "percentile_min"):
        return own
    share = rules.number("peers", "percentile_share")
    return (1 - share) * own + share * percentile(value, case.peer_ratios)


INDICATORS = (
    Indicator("E1", "contribution", "EVA against plan", "ratio", ratio, with_peers),
    Indicator("E2", "contribution", "Growth of average deposits against plan", "ratio", ratio),
    Indicator("E3", "contribution", "Fee income against plan", "ratio", ratio),
    Indicator("E4", "contribution", "New effective customers against plan", "ratio", ratio, has_source=False),
)
