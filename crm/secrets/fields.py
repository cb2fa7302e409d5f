"""Fields of encrypted values: text in Python, an envelope in the table, a keyed hash beside it.

A model that holds a data key has `wrapped_key = WrappedKeyField()`; its own and its relatives' encrypted
fields name it by `holder`. `row` names the attribute that the envelope is bound to.
"""

from operator import attrgetter

from django.core.exceptions import FieldError
from django.db import models, transaction
from django.db.models.query_utils import DeferredAttribute

from crm.secrets.cipher import DataKey, place
from crm.secrets.errors import Erased, SecretError
from crm.secrets.keys import keyed_hash, keyring, unwrap


class Sealed(bytes):
    """An envelope as the table holds it; its repr tells its length only."""

    def __repr__(self):
        return f"<encrypted, {len(self)} bytes>"

    __str__ = __repr__


class _Opened(DeferredAttribute):
    """Reads as text, decrypting what came from the database at each reading."""

    def __get__(self, instance, cls=None):
        if instance is None:
            return self
        if self.field.attname not in instance.__dict__:
            instance.refresh_from_db(fields=[self.field.attname])
        held = instance.__dict__[self.field.attname]
        return self.field.opened(instance, held) if isinstance(held, Sealed) else held

    def __set__(self, instance, value):
        instance.__dict__[self.field.attname] = value


class _Envelope(models.BinaryField):
    """What encrypted columns share: envelopes in, envelopes out, nothing to look up by."""

    def from_db_value(self, value, expression, connection):
        return None if value is None else Sealed(value)

    def to_python(self, value):
        return value

    def get_db_prep_value(self, value, connection, prepared=False):
        if value is not None and not isinstance(value, Sealed):
            raise FieldError(
                f"{self.model.__name__}.{self.name} is encrypted: set it on an instance and save that; "
                "look it up by its keyed hash."
            )
        return super().get_db_prep_value(value and bytes(value), connection, prepared)

    def get_lookup(self, name):
        return super().get_lookup(name) if name in {"isnull", "exact"} else None

    def value_from_object(self, obj):
        """What serializers and forms get: the envelope, never the text."""
        held = obj.__dict__.get(self.attname)
        return held if isinstance(held, Sealed) else None


class EncryptedCharField(_Envelope):
    """A class C2 text under its customer's data key; empty is NULL."""

    descriptor_class = _Opened

    def __init__(self, *args, row: str = "pk", holder: str = "", **kwargs):
        self.row, self.holder = row, holder
        super().__init__(*args, **kwargs)

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, kwargs | {"row": self.row, "holder": self.holder}

    def place_of(self, instance) -> bytes:
        # a row of history keeps the envelopes of the record it tells of
        model = getattr(self.model, "pgh_tracked_model", self.model)
        return place(model._meta.db_table, self.column, getattr(instance, self.row))

    def opened(self, instance, sealed: Sealed) -> str:
        return data_key_of(self._holder(instance)).opened(sealed, self.place_of(instance))

    def pre_save(self, instance, add):
        held = instance.__dict__.get(self.attname)
        if held is None or held == "" or isinstance(held, Sealed):
            return held or None
        if self.max_length and len(held) > self.max_length:
            raise SecretError(f"{self.name} is longer than {self.max_length} characters: shorten it.")
        return Sealed(data_key_of(self._holder(instance), make=True).seal(held, self.place_of(instance)))

    def _holder(self, instance):
        instance = getattr(instance, "pgh_obj", instance)
        return attrgetter(self.holder)(instance) if self.holder else instance


class _Derived:
    """A column that is worked out of the encrypted field `of` whenever a new text of that is saved."""

    def __init__(self, *args, of: str = "", **kwargs):
        self.of = of
        super().__init__(*args, **kwargs)

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, kwargs | {"of": self.of}

    def pre_save(self, instance, add):
        held = instance.__dict__.get(self.of)
        if not isinstance(held, Sealed):
            setattr(instance, self.attname, self.derived(held or ""))
        return getattr(instance, self.attname)


class KeyedHashField(_Derived, models.BinaryField):
    """The keyed hash of the encrypted field `of`, of kind `kind`, kept when that is saved; with `tail` of its
    last so many characters.

    Looked up by the text itself (in its one form), which it hashes: `filter(number_hash="6200…")`.
    """

    def __init__(self, *args, kind: str = "", tail: int = 0, **kwargs):
        self.kind, self.tail = kind, tail
        super().__init__(*args, **kwargs)

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        tail = {"tail": self.tail} if self.tail else {}
        return name, path, args, kwargs | {"kind": self.kind} | tail

    def get_db_prep_value(self, value, connection, prepared=False):
        if isinstance(value, str):
            value = keyed_hash(self.kind, value)
        return super().get_db_prep_value(value, connection, prepared)

    def derived(self, text: str) -> bytes | None:
        return keyed_hash(self.kind, text[-self.tail :]) if text else None


class LastFourField(_Derived, models.CharField):
    """The last four of the encrypted field `of`: what a screen may show without opening anything."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs | {"max_length": 4, "editable": False})

    def derived(self, text: str) -> str:
        return last_four(text)


class WrappedKeyField(_Envelope):
    """A customer's data key, wrapped by a master key; made with the row, NULL when destroyed."""

    def pre_save(self, instance, add):
        if add and instance.__dict__.get(self.attname) is None:
            setattr(instance, self.attname, Sealed(keyring().wrap(DataKey.new(), key_place(instance))))
        return instance.__dict__.get(self.attname)


def last_four(value: str) -> str:
    """The last four of an account number; nothing of one that has no more than four."""
    return value[-4:] if len(value) > 4 else ""


def key_place(holder) -> bytes:
    """The place of the wrapped key of a row."""
    return place(holder._meta.db_table, "wrapped_key", holder.pk)


def data_key_of(holder, *, make: bool = False) -> DataKey:
    """Return the data key of a row that holds one, with `make` a new one where it has none yet.

    Raises Erased where the key was destroyed.
    """
    if holder.erased_on:
        raise Erased("This customer's personal data were erased: they cannot be read or written again.")
    if holder.wrapped_key is None:
        if not make:
            raise SecretError(f"{holder._meta.label} {holder.pk} has no key: its values cannot be read.")
        _make_key(holder)
    return unwrap(holder.wrapped_key, key_place(holder))


def _make_key(holder) -> None:
    """Give a saved row its data key; of two who try at once, the first one's stays."""
    made = Sealed(keyring().wrap(DataKey.new(), key_place(holder)))
    if holder._state.adding:
        holder.wrapped_key = made
        return
    rows = type(holder)._default_manager.filter(pk=holder.pk)
    with transaction.atomic():
        rows.filter(wrapped_key=None, erased_on=None).update(wrapped_key=made)
        holder.refresh_from_db(fields=["wrapped_key", "erased_on"])
