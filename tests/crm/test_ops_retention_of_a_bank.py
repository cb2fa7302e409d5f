"""Retention on a whole bank: what goes, class by class, and that nothing else does."""

from datetime import date, timedelta
from io import StringIO

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from customers.models import Customer, Publication, Standing
from performance import housekeeping
from performance.models import CustomerAnalysis, Night
from tests.bank import AS_OF, run_night

# Tables of a night are detached concurrently, outside any transaction.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("demo_bank")]
OLD = date(2026, 6, 28)
OWN_TABLES = """
    SELECT relname FROM pg_class
    WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace ORDER BY 1
"""


def retained(*arguments) -> str:
    said = StringIO()
    call_command("retain", *arguments, stdout=said)
    return said.getvalue()


def rows() -> dict[str, int]:
    """Rows of every table by its name."""
    with connection.cursor() as cursor:
        cursor.execute(OWN_TABLES)
        names = [name for (name,) in cursor.fetchall()]
        counted = {}
        for name in names:
            cursor.execute(f'SELECT count(*) FROM "{name}"')
            counted[name] = cursor.fetchone()[0]
    return counted


def test_what_is_past_its_time_goes_and_all_the_rest_stays(monkeypatch):
    run_night(OLD)
    Session.objects.create(pk="old", session_data="", expire_date=timezone.now() - timedelta(days=1))
    monkeypatch.setattr(housekeeping, "NIGHTS", 1)
    monkeypatch.setattr(housekeeping, "MONTHS", 0)
    before = rows()

    said = retained()
    assert "nights: 1 past retention, the oldest of 2026-06-28" in said
    assert "sessions: 1 past retention" in said
    assert rows() == before

    assert "nights: 1 past retention, the oldest of 2026-06-28" in retained("--apply")
    after = rows()
    night = Night.objects.get(business_date=OLD)
    gone = {name for name in before if name not in after}
    assert gone
    assert all(f"_n{night.pk}r" in name for name in gone)
    changed = {name for name in after if after[name] != before[name]}
    parents = {"customers_standing", "performance_rollup", "performance_customeranalysis"}
    journal = {name for name in changed if name.startswith("crm_") or "history" in name}
    assert changed - journal - parents == {"django_session"}
    assert all(after[name] >= before[name] for name in journal)
    assert not CustomerAnalysis.objects.of(night.pk).exists()
    assert Publication.objects.get().business_date == AS_OF
    assert Standing.objects.published().count() == Customer.objects.count()
    assert "nights: 0 past retention" in retained("--apply")
