"""Field kinds that every app uses: public ids, money in fen, rates in hundred-thousandths."""

import struct
import uuid

from django.db import models


class PublicIdField(models.UUIDField):
    """The identifier that stands in URLs; the integer key never leaves the house."""

    def __init__(self, *args, **kwargs):
        kwargs |= {"default": uuid.uuid4, "db_default": GenRandomUUID(), "unique": True, "editable": False}
        super().__init__(*args, **kwargs)

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        for key in ("default", "db_default", "unique", "editable"):
            kwargs.pop(key, None)
        return name, path, args, kwargs


class GenRandomUUID(models.Func):
    """PostgreSQL's gen_random_uuid(): rows that COPY brings get their public id from the database."""

    function = "gen_random_uuid"
    template = "%(function)s()"
    output_field = models.UUIDField()


class FenField(models.BigIntegerField):
    """Money in integer fen (分): sums are exact. Decimal yuan only at the edge (crm.money)."""


class FenListField(models.BinaryField):
    """`size` amounts in integer fen, None where unknown, as one value: eight bytes each, big-endian.

    A night writes such a list for every customer; in an array each amount would be converted apart.
    """

    UNKNOWN = -(1 << 63)

    def __init__(self, *args, size: int, **kwargs):
        super().__init__(*args, **kwargs)
        self.size = size

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, kwargs | {"size": self.size}

    def read(self, value) -> list[int | None]:
        """The amounts in the database's value."""
        return [None if fen == self.UNKNOWN else fen for fen in struct.unpack(f">{self.size}q", value)]

    def from_db_value(self, value, expression, connection):
        return None if value is None else self.read(value)

    def get_db_prep_value(self, value, connection, prepared=False):
        if isinstance(value, list | tuple):
            known = (self.UNKNOWN if fen is None else fen for fen in value)
            value = struct.pack(f">{self.size}q", *known)
        return super().get_db_prep_value(value, connection, prepared)


class RateField(models.IntegerField):
    """A yearly rate in hundred-thousandths: 1.55% is 1550."""
