"""Closing a quarter: freeze its scorecards, reconcile them with the ledger, have them signed, publish.

    freeze → reconcile → ask_publication → (a second person approves) → publish

Until publication everything can be begun anew (`thaw`); afterwards the database refuses every change of the
quarter, and corrections are new versions (`correct`). Steps raise CloseRefused with what to do.
"""

import hashlib
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection, transaction
from django.utils.translation import gettext as _

from crm.approvals.models import Approval, State
from customers.choices import TransactionKind
from managers.models import Manager
from performance import pay, published, scoring
from performance.choices import ClosingState
from performance.flows import MEASURES, attributed, flows_of_night, flows_of_pool
from performance.models import (
    Closing,
    IndicatorResult,
    Night,
    Period,
    PublishedScore,
    Scorecard,
)
from performance.scorecards import window_of

OPEN_KINDS = ("customers.backdated_assignment", "performance.scheme")


class CloseRefused(Exception):
    """The step is not possible; the message says why and what to do."""


@dataclass(frozen=True)
class Difference:
    """One line of the reconciliation: the bank's figure, what managers and pool have, and what it hinders.

    `blocks`: publication is impossible; otherwise it needs an explanation. Figures are text, in fen × days,
    fen or counts.
    """

    code: str
    bank: str
    attributed: str
    blocks: bool


_DAYS = "(%(upto)s::date - greatest(date, %(start)s::date))"
BANK_BALANCES = f"""
    SELECT {", ".join(f"coalesce(sum({name}_delta * {_DAYS}), 0)" for name in MEASURES)}
    FROM customers_dailybalance WHERE date < %(upto)s
"""
BANK_FEES = f"""
    SELECT coalesce(-sum(amount_fen), 0) FROM customers_transaction
    WHERE kind = {int(TransactionKind.FEE)} AND booked_on >= %(start)s AND booked_on < %(upto)s
"""


def freeze(period: Period, *, by, at: datetime, pool_fen: int | None = None) -> Closing:
    """Keep the scorecards of the night of the period's last day as those to be paid on; the closing is new.

    Raises CloseRefused while the quarter runs, without that night, or when the quarter is frozen already.
    """
    last = period.during.upper - timedelta(1)
    if at.date() <= last:
        raise CloseRefused(_("A quarter is closed after its last day."))
    if Closing.objects.filter(period=period).exists():
        raise CloseRefused(_("This quarter is frozen already. Take the freeze back to begin anew."))
    night = (
        Night.objects.filter(business_date=last, published_at__isnull=False, scorecards__period=period)
        .order_by("-pk")
        .first()
    )
    if night is None:
        said = _("There are no scorecards of %(day)s: run the night of that day, then freeze.")
        raise CloseRefused(said % {"day": last.isoformat()})
    return Closing.objects.create(
        period=period, night=night, digest=digest(night), pool_fen=pool_fen, frozen_by=by, frozen_at=at
    )


def thaw(closing: Closing) -> None:
    """Take a freeze back that is not published."""
    with transaction.atomic():
        found = _locked(closing)
        if found.state == ClosingState.PUBLISHED:
            raise CloseRefused(_("Published scores stay. Correct a single score with a new version."))
        found.delete()


def reconcile(closing: Closing) -> list[Difference]:
    """Compare managers and pool with the bank's own ledger, list what is undecided; store and return it."""
    found = differences(closing)
    with transaction.atomic():
        kept = _locked(closing)
        _refuse_published(kept)
        kept.differences = [asdict(row) for row in found]
        kept.state = ClosingState.FROZEN if any(row.blocks for row in found) else ClosingState.RECONCILED
        kept.save(update_fields=["differences", "state"])
    return found


def differences(closing: Closing) -> list[Difference]:
    """Return what does not agree or is undecided; empty when everything does."""
    period, night = closing.period, closing.night
    window = window_of(period, night.business_date)
    shared = attributed([*flows_of_night(window, night.pk), *flows_of_pool(window)])
    with connection.cursor() as cursor:
        cursor.execute(BANK_BALANCES, window.params())
        bank = dict(zip(MEASURES, cursor.fetchone(), strict=True))
        cursor.execute(BANK_FEES, window.params())
        bank["fee"] = cursor.fetchone()[0]
    found = [
        Difference(name, str(int(value)), f"{shared[name]:f}", blocks=True)
        for name, value in bank.items()
        if Decimal(value) != shared[name]
    ]
    if digest(night) != closing.digest:
        found.append(Difference("scorecards", closing.digest[:12], digest(night)[:12], blocks=True))
    waiting = Approval.objects.filter(state=State.ASKED, kind__in=OPEN_KINDS).count()
    if waiting:
        found.append(Difference("approvals", str(waiting), "0", blocks=False))
    unrated = Scorecard.objects.filter(night=night, is_rated=False).count()
    if unrated:
        found.append(Difference("unrated", str(unrated), "0", blocks=False))
    return found


def refusal(closing: Closing) -> str:
    """Why `closing` cannot be published as it stands, and the way out; empty when it can."""
    if closing.state == ClosingState.PUBLISHED:
        return _("This quarter is published already.")
    blocking = [row["code"] for row in closing.differences if row["blocks"]]
    if blocking:
        said = _(
            "Figures do not agree: %(codes)s. Run the night of the last day again, freeze anew and reconcile."
        )
        return said % {"codes": ", ".join(blocking)}
    if closing.state != ClosingState.RECONCILED:
        return _("Reconcile the quarter first.")
    if closing.differences and not closing.note.strip():
        return _("Explain what the reconciliation lists before you ask for a signature.")
    return ""


def publish(closing: Closing, *, by, at: datetime) -> int:
    """Publish the frozen scores with pay and close the quarter for good; return how many scores.

    `by` signs, and is another than who froze. Raises CloseRefused where anything changed since the freeze.
    """
    with transaction.atomic():
        found = _locked(closing)
        if said := refusal(found):
            raise CloseRefused(said)
        if found.frozen_by_id == by.pk:
            raise CloseRefused(_("Nobody signs what he froze himself. Another administrator must."))
        period = (
            Period.objects.select_for_update(of=("self",)).select_related("scheme").get(pk=found.period_id)
        )
        if digest(found.night) != found.digest:
            raise CloseRefused(_("The scorecards changed after they were frozen. Freeze anew and reconcile."))
        scores = _publish_scores(period, found.night, at)
        pay.award(scores, pool_fen=found.pool_fen, entered_on=at.date())
        found.state, found.signed_by, found.published_at = ClosingState.PUBLISHED, by, at
        found.save(update_fields=["state", "signed_by", "published_at"])
        period.closed_at = at
        period.save(update_fields=["closed_at"])
    return len(scores)


def newest(score: PublishedScore) -> PublishedScore:
    """The version of `score` that counts."""
    versions = PublishedScore.objects.filter(period=score.period_id, manager=score.manager_id)
    return versions.select_related("period__scheme", "manager").order_by("-version").first()


def correct(score: PublishedScore, *, at: datetime, reason: str, **changes) -> PublishedScore:
    """Publish a corrected version of `score`, book the difference in pay; `changes` as published.correct."""
    with transaction.atomic():
        Manager.objects.select_for_update(of=("self",)).get(pk=score.manager_id)  # one correction at a time
        last = newest(score)
        corrected = published.correct(last, reason=reason, made_at=at, **changes)
        pay.correct(corrected, before=last.pay, entered_on=at.date())
    return corrected


def digest(night: Night) -> str:
    """SHA-256 over the stored figures of a night's scorecards, row by row."""
    rows = IndicatorResult.objects.filter(scorecard__night=night).order_by("scorecard__manager_id", "code")
    lines = rows.values_list("scorecard__manager_id", "code", "numerator", "denominator", "points", "weight")
    cards = Scorecard.objects.filter(night=night).order_by("manager_id")
    heads = cards.values_list(
        "manager_id", "line", "peer_group", "is_rated", "deducted", "is_vetoed", "total"
    )
    found = hashlib.sha256()
    for row in [*heads, *lines.iterator()]:
        found.update("|".join(map(str, row)).encode() + b"\n")
    return found.hexdigest()


def _publish_scores(period: Period, night: Night, at: datetime) -> list[PublishedScore]:
    rules = scoring.rules_of(period.scheme.content)
    people = published.people_of_night(night.pk)
    figures = published.score(people, rules)
    before = published.factor_before(period)
    cards = {
        card.manager_id: card for card in Scorecard.objects.filter(night=night).select_related("manager")
    }
    for one in people:
        if figures[one.manager_id].total != cards[one.manager_id].total:
            said = _("The score of %(who)s does not follow from its figures: run that night again.")
            raise CloseRefused(said % {"who": cards[one.manager_id].manager})
    return PublishedScore.objects.bulk_create(
        PublishedScore(
            manager_id=one.manager_id,
            period=period,
            post=cards[one.manager_id].manager.grade,
            assigned_days=cards[one.manager_id].assigned_days,
            days_in_post=_days_in_post(cards[one.manager_id].manager, period),
            customers=cards[one.manager_id].customers,
            **published.fields(one, figures[one.manager_id], before.get(one.manager_id), rules),
            made_at=at,
        )
        for one in people
    )


def _days_in_post(manager, period: Period) -> int:
    upper = manager.in_post.upper or period.during.upper
    return max(0, (min(upper, period.during.upper) - max(manager.in_post.lower, period.during.lower)).days)


def _locked(closing: Closing) -> Closing:
    return (
        Closing.objects.select_for_update(of=("self",))
        .select_related("period__scheme", "night")
        .get(pk=closing.pk)
    )


def _refuse_published(closing: Closing) -> None:
    if closing.state == ClosingState.PUBLISHED:
        raise CloseRefused(_("This quarter is published already."))
