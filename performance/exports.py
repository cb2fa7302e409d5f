"""Scorecards as files: the team's list, and the rows behind one indicator of one card."""

from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.export.registry import Column, Sheet
from crm.subtree import within
from customers.models import Customer
from managers.choices import Line, Role
from managers.models import Branch, Manager
from performance.choices import Dimension
from performance.evidence import LIMIT, rows_behind
from performance.models import Scorecard
from performance.scoring import BY_CODE
from performance.selectors.cards import latest_night, points_of
from performance.words import LETTERS, WORDS

OVERSEERS = (Role.SUPERVISOR, Role.ADMIN)
TAKERS = (Role.MANAGER, *OVERSEERS)  # of what stands behind a score


def _uuid(text):
    try:
        return str(UUID(str(text)))
    except ValueError:
        return ""


# --- the team ---
def _team_clean(told):
    query = {}
    if told.get("line") in Line.values:
        query["line"] = told.get("line")
    if branch := _uuid(told.get("branch", "")):
        query["branch"] = branch
    return query


def _team_may(user, query):
    return user.role in OVERSEERS


def _team(user, query, as_of=None):
    cards = Scorecard.objects.visible_to(user).filter(night=latest_night())
    if query.get("line"):
        cards = cards.filter(line=query["line"])
    if query.get("branch"):
        branch = Branch.objects.filter(public_id=query["branch"]).first()
        cards = cards.filter(within(branch.path, "manager__branch__path")) if branch else cards.none()
    return cards


def _team_rows(user, query, as_of):
    found = _team(user, query).select_related("manager__user", "manager__branch", "period")
    for card in found.order_by("manager__user__username").iterator(chunk_size=500):
        points = points_of(card)
        yield (
            card.manager_id,
            (
                card.manager.user.username,
                card.manager.user.name,
                card.manager.branch.name,
                card.get_line_display(),
                card.manager.get_grade_display(),
                card.period.code,
                card.customers,
                card.total,
                card.grade,
                *(points[code] for code in Dimension.values),
            ),
        )


def _team_still(user, query, subjects):
    return Manager.objects.visible_to(user).filter(pk__in=subjects).count() == len(subjects)


def _team_title(query):
    line = f" · {Line(query['line']).label}" if query.get("line") else ""
    branch = Branch.objects.filter(public_id=query["branch"]).first() if query.get("branch") else None
    return _("Team scores") + line + (f" · {branch.name}" if branch else "")


TEAM = Sheet(
    "scorecards",
    gettext_lazy("Team scores"),
    (
        Column(gettext_lazy("Staff number")),
        Column(gettext_lazy("Manager")),
        Column(gettext_lazy("Unit"), width=24),
        Column(gettext_lazy("Line")),
        Column(gettext_lazy("Grade of the post")),
        Column(gettext_lazy("Period")),
        Column(gettext_lazy("Customers")),
        Column(gettext_lazy("Score")),
        Column(gettext_lazy("Grade")),
        *(Column(LETTERS[code], width=8) for code in Dimension.values),
    ),
    _team_clean,
    _team_may,
    lambda user, query, as_of: _team(user, query).count(),
    _team_rows,
    _team_still,
    _team_title,
)


# --- the rows behind an indicator ---
def _evidence_clean(told):
    code = told.get("code", "")
    return {"card": _uuid(told.get("card", "")), "code": code if code in BY_CODE else ""}


def _card(user, query):
    if not (query.get("card") and query.get("code")):
        return None
    found = Scorecard.objects.visible_to(user).select_related("manager__user", "period__scheme", "night")
    try:
        return found.filter(public_id=query["card"]).first()
    except ValidationError:
        return None


def _evidence_may(user, query):
    return user.role in TAKERS and _card(user, query) is not None


def _evidence_count(user, query, as_of):
    return rows_behind(_card(user, query), query["code"], user, limit=1).count


def _evidence_rows(user, query, as_of):
    card, after = _card(user, query), ""
    while True:
        page = rows_behind(card, query["code"], user, limit=LIMIT, after=after)
        for row in page.rows:
            values = dict(zip(page.head, row.cells, strict=False))
            number = row.customer.number if row.customer else ""
            # of who passed to somebody else the name is masked as on the page, and nothing to be rechecked
            yield (
                row.customer_id if row.is_open else None,
                (
                    number,
                    row.name,
                    row.day,
                    row.record,
                    row.share,
                    row.numerator,
                    row.denominator,
                    "; ".join(f"{head}: {cell}" for head, cell in values.items()),
                ),
            )
        after = page.next
        if not after:
            return


def _evidence_still(user, query, subjects):
    seen = Customer.objects.visible_to(user).filter(pk__in=subjects).count()
    return _card(user, query) is not None and seen == len(subjects)


def _evidence_title(query):
    card = Scorecard.objects.filter(public_id=query["card"]).select_related("manager__user", "period").first()
    whose = f"{card.manager} · {card.period.code} · " if card else ""
    return whose + f"{query['code']} {WORDS[query['code']].name}"


EVIDENCE = Sheet(
    "evidence",
    gettext_lazy("Rows behind an indicator"),
    (
        Column(gettext_lazy("Customer number")),
        Column(gettext_lazy("Customer"), data_class="name", width=24),
        Column(gettext_lazy("Day")),
        Column(gettext_lazy("Record")),
        Column(gettext_lazy("Share")),
        Column(gettext_lazy("Numerator"), width=18),
        Column(gettext_lazy("Denominator"), width=18),
        Column(gettext_lazy("As on the page"), width=48),
    ),
    _evidence_clean,
    _evidence_may,
    _evidence_count,
    _evidence_rows,
    _evidence_still,
    _evidence_title,
)
EXPORTS = (TEAM, EVIDENCE)
