"""Nights with a real broker and a real worker: to the end, once more, from scratch, an older one."""

from datetime import date

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from crm.feed.models import FeedLoad, FeedState
from customers.models import Standing
from performance import housekeeping, nights
from performance.choices import NightState, Stage, StepState
from performance.models import CustomerAnalysis, Night, Rollup
from performance.progress import night_progress
from performance.tasks import queue, queue_is_empty, start_night
from tests.bank import worker
from tests.performance.night_bank import (
    CUSTOMERS,
    committed_bank,
    follow,
    leftovers,
    published,
    wait_for,
    worker_is_idle,
)

SUNDAY, MONDAY, TUESDAY = date(2026, 6, 28), date(2026, 6, 29), date(2026, 6, 30)


@pytest.fixture(scope="module", autouse=True)
def bank(django_db_setup, django_db_blocker, tmp_path_factory):
    """One committed bank and one worker for the module; the tests build on one another's nights, in order.

    Those marked `django_db` come first, in a transaction of their own; the mark makes the test database.
    """
    with (
        django_db_blocker.unblock(),
        committed_bank(),
        worker(tmp_path_factory.mktemp("nights") / "worker.log"),
    ):
        yield


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-02-30", r"'2026-02-30' is no date: write it as 2026-06-30\."),
        ("yesterday", r"'yesterday' is no date"),
        ("2026-07-01", r"The feed of 2026-07-01 is not loaded \(the last day loaded is 2026-06-30\)"),
        ("2025-12-01", r"The feed of 2025-12-01 is not loaded"),
    ],
)
def test_run_night_refuses_a_date_it_cannot_compute(text, said):
    before = Night.objects.count()
    with pytest.raises(CommandError, match=said):
        call_command("run_night", date=text)

    assert Night.objects.count() == before


@pytest.mark.django_db
def test_run_night_without_any_feed_says_so():
    FeedLoad.objects.update(state=FeedState.REFUSED)
    with pytest.raises(CommandError, match="No feed was loaded yet"):
        call_command("run_night")
    with pytest.raises(CommandError, match="no feed was loaded yet"):
        call_command("run_night", date="2026-06-30")


def test_night_comes_to_its_end_and_is_published():
    said = follow(MONDAY)

    night = published()
    assert (night.business_date, night.state, night.customers) == (MONDAY, NightState.PUBLISHED, CUSTOMERS)
    assert f"Night of 2026-06-29: {CUSTOMERS} customers in" in said
    assert {step.state for step in night.steps.all()} == {StepState.DONE}
    assert Standing.objects.published().count() == CUSTOMERS
    assert Rollup.objects.of(night.pk).count() == CustomerAnalysis.objects.of(night.pk).count() == CUSTOMERS
    assert len(night.digest) == 64


def test_night_progress_of_a_finished_night():
    progress = night_progress(published(), timezone.now())

    assert (progress.percent, progress.rows_done, progress.rows_total) == (100, 2 * CUSTOMERS, 2 * CUSTOMERS)
    assert progress.remaining is None
    assert [stage.stage for stage in progress.stages] == list(Stage.values)
    assert [stage.total for stage in progress.stages] == [2, 2, 2, 1, 1, 1]
    assert [row["cells"] for row in progress.matrix] == [["done"] * 2] * 7


def test_standing_repeats_the_analysis():
    night = published()
    of_night = CustomerAnalysis.objects.of(night.pk).order_by("pk")
    standing = {row.pk: row for row in Standing.objects.published()}

    assert of_night.exists()
    for analysis in of_night:
        row = standing[analysis.pk]
        assert row.churn_bp == round(analysis.persistency_churn * 10000)
        assert float(row.loyalty) == pytest.approx(analysis.persistency_loyalty, abs=5e-5)
        assert (row.eva_fen, row.tier) == (analysis.profitability_eva_fen, analysis.profiling_tier)
        assert row.completeness_pct == analysis.profiling_completeness_pct
        assert (row.next_maturity_on, row.next_maturity_fen) == (
            analysis.next_maturity_on,
            analysis.next_maturity_fen,
        )
    rollup = Rollup.objects.of(night.pk).get(pk=8)
    row = standing[8]
    assert (row.aum_fen, row.deposit_fen, row.loan_fen) == (rollup.aum, rollup.deposit, rollup.loan)
    assert row.months[:7] == [None] * 7  # before the ledger
    assert row.months[-1] == round((rollup.aum_c - rollup.month_c_12) / MONDAY.day)


def test_night_again_is_identical():
    before = published()
    said = follow(MONDAY)

    night = published()
    assert "identical with the run before" in said
    assert (night.digest, night.published_at) == (before.digest, before.published_at)
    assert Standing.objects.published().count() == CUSTOMERS
    assert leftovers() == []


def test_double_delivery_changes_nothing():
    night = published()
    steps = list(night.steps.values_list("pk", flat=True))
    digests = list(night.steps.order_by("pk").values_list("digest", "attempts"))
    queue(steps * 2)
    wait_for(lambda: queue_is_empty() and worker_is_idle())

    assert list(night.steps.order_by("pk").values_list("digest", "attempts")) == digests


def test_next_night_continues_this_one_and_equals_one_from_scratch():
    """Tuesday from Monday's rows, then Tuesday with no night before it: the same digest of every step."""
    follow(TUESDAY)
    night = published()
    assert (night.business_date, night.previous.business_date) == (TUESDAY, MONDAY)
    digests = table_digests(night)

    said = follow(TUESDAY, from_scratch=True)

    assert "identical with the run before" in said
    assert published().previous is None
    assert table_digests(night) == digests


def table_digests(night) -> list:
    steps = night.steps.filter(stage__in=nights.TABLE_STAGES)
    return list(steps.order_by("stage", "shard").values_list("stage", "shard", "rows", "digest"))


def test_older_night_is_computed_but_not_published():
    follow(SUNDAY)

    night = Night.objects.get(business_date=SUNDAY)
    assert night.state == NightState.PUBLISHED
    assert night.steps.get(stage=Stage.PUBLISH).detail == {"pointer": "stays on 2026-06-30"}
    assert CustomerAnalysis.objects.of(night.pk).count() == CUSTOMERS
    assert published().business_date == TUESDAY


def test_old_nights_make_room(monkeypatch):
    """With one night and no month to keep, Sunday's goes; the published one and Monday's, its base, stay."""
    Night.objects.filter(business_date=TUESDAY).update(previous=Night.objects.get(business_date=MONDAY))
    monkeypatch.setattr(housekeeping, "NIGHTS", 1)
    monkeypatch.setattr(housekeeping, "MONTHS", 0)

    assert housekeeping.drop_old_nights() == 1
    assert housekeeping.drop_old_nights() == 0
    kept = Night.objects.exclude(published_run=None).values_list("business_date", flat=True)
    assert set(kept) == {MONDAY, TUESDAY}
    assert leftovers() == []
    assert Standing.objects.published().count() == CUSTOMERS
    assert not CustomerAnalysis.objects.of(Night.objects.get(business_date=SUNDAY).pk).exists()


def test_night_whose_tables_were_dropped_can_be_computed_again():
    follow(SUNDAY)

    night = Night.objects.get(business_date=SUNDAY)
    assert CustomerAnalysis.objects.of(night.pk).count() == CUSTOMERS
    assert published().business_date == TUESDAY


@pytest.mark.parametrize(
    ("dates", "kept"),
    [
        ([], set()),
        ([date(2026, 6, day) for day in range(1, 10)], {date(2026, 6, day) for day in range(3, 10)}),
        (
            [date(2026, month, day) for month in range(1, 7) for day in (27, 28)],
            {date(2026, month, day) for month in range(4, 7) for day in (27, 28)} | {date(2026, 3, 28)},
        ),
    ],
)
def test_nights_to_keep(dates, kept, monkeypatch):
    monkeypatch.setattr(housekeeping, "NIGHTS", 7)
    monkeypatch.setattr(housekeeping, "MONTHS", 3)
    assert housekeeping.to_keep(dates) == kept


def test_beat_starts_the_last_loaded_day_once():
    start_night()

    assert Night.objects.filter(state=NightState.RUNNING).count() == 0  # it was computed already
