"""The words of a board's cases: reason → value → action, one row each."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.look import dates, figures
from performance.selectors import board, cover
from performance.selectors.scope import Scope


@dataclass(frozen=True)
class CaseRow:
    """What a row of 今天要处置 shows; `kind` is its tone: danger or warn."""

    kind: str
    title: str
    lines: tuple[str, ...]
    who: str
    value: str
    action: str
    url: str


def case_rows(scope: Scope, leaves: list, days: list[cover.Day]) -> list[CaseRow]:
    """Every case of the board, the serious first."""
    rows = []
    for kind in board.STANDING_CASES:
        found = board.standing_case(scope, kind)
        if found:
            rows += STANDING_WORDS[kind](scope, found)
    for kind, words in (("complaints", _complaints), ("migrated", _migrated)):
        found = board.row_case(scope, kind)
        if found:
            rows += words(scope, found)
    rows += _leaves(scope, leaves, days)
    return sorted(rows, key=lambda row: row.kind != "danger")


def case_title(kind: str) -> str:
    """The title of the list behind a case."""
    return {
        "overdue60": _("Overdue 60 days and more"),
        "overdue30": _("Overdue 30 to 59 days"),
        "unassigned": _("Customers without a lead manager"),
        "silent": _("High-value customers without contact for 90 days"),
        "complaints": _("Complaints near or over the deadline"),
        "migrated": _("Loans in a worse class than a month ago"),
        "away": _("Customers of a manager on leave"),
    }[kind]


def _list_url(scope: Scope, kind: str) -> str:
    return f"{reverse('performance:board_cases', args=[kind])}?branch={scope.branch.public_id}"


def _detail_url(customer) -> str:
    return reverse("customers:detail", args=[customer.public_id])


def _days(count: int) -> str:
    return ngettext("%(n)s day", "%(n)s days", count) % {"n": count}


def _customers(count: int) -> str:
    return ngettext("%(n)s customer", "%(n)s customers", count) % {"n": figures.number(count)}


def _lead(customer) -> str:
    return customer.lead.user.name if customer.lead else _("Pool")


def _overdue60(scope, found):
    """Serious: each customer a row of his own, up to three; the rest behind one link."""
    classes = board.worst_classes([row.customer_id for row in found.rows], scope.night.business_date)
    rows = [
        CaseRow(
            "danger",
            _("Overdue 60 days and more"),
            (row.customer.name, _loan_line(row, classes.get(row.customer_id))),
            _lead(row.customer),
            _days(row.overdue_days),
            _("Open customer"),
            _detail_url(row.customer),
        )
        for row in found.rows
    ]
    rest = found.count - len(rows)
    if rest > 0:
        line = _("Loans of all %(n)s: %(amount)s") % {
            "n": found.count,
            "amount": figures.short_money(found.stake),
        }
        title = ngettext("%(n)s more over 60 days", "%(n)s more over 60 days", rest) % {"n": rest}
        rows.append(
            CaseRow(
                "danger", title, (line,), "—", "≥ " + _days(60), _("See list"), _list_url(scope, found.kind)
            )
        )
    return rows


def _loan_line(row, loan_class) -> str:
    """`Class: special mention · loans 40.7万`, and what 90 days will make of it."""
    parts = [_("Loans %(amount)s") % {"amount": figures.short_money(row.loan_fen)}]
    if loan_class:
        parts.insert(0, _("Class: %(name)s") % {"name": board.LoanClass(loan_class).label})
    left = board.SUBSTANDARD_DAYS - row.overdue_days
    if left > 0:
        words = ngettext("substandard in %(n)s day", "substandard in %(n)s days", left)
        parts.append(words % {"n": left})
    return " · ".join(parts)


def _overdue30(scope, found):
    line = _("Loans %(amount)s, first %(name)s %(days)s") % {
        "amount": figures.short_money(found.stake),
        "name": found.rows[0].customer.name,
        "days": _days(found.days),
    }
    title = ngettext("%(n)s overdue 30 days", "%(n)s overdue 30 days", found.count) % {"n": found.count}
    return [
        _many(scope, found, title, (line, _("At 90 days the class falls to substandard")), "≥ " + _days(30))
    ]


def _unassigned(scope, found):
    title = ngettext("%(n)s without a lead", "%(n)s without a lead", found.count) % {
        "n": figures.number(found.count)
    }
    line = _("Assets %(amount)s, the largest %(name)s") % {
        "amount": figures.short_money(found.stake),
        "name": found.rows[0].customer.name,
    }
    return [_many(scope, found, title, (line,), _customers(found.count), _("Pool"))]


def _silent(scope, found):
    title = ngettext("%(n)s high-value silent", "%(n)s high-value silent", found.count) % {
        "n": figures.number(found.count)
    }
    first = found.rows[0].customer
    since = (
        dates.days_between(first.last_contact_on, scope.as_of) if first.last_contact_on else _("never met")
    )
    line = _("Assets %(amount)s, with %(name)s %(since)s") % {
        "amount": figures.short_money(found.stake),
        "name": first.name,
        "since": since,
    }
    counts = board.by_lead(scope, found.kind)
    leads = " · ".join(f"{name} {n}" for name, n in counts)
    return [_many(scope, found, title, (line, leads), "> " + _days(board.SILENT_DAYS))]


def _many(scope, found, title, lines, value, who="—"):
    return CaseRow("warn", title, lines, who, value, _("See list"), _list_url(scope, found.kind))


STANDING_WORDS = {
    "overdue60": _overdue60,
    "overdue30": _overdue30,
    "unassigned": _unassigned,
    "silent": _silent,
}


def _complaints(scope, found):
    rows = []
    for row in found.rows[: board.TOP]:
        left = (row.due_on - scope.as_of).days
        if left < 0:
            title = ngettext("Complaint %(n)s day late", "Complaint %(n)s days late", -left) % {"n": -left}
        elif left == 0:
            title = _("Complaint due today")
        else:
            title = ngettext("Complaint due in %(n)s day", "Complaint due in %(n)s days", left) % {"n": left}
        lines = [f"{row.get_business_display()} · {row.get_cause_display()}"]
        if row.manager:
            lines.append(_("Not to be handled by %(name)s") % {"name": row.manager.user.name})
        used, whole = (scope.as_of - row.received_on).days, (row.due_on - row.received_on).days
        rows.append(
            CaseRow(
                "danger" if left <= 2 else "warn",
                title,
                (*lines,),
                row.customer.branch.name,
                _("day %(used)s of %(whole)s") % {"used": used, "whole": whole},
                _("Open customer"),
                _detail_url(row.customer),
            )
        )
    rest = found.count - len(rows)
    if rest > 0:
        title = ngettext("%(n)s more complaint", "%(n)s more complaints", rest) % {"n": rest}
        rows.append(_many(scope, found, title, (_("Near or over the deadline"),), _customers(found.count)))
    return rows


def _migrated(scope, found):
    first = found.rows[0]
    line = _("%(name)s: from %(was)s to %(now)s on %(date)s") % {
        "name": first.customer.name,
        "was": board.LoanClass(first.was).label,
        "now": first.get_loan_class_display(),
        "date": dates.day(first.date),
    }
    title = ngettext("%(n)s loan fell a class", "%(n)s loans fell a class", found.count) % {"n": found.count}
    note = _("Overdue %(amount)s") % {"amount": figures.short_money(found.stake)}
    return [
        _many(scope, found, title, (line, note), _("last %(days)s") % {"days": _days(board.MIGRATION_DAYS)})
    ]


def _leaves(scope, leaves, days):
    """Managers who will be away with nobody in their place, soonest first."""
    open_ones = [leave for leave in leaves if cover.uncovered_days(leave, days)]
    if not open_ones:
        return []
    until = days[-1].date
    maturing = board.maturing([leave.manager_id for leave in open_ones], scope.as_of, until)
    rows = []
    for leave in open_ones[: board.TOP]:
        count = cover.uncovered_days(leave, days)
        title = ngettext(
            "%(n)s working day uncovered from %(date)s", "%(n)s working days uncovered from %(date)s", count
        ) % {"n": count, "date": dates.day(max(leave.during.lower, scope.as_of))}
        lines = [f"{leave.manager.user.name} · {leave.get_kind_display()}"]
        if maturing.get(leave.manager_id):
            lines.append(
                _("%(amount)s mature in these two weeks")
                % {"amount": figures.short_money(maturing[leave.manager_id])}
            )
        rows.append(
            CaseRow(
                "warn",
                title,
                (*lines,),
                leave.manager.user.name,
                dates.age(max(leave.during.lower, scope.as_of), scope.as_of),
                _("See what matures"),
                f"{_list_url(scope, 'away')}&manager={leave.manager.public_id}",
            )
        )
    return rows
