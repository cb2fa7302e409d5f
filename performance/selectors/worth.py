"""What a customer's profile is worth in his manager's score: freshness (I2), and what a gap costs (I1).

The rule is the scheme in force; the sums are those of the manager's last scorecard, so that a figure here is
what the next night would find if nothing else changed.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from customers.models import CustomerIdentity
from customers.selectors.facts import Profile
from performance.models import IndicatorResult, Scheme, Scorecard
from performance.periods import months_before
from performance.scoring import points, rules_of
from performance.scoring.scheme import Rules

HUNDRED = Decimal(100)


@dataclass(frozen=True)
class Freshness:
    """Whether the customer counts as fresh (I2): verified within `months`, and no expired document."""

    months: int
    verified_on: date | None
    until: date | None  # the last day on which the verification is fresh
    is_fresh: bool
    document_expired_on: date | None


@dataclass(frozen=True)
class Gain:
    """Points of one indicator now and with this customer put right; `of_score` is the gain in the score."""

    code: str
    now: Decimal
    then: Decimal
    of_score: Decimal

    @property
    def points(self) -> Decimal:
        return self.then - self.now


@dataclass(frozen=True)
class Worth:
    scheme: Scheme
    freshness: Freshness
    gains: list[Gain]


def worth_of(customer, profile: Profile, user, as_of: date) -> Worth | None:
    """Return freshness and gains under the scheme in force on `as_of`; None where there is no scheme.

    Gains are for who may see the lead manager's scorecard; nobody's where there is none. Four queries.
    """
    scheme = Scheme.objects.filter(during__contains=as_of).first()
    if scheme is None:
        return None
    rules = rules_of(scheme.content)
    freshness = freshness_of(customer, profile.verified_on, rules, as_of)
    results = _results(customer, user)
    gains = []
    if "I1" in results:
        missing = sum(field.weight for field in profile.missing)
        gains.append(_gain(results["I1"], Decimal(missing), rules))
    if "I2" in results:
        gains.append(_gain(results["I2"], Decimal(not freshness.is_fresh), rules))
    return Worth(scheme, freshness, [gain for gain in gains if gain and gain.points > 0])


def freshness_of(customer, verified_on: date | None, rules: Rules, as_of: date) -> Freshness:
    """Compare the latest verification with the months that the money-laundering risk allows."""
    months = rules.content["freshness_months"][customer.aml_level]
    rows = CustomerIdentity.objects.filter(customer=customer)
    ends = rows.values_list("document_expires_on", flat=True).first()
    expired = ends if ends and ends < as_of else None
    until = months_before(verified_on, -months) if verified_on else None
    is_fresh = until is not None and until >= as_of and expired is None
    return Freshness(months, verified_on, until, is_fresh, expired)


def _results(customer, user) -> dict[str, IndicatorResult]:
    if customer.lead_id is None:
        return {}
    card = Scorecard.objects.visible_to(user).filter(manager=customer.lead_id).order_by("-night_id").first()
    if card is None:
        return {}
    rows = card.results.filter(code__in=["I1", "I2"]).select_related("scorecard")
    return {row.code: row for row in rows}


def _gain(result: IndicatorResult, more: Decimal, rules: Rules) -> Gain | None:
    """The points if the numerator were `more`; the denominator stays."""
    if not result.denominator or not more:
        return None
    limits = rules.indicators[result.code]
    edges = {"low": limits.low, "passing": limits.passing, "top": limits.top}
    above = min(result.numerator + more, result.denominator)
    now, then = (points(HUNDRED * part / result.denominator, **edges) for part in (result.numerator, above))
    line = rules.dimension_weights[result.scorecard.line]
    share = result.weight / HUNDRED * line[result.dimension] / HUNDRED
    return Gain(result.code, now, then, (then - now) * share)
