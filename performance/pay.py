"""The ledger of performance pay: what a published score pays, when, and what was stopped or taken back.

Every row moves an amount from one account of a manager to another; rows are only added, so the accounts
always balance. Source: domain.md §1 (pay), §5 (deferral and clawback).
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest

from django.db.models import Sum
from django.utils.translation import gettext as _

from managers.models import Manager
from performance import scoring
from performance.choices import PayAccount
from performance.models import PayEntry, PayStatement, Period, PublishedScore
from performance.scoring import Rules

BANK, PAYABLE, DEFERRED = PayAccount.BANK, PayAccount.PAYABLE, PayAccount.DEFERRED
STOPPED, PAID, OWED = PayAccount.STOPPED, PayAccount.PAID, PayAccount.OWED


class PayRefused(Exception):
    """The movement is not possible; the message says why and what to do."""


def award(scores: Iterable[PublishedScore], *, pool_fen: int | None, entered_on: date) -> list[PayStatement]:
    """Write the statements and ledger of a quarter's first versions; a pool too small is shared by all.

    Instalments fall due one, two, three … years after `entered_on`, by the rules' schedule.
    """
    scores = list(scores)
    full = [_full(row) for row in scores]
    shared = scoring.pool_factor(full, pool_fen)
    statements = PayStatement.objects.bulk_create(
        _statement(row, amount, shared) for row, amount in zip(scores, full, strict=True)
    )
    PayEntry.objects.bulk_create(
        _entry(statement, part, BANK, DEFERRED if part else PAYABLE, amount, entered_on)
        for statement in statements
        for part, amount in enumerate(statement.parts)
        if amount
    )
    return statements


def correct(score: PublishedScore, *, before: PayStatement, entered_on: date) -> PayStatement:
    """Write the statement of a corrected score; the ledger gets its difference to `before`, part by part.

    The pool is not shared again. What was too much is taken from where the part stands; what is paid
    already is owed.
    """
    manager = score.manager
    _lock(manager)
    statement = _statement(score, _full(score), before.pool_factor)
    statement.save()
    entries = []
    for part, (was, amount) in enumerate(zip_longest(before.parts, statement.parts, fillvalue=0)):
        if amount > was:
            target = DEFERRED if part else PAYABLE
            entries.append(_entry(statement, part, BANK, target, amount - was, entered_on, score.reason))
        elif amount < was:
            entries += _taken_back(manager, score.period, part, was - amount, entered_on, score.reason)
    PayEntry.objects.bulk_create(entries)
    return statement


def balances(manager: Manager) -> dict[str, int]:
    """Return account → fen of one manager; the bank's is what it has given, negative. They sum to 0."""
    found = dict.fromkeys(PayAccount.values, 0)
    entries = PayEntry.objects.filter(manager=manager).order_by()
    for source, target, amount in entries.values_list("source", "target").annotate(fen=Sum("amount_fen")):
        found[source] -= amount
        found[target] += amount
    return found


def stop(manager: Manager, *, entered_on: date, reason: str) -> int:
    """Stop everything of `manager` that is deferred (止付); return fen."""
    return _move_all(manager, DEFERRED, STOPPED, entered_on, reason)


def resume(manager: Manager, *, entered_on: date, reason: str) -> int:
    """Take a stop back; return fen."""
    return _move_all(manager, STOPPED, DEFERRED, entered_on, reason)


def forfeit(manager: Manager, *, entered_on: date, reason: str) -> int:
    """Give what was stopped back to the bank for good; return fen."""
    return _move_all(manager, STOPPED, BANK, entered_on, reason)


def release(as_of: date) -> int:
    """Make deferred instalments payable that are due on `as_of`; return how many. Again changes nothing."""
    moved = 0
    for manager in Manager.objects.filter(
        pay_entries__target=DEFERRED, pay_entries__due_on__lte=as_of
    ).distinct():
        _lock(manager)
        due = [lot for lot in _lots(manager, DEFERRED) if lot.due_on <= as_of]
        said = _("Instalment due")
        PayEntry.objects.bulk_create(lot.entry(PAYABLE, lot.fen, as_of, said) for lot in due)
        moved += len(due)
    return moved


def claw_back(manager: Manager, amount_fen: int, *, entered_on: date, reason: str) -> None:
    """Ask `amount_fen` of what was paid back (追索扣回), the newest first. Raises PayRefused above that."""
    _lock(manager)
    left, entries = amount_fen, []
    for lot in reversed(_lots(manager, PAID)):
        taken = min(left, lot.fen)
        if taken > 0:
            entries.append(lot.entry(OWED, taken, entered_on, reason))
            left -= taken
    if left or amount_fen <= 0:
        raise PayRefused(_("Only what was paid can be taken back: enter at most that amount."))
    PayEntry.objects.bulk_create(entries)


def pay_out(as_of: date) -> list[PayEntry]:
    """Move all that is payable to paid; return the rows for the payroll."""
    entries = []
    for manager in Manager.objects.filter(pay_entries__target=PAYABLE).distinct():
        _lock(manager)
        entries += [lot.entry(PAID, lot.fen, as_of, _("Payroll")) for lot in _lots(manager, PAYABLE)]
    return PayEntry.objects.bulk_create(entries)


def _full(row: PublishedScore):
    """Performance pay of a score in fen before the pool, not rounded."""
    during = row.period.during
    quarter = (during.upper - during.lower).days
    rules = _rules(row)
    return scoring.full_pay(row.k, grade=row.post, days=row.days_in_post, quarter=quarter, rules=rules)


def _rules(row: PublishedScore) -> Rules:
    return scoring.rules_of(row.period.scheme.content)


def _statement(row: PublishedScore, full, shared) -> PayStatement:
    rules = _rules(row)
    pay = scoring.split(full, shared=shared, line=row.line, rules=rules)
    return PayStatement(
        score=row,
        manager_id=row.manager_id,
        base_fen=int(rules.number("pay", "base_fen")),
        coefficient=rules.number("pay", "coefficients", row.post),
        pool_factor=shared,
        amount_fen=pay.amount,
        now_fen=pay.now,
        instalments=list(pay.instalments),
    )


def _taken_back(manager: Manager, period: Period, part: int, amount: int, day: date, reason: str):
    """Movements that take `amount` of a quarter's part away: from where it waits, then from what is paid."""
    for account in (DEFERRED, STOPPED, PAYABLE, PAID):
        for lot in _lots(manager, account):
            if amount and lot.part == part and lot.statement.score.period_id == period.pk:
                taken = min(amount, lot.fen)
                amount -= taken
                yield lot.entry(OWED if account == PAID else BANK, taken, day, reason)


def _entry(statement, part, source, target, amount, entered_on, reason="", due_on=None) -> PayEntry:
    return PayEntry(
        manager_id=statement.manager_id,
        statement=statement,
        part=part,
        source=source,
        target=target,
        amount_fen=amount,
        due_on=due_on or _years_after(entered_on, part),
        entered_on=entered_on,
        reason=reason[:300],
    )


@dataclass(frozen=True)
class Lot:
    """What of one part of a statement stands on an account, fen above 0."""

    statement: PayStatement
    part: int
    due_on: date
    account: str
    fen: int

    def entry(self, target: str, fen: int, entered_on: date, reason: str) -> PayEntry:
        """The movement of `fen` of this lot to `target`."""
        fixed = (self.statement, self.part, self.account, target, fen, entered_on, reason)
        return _entry(*fixed, self.due_on)


def _years_after(day: date, years: int) -> date:
    """The same day `years` later; 29 February becomes the 28th."""
    leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year + years, day=28 if leap_day and years else day.day)


def _lock(manager: Manager) -> None:
    """Movements of one manager follow one another."""
    Manager.objects.select_for_update(of=("self",)).get(pk=manager.pk)


def _lots(manager: Manager, account: str) -> list[Lot]:
    """What stands on `account` of one manager, oldest first."""
    standing = defaultdict(int)
    last = {}
    entries = PayEntry.objects.filter(manager=manager).select_related("statement__score").order_by("id")
    for row in entries:
        lot = (row.statement_id, row.part)
        last[lot] = row
        standing[lot] += row.amount_fen * ((row.target == account) - (row.source == account))
    return [
        Lot(last[lot].statement, last[lot].part, last[lot].due_on, account, fen)
        for lot, fen in standing.items()
        if fen > 0
    ]


def _move_all(manager: Manager, source: str, target: str, entered_on: date, reason: str) -> int:
    _lock(manager)
    lots = _lots(manager, source)
    PayEntry.objects.bulk_create(lot.entry(target, lot.fen, entered_on, reason) for lot in lots)
    return sum(lot.fen for lot in lots)
