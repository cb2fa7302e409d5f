"""Keyset paging: every row once, in order, forwards and backwards, over nulls; cursors nobody can make up."""

from datetime import date

import pytest

from crm import keyset
from customers.models import Customer
from tests.factories import make_customer

DATES = [None, date(2026, 7, 1), date(2026, 7, 1), None, date(2026, 6, 30), date(2026, 8, 2), None]


def lists(falls=False):
    columns = ("-next_date", "-id") if falls else ("next_date", "id")
    every = Customer.objects.all()
    return [
        keyset.Segment(every.filter(next_date__isnull=False), columns),
        keyset.Segment(every.filter(next_date=None), ("id",)),
    ]


@pytest.fixture
def customers(branch):
    return [make_customer(f"客户{n}", branch=branch, next_date=day) for n, day in enumerate(DATES)]


def expected(customers, falls=False):
    known = [c for c in customers if c.next_date]
    known.sort(key=lambda c: (c.next_date, c.pk), reverse=falls)
    return [c.pk for c in known + [c for c in customers if c.next_date is None]]


@pytest.mark.parametrize("falls", [False, True])
def test_pages_forwards_give_every_row_once_in_order(customers, falls):
    for size in (1, 2, 3, 10):
        read_forwards(customers, size, falls)


def read_forwards(customers, size, falls):
    segments, after, seen = lists(falls), None, []
    while True:
        page = keyset.read_page(segments, size, after=after)
        seen += page.keys
        assert page.has_previous == (after is not None)
        if page.next_place is None:
            break
        after = page.places[-1]
        assert page.next_place.key == expected(customers, falls)[len(seen)]
    assert seen == expected(customers, falls)


def test_pages_backwards_give_the_same_rows(customers):
    for size in (1, 2, 3):
        read_backwards(customers, size)


def read_backwards(customers, size):
    segments = lists()
    last = keyset.read_page(segments, 10).places[-1]
    seen, before = [last.key], last
    while True:
        page = keyset.read_page(segments, size, before=before)
        seen = page.keys + seen
        assert page.next_place == before
        if not page.has_previous:
            break
        before = page.places[0]
    assert seen == expected(customers)


def test_neighbours_and_number_of_a_place(customers):
    segments = lists()
    places = keyset.read_page(segments, 10).places
    for number, place in enumerate(places, 1):
        before, behind = keyset.neighbours(segments, place)
        assert before == (places[number - 2] if number > 1 else None)
        assert behind == (places[number] if number < len(places) else None)
        assert keyset.place_number(segments, place, 100) == number
    assert keyset.place_number(segments, places[5], 3) is None


def test_cursor_comes_back_as_it_went(customers):
    segments = lists()
    for place in keyset.read_page(segments, 10).places:
        assert keyset.unpack(keyset.pack(place, "next"), "next", segments) == place


def test_cursor_that_is_damaged_is_refused(db):
    for told in ("", "x", "WzFd.bad", "é", "a.b.c"):
        with pytest.raises(keyset.BadCursor):
            keyset.unpack(told, "next", lists())


def test_cursor_of_another_order_is_refused(customers):
    segments = lists()
    cursor = keyset.pack(keyset.read_page(segments, 1).places[0], "next")
    with pytest.raises(keyset.BadCursor):
        keyset.unpack(cursor, "value", segments)
    with pytest.raises(keyset.BadCursor):
        keyset.unpack(cursor[:-2] + "xx", "next", segments)
