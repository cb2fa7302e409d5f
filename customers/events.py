"""Everything that happened with a customer, from every app, in one list and one query.

An app joins with a tuple of `Source` named in settings.TIMELINE_SOURCES (dotted paths). Each source narrows
its own table to one customer and says in words what a row means; here they are merged, newest first, and
paged by keyset on (moment, source, key).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from django.conf import settings
from django.core import signing
from django.db import connection
from django.db.models import BigIntegerField, CharField, DateTimeField, F, Func, Q, QuerySet, Value
from django.db.models.functions import Cast, JSONObject
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from crm.keyset import BadCursor
from customers.models import Customer

SALT = "customers.events"
COLUMNS = ("event_at", "event_source", "event_key", "event_data")
# Stand-ins in the statement that is written once a process; no row has them.
NOBODY, NO_KEY, NEVER = 2**62 + 7, 2**62 + 11, datetime(1, 1, 2, tzinfo=UTC)
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

    `rows(customer, role)`: a queryset narrowed to the customer, and to what readers of that role may see of
    him. `at`: the expression of its moment. `data`: what `item` needs, as names → expressions.
    `item(data, user)`: the words, as _timeline_item.html takes them.
    """

    code: str
    kind: str
    rows: Callable[[object, object], QuerySet]
    at: object
    data: dict
    item: Callable[[dict, object], dict]

    def query(self, customer, role, after: "Cursor | None", most: int) -> QuerySet:
        """The newest `most` rows behind `after`, as COLUMNS."""
        rows = self.rows(customer, role).annotate(
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
    codes = tuple(s.code for s in sources().values() if kind in ("", s.kind) and s.kind not in without)
    sql, params = _statement(codes, user.role, after.source if after else None, most + 1)
    real = {NOBODY: customer.pk} | ({NO_KEY: after.key, NEVER: after.at} if after else {})
    with connection.cursor() as cursor:
        cursor.execute(sql, _filled(params, real))
        rows = cursor.fetchall()
    items = [
        sources()[source].item(json.loads(told), user) | {"date": timezone.localtime(at)}
        for at, source, _key, told in rows[:most]
    ]
    last = Cursor(*rows[most - 1][:3]) if len(rows) > most else None
    return items, last


def _filled(params: tuple, real: dict) -> list:
    """The parameters with real values in the stand-ins' places."""
    return [real.get(value, value) if isinstance(value, int | datetime) else value for value in params]


@cache
def _statement(codes: tuple, role: str, after: str | None, most: int) -> tuple[str, tuple]:
    """The statement over the sources `codes`, with stand-ins for the customer and the cursor's place.

    Fifteen querysets cost more to put together than PostgreSQL takes to answer: they are put together once.
    `after`: the source at which the page before ended.
    """
    customer = Customer(pk=NOBODY)
    cursor = None if after is None else Cursor(NEVER, after, NO_KEY)
    first, *others = [sources()[code].query(customer, role, cursor, most) for code in codes]
    if others:
        merged = first.union(*others, all=True)
        first = merged.order_by("-event_at", "event_source", "-event_key")[:most]
    return first.query.sql_with_params()
