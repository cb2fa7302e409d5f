"""Field kinds that every app uses: public ids, money in fen, rates in hundred-thousandths."""

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


class RateField(models.IntegerField):
    """A yearly rate in hundred-thousandths: 1.55% is 1550."""
