"""One scorecard opened: dimensions with their indicators, the formula with its numbers, and the peers."""

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from performance.choices import Dimension
from performance.models import IndicatorResult, Scorecard
from performance.scoring import BY_CODE, points, rules_of
from performance.scoring.scheme import Rules, Thresholds
from performance.selectors.cards import MIN_PEERS, Band, bands, night_before, points_of
from performance.words import LETTERS, WORDS, amount, measured, trimmed

ZERO, HUNDRED = Decimal(0), Decimal(100)


@dataclass(frozen=True)
class IndicatorRow:
    """One indicator of the card; `result` None: the card has no such line."""

    result: IndicatorResult
    limits: Thresholds
    before: Decimal | None

    @property
    def code(self) -> str:
        return self.result.code

    @property
    def name(self):
        return WORDS[self.code].name

    @property
    def unit(self) -> str:
        return BY_CODE[self.code].unit

    @property
    def is_measured(self) -> bool:
        return self.result.points is not None

    @property
    def above(self) -> str:
        return amount(self.result.numerator, WORDS[self.code].kind)

    @property
    def below(self) -> str:
        return amount(self.result.denominator, WORDS[self.code].kind)

    @property
    def value(self) -> str:
        return measured(self.result.value, self.unit)

    @property
    def change(self) -> Decimal | None:
        now = self.result.points
        return None if now is None or self.before is None else now - self.before


@dataclass(frozen=True)
class DimensionRow:
    """`weighted` is what it brings to the total; the weight of a dimension without points is spread."""

    code: str
    weight: Decimal
    points: Decimal | None
    weighted: Decimal | None
    band: Band | None
    before: Decimal | None
    indicators: list[IndicatorRow]

    @property
    def letter(self) -> str:
        return LETTERS[self.code]

    @property
    def label(self):
        return Dimension(self.code).label

    @property
    def change(self) -> Decimal | None:
        return None if self.points is None or self.before is None else self.points - self.before

    @property
    def moved(self) -> list[IndicatorRow]:
        """The two indicators that moved most since the compared night."""
        changed = [row for row in self.indicators if row.change]
        return sorted(changed, key=lambda row: -abs(row.change))[:2]


@dataclass(frozen=True)
class Sheet:
    card: Scorecard
    rules: Rules
    dimensions: list[DimensionRow]
    compared: Scorecard | None
    band: Band | None

    @property
    def sum(self) -> Decimal | None:
        """The weighted total before deductions."""
        known = [row.weighted for row in self.dimensions if row.weighted is not None]
        return sum(known) if known else None

    @property
    def deductions(self) -> Decimal:
        """What the total is less than the sum, beyond rounding; the safety gate changes only the grade."""
        if self.card.total is None or self.sum is None:
            return ZERO
        less = self.sum.quantize(Decimal("0.01")) - self.card.total
        return less if abs(less) >= Decimal("0.02") else ZERO

    @property
    def next_grade(self) -> tuple[str, Decimal] | None:
        """The grade above and how many points are missing; None at the top."""
        if self.card.total is None:
            return None
        above = [(letter, least - self.card.total) for letter, least in self.rules.grades]
        above = [pair for pair in above if pair[1] > 0]
        return min(above, key=lambda pair: pair[1]) if above else None

    @property
    def change(self) -> Decimal | None:
        if self.card.total is None or self.compared is None or self.compared.total is None:
            return None
        return self.card.total - self.compared.total

    @property
    def dims(self) -> list[tuple]:
        """Rows of the small table of dimensions: label, points, weight as a share of 1."""
        return [(row.label, row.points, row.weight / HUNDRED) for row in self.dimensions]

    def indicator(self, code: str) -> IndicatorRow | None:
        rows = (row for dimension in self.dimensions for row in dimension.indicators)
        return next((row for row in rows if row.code == code), None)


def compared_card(card: Scorecard) -> Scorecard | None:
    """The same manager's card of the night a score is compared with."""
    night = night_before(card.night, card.period.code)
    if night is None:
        return None
    return (
        Scorecard.objects.select_related("period", "night").filter(night=night, manager=card.manager).first()
    )


def sheet(card: Scorecard) -> Sheet:
    """Open `card`: a fixed number of queries whatever the indicators hold."""
    rules = rules_of(card.period.scheme.content)
    compared = compared_card(card)
    before_points = points_of(compared) if compared else {}
    before = dict(compared.results.values_list("code", "points")) if compared else {}
    results = {row.code: row for row in card.results.all()}
    middle = bands(card.night, card.line)
    weights = rules.dimension_weights[card.line]
    points_now = points_of(card)
    live = sum(weights[code] for code in Dimension.values if points_now[code] is not None)
    dimensions = []
    for code in Dimension.values:
        mine = points_now[code]
        rows = [
            IndicatorRow(results[name], rules.indicators[name], before.get(name))
            for name, indicator in BY_CODE.items()
            if indicator.dimension == code and name in results
        ]
        dimensions.append(
            DimensionRow(
                code=code,
                weight=weights[code],
                points=mine,
                weighted=None if mine is None else mine * weights[code] / live,
                band=middle.get(code),
                before=before_points.get(code),
                indicators=rows,
            )
        )
    return Sheet(card, rules, dimensions, compared, middle.get("total"))


@dataclass(frozen=True)
class Formula:
    """How a value and its points came about, as lines of `(words, figures)`; peers' values without names."""

    lines: list[tuple[str, str]]
    curve_points: Decimal | None
    peers: list[float]
    lower: int
    higher: int


def formula(sheet: Sheet, row: IndicatorRow) -> Formula:
    """Write out `row` with its numbers."""
    words, result = WORDS[row.code], row.result
    lines = [(f"{words.above} ÷ {words.below}", _division(sheet, row))]
    curve = None
    if row.is_measured:
        limits = row.limits
        curve = points(result.value, low=limits.low, passing=limits.passing, top=limits.top)
        if abs(curve - result.points) > Decimal("0.0001"):
            lines.append(_with_percentile(sheet, row, curve))
        else:
            lines.append((_("points on the curve"), f"{row.value} → {trimmed(result.points, 2)}"))
    peers = peer_values(sheet.card, row.code)
    mine = float(result.value) if result.value is not None else None
    enough = len(peers) >= MIN_PEERS and mine is not None
    return Formula(
        lines,
        curve,
        peers if enough else [],
        sum(value < mine for value in peers) if enough else 0,
        sum(value > mine for value in peers) if enough else 0,
    )


def _division(sheet: Sheet, row: IndicatorRow) -> str:
    """`5.6万 ÷ 5.5万 = 1.0148`; with the peers' share where few answers are pulled to their mean."""
    result, unit = row.result, row.unit
    if not row.is_measured:
        return _("no cases")
    if row.code in {"S1", "S2", "S3"}:
        k = sheet.rules.number("peers", "shrink_customers" if row.code == "S3" else "shrink_answers")
        value = result.value / 1000 if row.code == "S3" else result.value
        peer = (value * (result.denominator + k) - result.numerator) / k
        scale = " × 1000" if row.code == "S3" else ""
        shown = trimmed(peer, 5)
        return f"({row.above} + {k} × {shown}) ÷ ({row.below} + {k}){scale} = {row.value}"
    percent = "100 × " if unit == "percent" else ""
    return f"{percent}{row.above} ÷ {row.below} = {row.value}"


def _with_percentile(sheet: Sheet, row: IndicatorRow, curve: Decimal) -> tuple[str, str]:
    """0.7 × points on the curve + 0.3 × percentile among peers."""
    share = sheet.rules.number("peers", "percentile_share")
    own = 1 - share
    percentile = (row.result.points - own * curve) / share
    words = _("%(own)s × points on the curve + %(share)s × percentile among peers") % {
        "own": own.normalize(),
        "share": share.normalize(),
    }
    sums = f"{own.normalize()} × {trimmed(curve, 2)} + {share.normalize()} × {trimmed(percentile, 2)}"
    return words, f"{sums} = {trimmed(row.result.points, 2)}"


def peer_values(card: Scorecard, code: str) -> list[float]:
    """The same indicator of everyone on the line that night, without names, ascending."""
    values = IndicatorResult.objects.filter(
        scorecard__night=card.night_id, scorecard__line=card.line, code=code, value__isnull=False
    )
    return sorted(float(value) for value in values.values_list("value", flat=True))


def history(card: Scorecard, limit: int = 30) -> list[Scorecard]:
    """The same manager's scores of the last nights up to this one, oldest first."""
    rows = Scorecard.objects.filter(
        manager=card.manager_id,
        total__isnull=False,
        night__business_date__lte=card.night.business_date,
        night__published_at__isnull=False,
    )
    return list(rows.select_related("night", "period").order_by("-night__business_date", "-night")[:limit])[
        ::-1
    ]
