"""How a model joins: `@tracked()` gives it a history model beside it; the triggers follow at `migrate`.

The history models are pghistory's; the triggers are our own (crm.history.triggers says why).
"""

from dataclasses import dataclass

import pghistory
from django.db import models

from crm.fields import PublicIdField

CUSTOMER = "customers.customer"
_RULES: dict[str, "Rule"] = {}


@dataclass(frozen=True)
class Rule:
    """What is kept of one model.

    `exclude`: fields that repeat other records or are secret. `private`: fields whose values the pages of
    history never show whole. `inserts`: whether new rows are kept too (the night's scorecards are not).
    """

    model: type[models.Model]
    event_model: type[models.Model]
    private: frozenset
    inserts: bool

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    @property
    def fields(self) -> list[models.Field]:
        """The tracked model's fields that are kept, in its order."""
        kept = {field.name for field in self.event_model._meta.fields}
        return [field for field in self.model._meta.local_concrete_fields if field.name in kept]

    @property
    def customer_field(self) -> models.Field | None:
        """The field that names the customer whom a row concerns, if there is one."""
        if self.model._meta.label_lower == CUSTOMER:
            return self.model._meta.pk
        for name in ("customer", "subject"):
            for field in self.model._meta.local_concrete_fields:
                if field.name == name and field.is_relation:
                    return field
        return None

    @property
    def customer_column(self) -> str:
        return self.customer_field.column if self.customer_field else ""


def tracked(*, exclude: tuple = (), private: tuple = (), inserts: bool = True):
    """Class decorator: keep the history of this model (see Rule)."""

    def join(model):
        from crm.history.models import RecordHistory  # models load after this module

        event_model = pghistory.create_event_model(
            model,
            *(pghistory.ManualEvent(label) for label in ("insert", "update", "delete")),
            exclude=[*exclude, *_generated(model)],
            obj_field=pghistory.ObjForeignKey(related_name="history"),
            context_field=pghistory.ContextForeignKey(db_index=False),
            base_model=RecordHistory,
            model_name=f"{model._meta.object_name}History",
            attrs=_not_unique(model),
            meta={"default_permissions": ()},
            abstract=False,
        )
        for field in event_model._meta.local_fields:
            if field.is_relation and field.name != "pgh_obj":
                field.db_index = False  # nobody asks the history by them, and a feed would pay for it
        _RULES[model._meta.label_lower] = Rule(model, event_model, frozenset(private), inserts)
        return model

    return join


def rules() -> dict[str, Rule]:
    """Return the rules by the label of the model, e.g. "customers.customer"."""
    return dict(_RULES)


def _generated(model) -> list[str]:
    return [field.name for field in model._meta.local_fields if isinstance(field, models.GeneratedField)]


def _not_unique(model) -> dict:
    """Public ids are unique by their kind; in history the same one comes again and again."""
    public = [field.name for field in model._meta.local_fields if isinstance(field, PublicIdField)]
    return {name: models.UUIDField(editable=False) for name in public}
