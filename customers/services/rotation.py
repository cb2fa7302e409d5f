"""Wrapping every customer's data key anew under the current master key, in batches that commit."""

from collections.abc import Iterator

from django.db import transaction

from crm.drafts.models import Draft
from crm.secrets.cipher import master_of
from crm.secrets.errors import SecretError
from crm.secrets.fields import Sealed, data_key_of, key_place
from crm.secrets.keys import keyed_hash, keyring
from crm.signin import factors
from customers.models import CustomerIdentity

BATCH = 1000
SAMPLE = 1000


def rotate(batch: int = BATCH) -> Iterator[tuple[int, int]]:
    """Wrap what an older master wraps; yield (rows looked at, rows wrapped anew) after every batch.

    Each batch commits by itself and what is done stays done: killed anywhere, the next run goes on.
    """
    last = looked = wrapped = 0
    while True:
        with transaction.atomic():
            rows = list(
                CustomerIdentity.objects.select_for_update()
                .filter(pk__gt=last, wrapped_key__isnull=False)
                .only("wrapped_key", "erased_on")
                .order_by("pk")[:batch]
            )
            if not rows:
                return
            old = [row for row in rows if master_of(row.wrapped_key) != keyring().current]
            for row in old:
                row.wrapped_key = Sealed(keyring().wrap(data_key_of(row), key_place(row)))
            CustomerIdentity.objects.bulk_update(old, ["wrapped_key"])
        last, looked, wrapped = rows[-1].pk, looked + len(rows), wrapped + len(old)
        yield looked, wrapped


def masters_in_use() -> set[str]:
    """The ids of the master keys that still wrap a key; a draft keeps its master until it goes (30 days)."""
    keys = CustomerIdentity.objects.filter(wrapped_key__isnull=False).values_list("wrapped_key", flat=True)
    drafts = set(map(master_of, Draft.objects.values_list("wrapped_key", flat=True)))
    return drafts | {master_of(key) for key in keys.iterator(chunk_size=10_000)}


def unknown_masters() -> set[str]:
    """The ids of master keys that wrap something and are not in the key file."""
    return (masters_in_use() | factors.masters_in_use()) - set(keyring().masters)


def sample_opened(count: int) -> tuple[int, int]:
    """Open the personal data of `count` customers drawn by lot; return (customers, values).

    Raises SecretError where the key file does not open a value, or hashes it otherwise than it was found by.
    """
    drawn = CustomerIdentity.objects.filter(wrapped_key__isnull=False).order_by("?")[:count]
    customers = values = 0
    for row in drawn:
        opened = {name: getattr(row, name) for name in ("document_number", "mobile", "address")}
        for kind, name in (("document", "document_number"), ("mobile", "mobile")):
            if opened[name] and keyed_hash(kind, opened[name]) != bytes(getattr(row, f"{kind}_hash")):
                raise SecretError("The search key of the key file is another one: nobody would be found.")
        customers, values = customers + 1, values + sum(1 for value in opened.values() if value)
    return customers, values
