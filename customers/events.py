"""Everything that happened with a customer, from every app, in one list and one query.

An app joins with a tuple of `Source` named in settings.TIMELINE_SOURCES (dotted paths). Each source narrows
its own table to one customer and says in words what a row means; here they are merged, newest first, and
paged by keyset on (moment, source, key).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from django.conf import settings
from django.core import signing
from django.db.models import BigIntegerField, CharField, DateTimeField, F, Func, Q, QuerySet, Value
from django.db.models.functions import Cast, JSONObject
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from crm.keyset import BadCursor

SALT = "customers.events"
COLUMNS = ("event_at", "event_source", "event_key", "event_data")
KINDS = {
    "contact": _("Contacts"),
    "channel": _("Channels"),
    "product": _("Products"),
    "credit": _("Credit"),
    "service": _("Service"),
    "marketing": _("Marketing"),
    "manager": _("Manager"),
    "stage": _("Stage and tier"),
    "profile": _("Profile"),
}


@dataclass(frozen=True)
class Source:
    """One kind of event. `code` names it in cursors and orders what happened at one moment.

    `rows(customer, user)`: a queryset narrowed to
    the customer and to what the reader may see of him. `at`: the expression of its moment. `data`: what
    `item` needs, as names → expressions. `item(data, user)`: the words, as _timeline_item.html takes them.
    """

    code: str
    kind: str
    rows: Callable[[object, object], QuerySet]
    at: object
    data: dict
    item: Callable[[dict, object], dict]

    def query(self, customer, user, after: "Cursor | None", most: int) -> QuerySet:
        """The newest `most` rows behind `after`, as COLUMNS."""
        rows = self.rows(customer, user).annotate(
            event_at=Cast(self.at, DateTimeField()),
            event_source=Value(self.code, CharField()),
            event_key=Cast(F("pk"), BigIntegerField()),
            event_data=JSONObject(**self.data),
        )
        if after is not None:
            rows = rows.filter(self._behind(after))
        return rows.order_by("-event_at", "-event_key").values_list(*COLUMNS)[:most]

    def _behind(self, after):
        if self.code == after.source:
            return Q(event_at__lt=after.at) | Q(event_at=after.at, event_key__lt=after.key)
        return Q(event_at__lte=after.at) if self.code > after.source else Q(event_at__lt=after.at)


@dataclass(frozen=True)
class Cursor:
    at: datetime
    source: str
    key: int

    def packed(self, order: str) -> str:
        told = [order, self.at.isoformat(), self.source, self.key]
        return signing.Signer(salt=SALT, sep=".").sign_object(told)

    @staticmethod
    def unpacked(text: str, order: str) -> "Cursor":
        """Raises BadCursor where it is damaged or belongs to another list."""
        try:
            told, at, source, key = signing.Signer(salt=SALT, sep=".").unsign_object(text)
            cursor = Cursor(datetime.fromisoformat(at), str(source), int(key))
        except (signing.BadSignature, ValueError, TypeError) as error:
            raise BadCursor("damaged") from error
        if told != order:
            raise BadCursor("another list")
        return cursor


def day_start(column: str) -> Func:
    """The moment at which a day of the bank begins: what has a date only stands there."""
    return Func(
        F(column),
        template="((%(expressions)s)::timestamp AT TIME ZONE 'Asia/Shanghai')",
        output_field=DateTimeField(),
    )


@cache
def sources() -> dict[str, Source]:
    """Every source by its code, as the settings name them."""
    every = [source for path in settings.TIMELINE_SOURCES for source in import_string(path)]
    return {source.code: source for source in every}


def events_of(
    customer, user, *, kind: str = "", without: tuple = (), after: Cursor | None = None, most: int
) -> tuple[list[dict], Cursor | None]:
    """Up to `most` items, newest first, and the cursor of the page after, if there is one: one query.

    `kind` narrows to one kind, `without` leaves kinds out.
    """
    chosen = [s for s in sources().values() if kind in ("", s.kind) and s.kind not in without]
    queries = [source.query(customer, user, after, most + 1) for source in chosen]
    first, *others = queries
    if others:
        merged = first.union(*others, all=True)
        first = merged.order_by("-event_at", "event_source", "-event_key")[: most + 1]
    rows = list(first)
    items = [sources()[source].item(data, user) | {"date": at} for at, source, _key, data in rows[:most]]
    last = Cursor(*rows[most - 1][:3]) if len(rows) > most else None
    return items, last
