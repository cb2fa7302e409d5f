"""Keyset paging: a page starts where the last one ended, by an index condition, never by OFFSET.

A list is a sequence of segments, each with its own narrowed queryset and its own order; what is unknown
(null) stands in a segment of its own, because a null has no place in a row comparison. Cursors are signed:
nobody can make one up, and one that belongs to another list or order is refused with BadCursor.
"""

from dataclasses import dataclass
from datetime import date, datetime

from django.core import signing
from django.db.models import BooleanField, F, Func, QuerySet, Value

SALT = "crm.keyset"


class BadCursor(ValueError):
    """The cursor is damaged, or it belongs to another list: start the list anew."""


@dataclass(frozen=True)
class Segment:
    """Rows in one order. `columns` share a direction: ("next_date", "id") or ("-aum_fen", "-customer_id").

    The last column is the row's key, unique in the whole list.
    """

    rows: QuerySet
    columns: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.lstrip("-") for column in self.columns)

    @property
    def falls(self) -> bool:
        return self.columns[0].startswith("-")


@dataclass(frozen=True)
class Place:
    """Where a row stands: the number of its segment and its values there, the key last."""

    segment: int
    values: tuple

    @property
    def key(self):
        return self.values[-1]


@dataclass(frozen=True)
class Page:
    """Places in list order; `next_place` is the first row of the page after, if there is one."""

    places: list[Place]
    has_previous: bool
    next_place: Place | None

    @property
    def keys(self) -> list:
        return [place.key for place in self.places]


class RowComparison(Func):
    """`(a, b) > (x, y)`: one condition that an index on (a, b) answers."""

    output_field = BooleanField()
    arity = None

    def __init__(self, columns, operator, values):
        self.operator, self.width = operator, len(columns)
        super().__init__(*[F(column) for column in columns], *[Value(value) for value in values])

    def as_sql(self, compiler, connection, **_context):
        parts, params = [], []
        for expression in self.source_expressions:
            sql, values = compiler.compile(expression)
            parts.append(sql)
            params.extend(values)
        left, right = ", ".join(parts[: self.width]), ", ".join(parts[self.width :])
        return f"({left}) {self.operator} ({right})", params


def pack(place: Place, order: str) -> str:
    """Sign a place of the list in `order` (any text that tells lists apart) for an address."""
    values = [value.isoformat() if isinstance(value, date | datetime) else value for value in place.values]
    return signing.Signer(salt=SALT, sep=".").sign_object([order, place.segment, *values])


def unpack(text: str, order: str, segments: list[Segment]) -> Place:
    """Return the place a cursor names; BadCursor if it is damaged or was given for another order."""
    try:
        told, number, *values = signing.Signer(salt=SALT, sep=".").unsign_object(text)
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise BadCursor("damaged") from error
    if told != order or not 0 <= number < len(segments) or len(values) != len(segments[number].columns):
        raise BadCursor("another list")
    return Place(number, _typed(segments[number], values))


def cursors(query, order: str, segments: list[Segment]) -> dict[str, Place]:
    """Return `after` and `before` of an address (QueryDict) as read_page takes them; BadCursor as unpack."""
    return {name: unpack(query[name], order, segments) for name in ("after", "before") if query.get(name)}


def read_page(
    segments: list[Segment], size: int, after: Place | None = None, before: Place | None = None
) -> Page:
    """Read up to `size` places behind `after`, before `before`, or from the start.

    One query for each segment touched; a full page usually touches one.
    """
    backwards = before is not None
    found = _walk(segments, size + 1, before if backwards else after, backwards)
    more = len(found) > size
    if not backwards:
        return Page(found[:size], after is not None, found[size] if more else None)
    kept = found[:size][::-1]
    return Page(kept, more, before)


def neighbours(segments: list[Segment], place: Place) -> tuple[Place | None, Place | None]:
    """The rows just before and just behind `place`."""
    before = _walk(segments, 1, place, backwards=True)
    behind = _walk(segments, 1, place, backwards=False)
    return (before[0] if before else None), (behind[0] if behind else None)


def place_number(segments: list[Segment], place: Place, most: int) -> int | None:
    """How far down the list `place` stands, counted from 1; None beyond `most`."""
    ahead = len(_walk(segments, most, place, backwards=True))
    return None if ahead >= most else ahead + 1


def _walk(segments, size, start, backwards):
    """Up to `size` places from `start` on (not included), crossing segments."""
    order = range(len(segments) - 1, -1, -1) if backwards else range(len(segments))
    found = []
    for number in order:
        if start is not None and (number > start.segment if backwards else number < start.segment):
            continue
        if len(found) == size:
            break
        segment = segments[number]
        falls = segment.falls != backwards
        rows = segment.rows
        if start is not None and number == start.segment:
            rows = rows.filter(RowComparison(segment.names, "<" if falls else ">", start.values))
        names = segment.names
        ordered = rows.order_by(*(f"-{name}" if falls else name for name in names))
        found += [Place(number, tuple(row)) for row in ordered.values_list(*names)[: size - len(found)]]
    return found


def _typed(segment, values):
    """The values as their columns hold them; a date came as text."""
    try:
        return tuple(
            segment.rows.model._meta.get_field(name).to_python(value)
            for name, value in zip(segment.names, values, strict=True)
        )
    except Exception as error:  # whatever a field says of a wrong value
        raise BadCursor("values of another kind") from error
