"""The suite's own means: a copy of a made bank, which a test may spoil without the next one noticing."""

import pytest
from django.db import connection

from customers.models import Customer, Publication, Standing
from tests.bank import AS_OF
from tests.database import COPY_OF_BANK, empty_tables

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo_bank")]


@pytest.mark.parametrize("time", ["first", "second"])
def test_each_test_finds_the_whole_bank(time):
    assert connection.settings_dict["NAME"].endswith(COPY_OF_BANK)
    assert Publication.objects.get().business_date == AS_OF
    assert Standing.objects.published().count() == Customer.objects.count() == 120
    Publication.objects.all().delete()


@pytest.mark.django_db(transaction=True)
def test_what_tests_commit_stays_and_empties_nothing():
    Publication.objects.update(night_id=0)
    connection.close()
    empty_tables()
    assert Publication.objects.get().night_id == 0
    assert Customer.objects.count() == 120
