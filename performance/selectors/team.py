"""The team table of a board: load, score, five dimensions and gaps, sorted by name."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from statistics import median

from django.db.models import Count, Sum

from customers.choices import LoanClass
from customers.models import DailyBalance, LoanState
from customers.selectors.load import loads_of
from managers.models import Branch, Manager
from performance.choices import Dimension, ScoreGrade
from performance.models import Night, Scorecard
from performance.selectors.cards import WEAK, latest_night, night_before, points_of
from performance.selectors.scope import Scope
from performance.words import LETTERS

TEAM_SIZE = 60  # above it the board shows the units below instead of people
BAD_LOANS = (LoanClass.SUBSTANDARD, LoanClass.DOUBTFUL, LoanClass.LOSS)


@dataclass
class TeamRow:
    """One manager: `load` is weight by tier ÷ capacity; `before` the total of the compared night."""

    manager: Manager
    customers: int
    load: float | None
    card: Scorecard | None
    before: Decimal | None
    points: dict[str, Decimal | None] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.manager.user.name

    @property
    def total(self) -> Decimal | None:
        return self.card.total if self.card else None

    @property
    def change(self) -> Decimal | None:
        return None if self.total is None or self.before is None else self.total - self.before

    @property
    def bars(self) -> list[Decimal | None]:
        return [self.points.get(code) for code in Dimension.values]

    @property
    def gaps(self) -> list[tuple[str, str, Decimal]]:
        """Dimensions under WEAK as letter, name and points, the weakest first."""
        weak = [
            (LETTERS[code], Dimension(code).label, value)
            for code, value in self.points.items()
            if value is not None and value < WEAK
        ]
        return sorted(weak, key=lambda gap: gap[2])


@dataclass(frozen=True)
class Team:
    rows: list[TeamRow]
    night: Night | None
    period: str
    compared: Night | None
    compared_period: str

    @property
    def dimensions(self) -> list[tuple[str, str, float, list[Decimal]]]:
        """Letter, name, median and every value of each dimension; [] while nobody is rated."""
        found = []
        for code in Dimension.values:
            values = sorted(row.points[code] for row in self.rows if row.points.get(code) is not None)
            if values:
                found.append((LETTERS[code], Dimension(code).label, median(values), values))
        return found

    @property
    def grades(self) -> list[tuple[str, int]]:
        """How many have each grade, the best first."""
        counts = Counter(row.card.grade for row in self.rows if row.card and row.card.grade)
        return [(grade, counts[grade]) for grade in ScoreGrade.values] if counts else []


def by_name(name: str) -> tuple:
    """Sort key of a Chinese name: its pinyin."""
    from pypinyin import lazy_pinyin  # 55 MB of phrases: only who sorts names pays

    return tuple(lazy_pinyin(name)), name


def team(scope: Scope) -> Team:
    """Every manager in scope with load and score: seven queries whatever the size."""
    managers = list(scope.managers.select_related("user", "branch")[: TEAM_SIZE + 1])
    loads = loads_of(managers, None, scope.as_of)
    night = latest_night()
    cards = _cards(night, managers)
    period = next((card.period.code for card in cards.values()), "")
    compared = night_before(night, period) if cards else None
    before = _cards(compared, managers)
    rows = [
        TeamRow(
            manager=manager,
            customers=loads[manager.pk].customers,
            load=loads[manager.pk].share,
            card=cards.get(manager.pk),
            before=before[manager.pk].total if manager.pk in before else None,
            points=points_of(cards[manager.pk]) if manager.pk in cards else {},
        )
        for manager in managers
    ]
    rows.sort(key=lambda row: by_name(row.name))
    compared_period = next((card.period.code for card in before.values()), "")
    return Team(rows, night, period, compared, compared_period)


def _cards(night: Night | None, managers) -> dict[int, Scorecard]:
    if night is None:
        return {}
    cards = Scorecard.objects.filter(night=night, manager__in=managers).select_related("period")
    return {card.manager_id: card for card in cards}


@dataclass(frozen=True)
class Unit:
    """A branch under the board's: what one line of a table says about it."""

    branch: Branch
    managers: int
    customers: int
    aum_fen: int | None
    loan_fen: int | None


def units(scope: Scope) -> list[Unit]:
    """The branches directly below, with people, customers and money of their whole subtrees."""
    children = list(Branch.objects.filter(parent=scope.branch, closed_on=None))
    if not children:
        return []
    people = scope.managers.order_by().values_list("branch__path").annotate(Count("pk"))
    if scope.night:
        money = (
            scope.standings.order_by()
            .values_list("customer__branch_path")
            .annotate(Count("customer"), Sum("aum_fen"), Sum("loan_fen"))
        )
    else:
        money = (
            (path, n, None, None)
            for path, n in scope.customers.order_by().values_list("branch_path").annotate(Count("pk"))
        )
    people, money = list(people), list(money)

    def total(rows, path, place):
        known = [row[place] for row in rows if row[0].startswith(path) and row[place] is not None]
        return sum(known) if known else None

    return [
        Unit(
            child,
            total(people, child.path, 1) or 0,
            total(money, child.path, 1) or 0,
            total(money, child.path, 2),
            total(money, child.path, 3),
        )
        for child in children
    ]


def facts(scope: Scope) -> dict:
    """The line under the title: managers, customers, assets, loans, share of bad loans (a share of 1)."""
    sums = scope.standings.order_by().aggregate(aum=Sum("aum_fen"), loan=Sum("loan_fen"))
    loan = sums["loan"]
    bad = bad_loans(scope, scope.night.business_date) if scope.night and loan else None
    return {
        "managers": scope.managers.count(),
        "customers": scope.customers.count(),
        "aum_fen": sums["aum"],
        "loan_fen": loan,
        "npl": Decimal(bad) / loan if bad is not None and loan else None,
    }


def bad_loans(scope: Scope, on: date) -> int:
    """Outstanding principal (fen) on `on` of loans whose latest class is substandard or worse."""
    borrowers = scope.standings.filter(loan_fen__gt=0).values("customer_id")
    latest = (
        LoanState.objects.filter(customer__in=borrowers, date__lte=on)
        .order_by("account", "-date")
        .distinct("account")
        .values_list("account_id", "customer_id", "loan_class")
    )
    bad = [(account, customer) for account, customer, now in latest if now in BAD_LOANS]
    if not bad:
        return 0
    balances = (
        DailyBalance.objects.filter(
            customer__in={customer for _account, customer in bad},
            account__in=[account for account, _customer in bad],
            date__lte=on,
        )
        .order_by("account", "-date")
        .distinct("account")
        .values_list("amount_fen", flat=True)
    )
    return sum(balances)
