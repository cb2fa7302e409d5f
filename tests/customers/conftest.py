"""A published night for the pages of the records, by hand: what a list shows needs no computation."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from customers.models import Publication, Standing

NIGHT, NIGHT_BEFORE = 72, 71


@pytest.fixture
def today():
    """The day that the views read from the clock."""
    return timezone.localdate()


@pytest.fixture
def published(db, today):
    """Publish night 72 with a night before it, both empty: `make_standing` fills them."""
    with connection.cursor() as cursor:
        for night in (NIGHT_BEFORE, NIGHT):
            cursor.execute(
                f"CREATE TABLE customers_standing_n{night} PARTITION OF customers_standing "
                f"FOR VALUES IN ({night})"
            )
    return Publication.objects.create(
        business_date=today - timedelta(days=1), night_id=NIGHT, published_at=timezone.now()
    )


@pytest.fixture
def filled(today):
    """What a manager sends: a call about a maturity, next contact in a week."""
    return {
        "ref": "web-" + "0" * 32,
        "channel": "2",
        "purpose": "maturity",
        "outcome": "interested",
        "note": "倾向拆成两笔",
        "happened_on": today.isoformat(),
        "when": "other",
        "next_date": (today + timedelta(days=9)).isoformat(),
        "next_step": "两笔拆分后的利率方案",
    }


def make_standing(customer, *, night=NIGHT, **extra) -> Standing:
    values = {
        "aum_fen": 82_000_000,
        "deposit_fen": 50_000_000,
        "loan_fen": 0,
        "eva_fen": 476_250,
        "churn_bp": 1425,
        "aum_change_bp": -900,
        "overdue_days": 0,
        "tier": customer.tier,
        "months": [None] * 6
        + [88_000_000, 90_000_000, 92_000_000, 91_000_000, 86_000_000, 84_000_000, 82_000_000],
    }
    return Standing.objects.create(customer=customer, night_id=night, **(values | extra))
