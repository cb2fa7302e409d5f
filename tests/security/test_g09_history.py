"""G9: every change has a line with an actor; nobody alters it; whatever is tampered with is named."""

import pytest
from django.db import connection

from crm.history import acting
from crm.history.models import Change

pytestmark = pytest.mark.django_db


def journal():
    fields = ("source", "object_id", "label", "actor", "rows")
    return list(Change.objects.order_by("id").values_list(*fields))


def test_an_update_keeps_the_old_row_and_the_new_values(customer):
    Change.objects.all().delete()
    with acting("0931", "moved away"):
        customer.tier = "gold"
        customer.aml_level = "high"
        customer.save()
    (change,) = Change.objects.all()
    assert (change.source, change.label) == ("customers_customer", "update")
    assert change.object_id == str(customer.pk)
    assert (change.actor, change.customer_id) == ("0931", customer.pk)
    event = customer.history.get(pk=change.event_id)
    assert (event.tier, event.aml_level) == ("basic", "low")
    assert event.pgh_new == {"tier": "gold", "aml_level": "high"}
    told = dict(change.context.metadata)
    assert told.pop("database_user")
    assert told == {"actor": "0931", "reason": "moved away"}


def test_raw_sql_carries_the_databases_user(customer):
    Change.objects.all().delete()
    connection.connection.execute("UPDATE customers_customer SET tier = 'gold'")
    (change,) = Change.objects.all()
    assert change.actor.startswith("db:")
