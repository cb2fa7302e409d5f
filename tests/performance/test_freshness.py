"""check_nights: 26 hours warn, 50 are critical."""

from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from customers.models import Publication
from performance.choices import NightState, Stage, StepState
from performance.models import Night, Step
from performance.selectors.freshness import freshness

NOW = timezone.now()


@pytest.fixture
def night(db):
    night = Night.objects.create(business_date=date(2026, 6, 30), version="1", upto_load=1)
    Publication.objects.create(business_date=night.business_date, night_id=night.pk, published_at=NOW)
    return night


@pytest.mark.parametrize(
    ("hours", "level"), [(0, "ok"), (25.9, "ok"), (26, "warn"), (49.9, "warn"), (50, "critical")]
)
def test_freshness_by_age(night, hours, level):
    found = freshness(NOW + timedelta(hours=hours))

    assert found.level == level
    assert found.text == f"the night of 2026-06-30 was published {int(hours)} hours ago."


def test_freshness_names_the_failure(night):
    Night.objects.create(
        business_date=date(2026, 7, 1),
        version="1",
        upto_load=1,
        state=NightState.FAILED,
        error="rollup, shard 3: no space",
    )
    found = freshness(NOW + timedelta(hours=30))

    assert found.text.endswith("; the night of 2026-07-01 failed at rollup, shard 3: no space.")


def test_freshness_warns_of_a_p_that_was_carried_over(night):
    Step.objects.create(
        night=night,
        stage=Stage.SCORE,
        state=StepState.DONE,
        finished_at=NOW,
        detail={"keys": "1", "promotion": {"error": "KeyError: 'x'"}, "product": {"computed": 3}},
    )

    assert freshness(NOW).level == "warn"
    assert "promotion failed and kept older figures" in freshness(NOW).text


def test_freshness_without_any_night(db):
    assert freshness(NOW).level == "critical"


@pytest.mark.parametrize(("options", "code"), [({}, None), ({"warn": 0}, 1), ({"warn": 0, "critical": 0}, 2)])
def test_check_nights_exits_for_monitoring(night, options, code):
    said = StringIO()
    if code is None:
        call_command("check_nights", stdout=said, **options)
    else:
        with pytest.raises(SystemExit) as raised:
            call_command("check_nights", stdout=said, **options)
        assert raised.value.code == code
    assert said.getvalue().startswith(("ok: ", "warn: ", "critical: ")[code or 0])
