"""Search over every customer a user may see: what was typed tells the ways to look, best first.

A way is one condition with an index of its own; a customer stands in the first way that finds him. Text
operators are not leakproof, so under row-level security their indexes would come last and a branch of 250,000
customers would be read whole. The ids are therefore looked up beyond the second wall, narrowed by
`visible_to`; what is shown of them is read inside it, where a foreign one vanishes.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from contextlib import contextmanager
from datetime import date
from typing import NamedTuple
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import connection
from django.db.models import BooleanField, Func, Q, TextField, Value

from crm import keyset
from crm.wall.scope import beyond_scope
from customers.formats import normal_document, normal_mobile
from customers.models import Account, Customer, CustomerIdentity, Interaction
from customers.names import LONGEST_SOUND, folded, sound
from customers.selectors.search import bigram_search, clean_words, in_name

PAGE, QUICK = 30, 8
MOST = 300  # found by one way: who has more types more
ENOUGH = 5  # found by what was typed itself: then nobody looks for slips
SLIPS = ("sound", "near")
TAIL = 4  # digits of a mobile number that are enough to look for
SHORTEST_NUMBER = 7  # a passport has seven characters
SHORTEST_PINYIN, SHORTEST_MISHEARD = 3, 5
LONGEST_PERSON = 4
NOTES_LOOKED_AT = 2000  # of one's own contacts, newest first
LETTERS = "abcdefghijklmnopqrstuvwxyz"


class SoundsOneOf(Func):
    """The customer's sound is one of many texts, given as one array that is read once: planning a list of 500
    would take longer than asking the index for them."""

    output_field = BooleanField()
    template = "customers_customer.sound = ANY(ARRAY(SELECT unnest(%(expressions)s::text[])))"

    def __init__(self, sounds: list[str]):
        super().__init__(Value(sounds, output_field=ArrayField(TextField())))


class Way(NamedTuple):
    """One way to find a customer. `why` is its code: the view says it in words."""

    why: str
    condition: Q


class Hit(NamedTuple):
    """A customer found: who he is, and by which way."""

    id: int
    public_id: UUID
    number: str
    name: str
    kind: str
    tier: str
    closed_on: date | None
    branch: str
    lead: str | None
    aum_fen: int | None
    why: str


class Found(NamedTuple):
    """A page of what a search found; `is_capped` where one way has found as many as it looks for."""

    page: keyset.Page
    hits: list[Hit]
    is_capped: bool


HITS = """
SELECT c.id, c.public_id, c.number, c.name, c.kind, c.tier, c.closed_on, b.name, u.name, s.aum_fen
FROM unnest(%(ids)s::bigint[]) WITH ORDINALITY AS wanted (id, place)
JOIN customers_customer AS c ON c.id = wanted.id
JOIN managers_branch AS b ON b.id = c.branch_id
LEFT JOIN managers_manager AS m ON m.id = c.lead_id
LEFT JOIN managers_user AS u ON u.id = m.user_id
LEFT JOIN customers_standing AS s ON s.night_id = %(night)s AND s.customer_id = c.id
ORDER BY wanted.place
"""


def ways(words: str) -> list[Way]:
    """The ways that suit what was typed, best first; none for nothing typed."""
    words = clean_words(words)
    if not words:
        return []
    return _by_signs(words) if words.isascii() else _by_characters(words)


def find(user, words: str, night_id: int | None, size: int, after: str = "", before: str = "") -> "Found":
    """Return a page of `size` customers; `after` and `before` are signed cursors.

    Raises keyset.BadCursor for a cursor of another search.
    """
    found = ways(words)
    cursor = _cursor(words, found, after or before)
    with beyond_scope():
        places = _places(Customer.objects.visible_to(user), found)
    page = _page(places, size, cursor, backwards=bool(before and not after))
    hits = _hits({place.key: found[place.segment].why for place in page.places}, night_id)
    return Found(
        page, hits, is_capped=max(Counter(place.segment for place in places).values(), default=0) >= MOST
    )


def _places(customers, found: list[Way]) -> list[keyset.Place]:
    """Where everybody found stands: by way, then by id, each once; slips only where little else is found."""
    places, seen = [], set()
    with _by_index_alone():
        for number, way in enumerate(found):
            if way.why in SLIPS and len(places) >= ENOUGH:
                continue
            fresh = sorted(_ids(customers.filter(way.condition)) - seen)
            seen.update(fresh)
            places += [keyset.Place(number, (pk,)) for pk in fresh]
    return places


def _ids(rows) -> set[int]:
    """Up to MOST ids. The limit is hidden from the planner: it would else walk the whole bank in some order,
    hoping to meet a few soon, where the index of the way knows that there are none."""
    sql, values = rows.order_by().values_list("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM ({sql}) AS found (id) LIMIT (SELECT {MOST})", values)
        return {pk for (pk,) in cursor.fetchall()}


@contextmanager
def _by_index_alone():
    """No reading of the whole table, which begins where another's reading stands: the first MOST stay the
    same from page to page."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('enable_seqscan', 'off', true)")
        yield
        cursor.execute("SELECT set_config('enable_seqscan', 'on', true)")


def _cursor(words, found, text):
    if not text:
        return None
    nobody = [keyset.Segment(Customer.objects.none(), ("id",)) for _way in found]
    place = keyset.unpack(text, order_of(words), nobody)
    return place.segment, place.key


def _page(places, size, cursor, *, backwards):
    """The places behind the cursor, or those before it."""
    keys = [(place.segment, place.key) for place in places]
    if backwards:
        end = bisect_left(keys, cursor)
        start = max(end - size, 0)
    else:
        start = bisect_right(keys, cursor) if cursor else 0
        end = start + size
    return keyset.Page(places[start:end], start > 0, places[end] if end < len(places) else None)


def order_of(words: str) -> str:
    """What the cursors of a search are signed for."""
    return f"find:{clean_words(words)}"


def own_contacts(manager, words: str, most: int) -> list[Interaction]:
    """The newest of `manager`'s own contacts whose note or next step holds `words`, among his last 2,000."""
    words = clean_words(words)
    if manager is None or len(words) < 2:
        return []
    newest = Interaction.objects.filter(manager=manager).order_by("-happened_at").values("pk")
    holding = Q(note__icontains=words) | Q(next_step__icontains=words)
    rows = Interaction.objects.filter(holding, pk__in=newest[:NOTES_LOOKED_AT])
    rows = rows.filter(customer__in=Customer.objects.visible_to(manager.user))
    return list(rows.select_related("customer").order_by("-happened_at", "-id")[:most])


def _hits(whys: dict[int, str], night_id: int | None) -> list[Hit]:
    if not whys:
        return []
    with connection.cursor() as cursor:
        cursor.execute(HITS, {"ids": list(whys), "night": night_id or 0})
        return [Hit(*row, whys[row[0]]) for row in cursor.fetchall()]


def _by_characters(words: str) -> list[Way]:
    """Chinese: the name, then one that sounds the same, then one with a slip."""
    heard = sound(words)
    # the name itself by its sound: the pairs of 有限公司 are in every company's name
    whole = Q(sound__in={heard, sound(words, is_person=False)}, name=words)
    found = [Way("name", whole), Way("name", in_name(words))]
    if len(words) > 1:
        found.append(Way("sound", Q(sound=heard) if len(words) < LONGEST_PERSON else _begins(heard)))
    if len(words) > LONGEST_PERSON:
        found.append(Way("near", _one_character_off(words)))
    if 1 < len(words) <= LONGEST_PERSON and len(heard) >= SHORTEST_MISHEARD:
        found.append(Way("near", Q(SoundsOneOf(slips(heard)))))
    return found


def _by_signs(words: str) -> list[Way]:
    """Letters and digits: numbers whole, then begun, then a mobile's tail, then initials and pinyin."""
    upper, letters = words.upper(), words.replace(" ", "").replace("'", "").lower()
    found = [Way("number", Q(number=upper))]
    if sum(sign.isdigit() for sign in words) >= SHORTEST_NUMBER:
        found += _by_secret(words)
    if len(words) == TAIL and words.isdigit():
        tails = CustomerIdentity.objects.filter(mobile_tail_hash=words).order_by()
        found.append(Way("tail", Q(pk__in=tails.values("customer_id"))))
    if len(words) > 1:
        found.append(Way("number", Q(number__startswith=upper)))
    if letters.isalpha():
        found += _by_letters(letters)
    if len(words) > 1 and not words.isdigit():
        found.append(Way("name", in_name(words)))
    if letters.isalpha() and len(letters) >= SHORTEST_MISHEARD:
        found.append(Way("near", Q(SoundsOneOf(slips(folded(letters))))))
    return found


def _by_secret(words: str) -> list[Way]:
    """A whole document, mobile or account number: the database knows its keyed hash alone."""
    identities = CustomerIdentity.objects.order_by()
    documents = identities.filter(document_hash=normal_document(words))
    mobiles = identities.filter(mobile_hash=normal_mobile(words))
    accounts = Account.objects.order_by().filter(number_hash=normal_document(words))
    told = (("document", documents), ("mobile", mobiles), ("account", accounts))
    return [Way(why, Q(pk__in=rows.values("customer_id"))) for why, rows in told]


def _by_letters(letters: str) -> list[Way]:
    found = [Way("initials", Q(initials__startswith=letters))]
    if len(letters) >= SHORTEST_PINYIN:
        found.append(Way("pinyin", _begins(folded(letters))))
    return found


def _begins(heard: str) -> Q:
    """A sound that begins so, as a range: the index on (sound) in C order answers it."""
    heard = heard[:LONGEST_SOUND]
    return Q(sound__gte=heard, sound__lt=heard + "~") if heard else Q(pk__in=[])


def _one_character_off(words: str) -> Q:
    """Names that hold every pair of characters but the two that one wrong character breaks."""
    pairs = [words[at : at + 2].lower() for at in range(len(words) - 1)]
    kept = [
        sorted({pair for at, pair in enumerate(pairs) if at not in (wrong - 1, wrong)})
        for wrong in range(len(words))
    ]
    return Q(name_bigrams=bigram_search(kept))


def slips(heard: str) -> list[str]:
    """Every text one slip away from `heard` (a letter too many, too few, another, two swapped), the first
    letter being right; none for what is too long to be a person's name."""
    if len(heard) > LONGEST_SOUND // 2:
        return []
    found = set()
    for at in range(1, len(heard) + 1):
        head, tail = heard[:at], heard[at:]
        found.update(head + letter + tail for letter in LETTERS)
        if tail:
            found.add(head + tail[1:])
            found.update(head + letter + tail[1:] for letter in LETTERS)
        if len(tail) > 1:
            found.add(head + tail[1] + tail[0] + tail[2:])
    return sorted(found - {heard})
