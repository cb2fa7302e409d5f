"""Finding a customer by what one has at hand: Chinese name, pinyin initials, customer number; and by a whole
document number, mobile or account number, of which the database knows the keyed hash alone."""

import unicodedata

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q

from customers.formats import normal_document, normal_mobile
from customers.models import Account, CustomerIdentity

LONGEST = 60
SHORTEST_NUMBER = 7  # of digits in a document, mobile or account number; a passport has 7 or more


def clean_words(text: str) -> str:
    """Trim, fold full-width letters and figures, cut at 60 characters."""
    return unicodedata.normalize("NFKC", text or "").replace("\x00", "").strip()[:LONGEST]


def matching(words: str) -> Q:
    """Return the condition on Customer for `words`, or an empty Q for nothing to look for.

    Each part has its index: two-character infixes of the name (tsvector), pinyin initials (trigrams),
    number (prefix). One character alone is a prefix of the name: an infix of one would be half the bank.
    """
    words = clean_words(words)
    if not words:
        return Q()
    if not words.isascii():
        return in_name(words)
    found = Q(number__startswith=words.upper())
    if sum(letter.isdigit() for letter in words) >= SHORTEST_NUMBER:
        found |= Q(pk__in=_holders(words))
    letters = words.replace(" ", "").lower()
    if letters.isalpha():
        found |= Q(initials__startswith=letters)
    if len(words) > 1 and not words.isdigit():
        found |= in_name(words)
    return found


def _holders(words: str) -> list[int]:
    """The customers (ids) whose document, mobile or account number is `words`: one look at three indexes."""
    identities = CustomerIdentity.objects.order_by().values_list("customer_id", flat=True)
    documents = identities.filter(document_hash=normal_document(words))
    mobiles = identities.filter(mobile_hash=normal_mobile(words))
    accounts = Account.objects.order_by().filter(number_hash=words).values_list("customer_id", flat=True)
    return list(documents.union(mobiles, accounts))


def in_name(words: str) -> Q:
    """Names that hold `words`."""
    folded = words.lower()
    if len(words) == 1:
        return Q(name__startswith=words) & Q(name_bigrams=_bigrams(f"{_quoted(folded)}:*"))
    pairs = sorted({folded[at : at + 2] for at in range(len(folded) - 1)})
    # the infixes find, the name itself confirms: 张伟张 holds 张伟 and 伟张 but not 伟张伟
    return Q(name_bigrams=bigram_search([pairs])) & Q(name__icontains=words)


def bigram_search(choices: list[list[str]]) -> SearchQuery:
    """The search for names that hold every pair of characters of at least one of the choices."""
    return _bigrams(" | ".join(f"({' & '.join(map(_quoted, pairs))})" for pairs in choices))


def _quoted(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def _bigrams(raw):
    return SearchQuery(raw, search_type="raw", config="simple")
