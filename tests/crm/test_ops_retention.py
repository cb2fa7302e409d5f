"""Retention: seen first, removed only when asked, in batches, recorded, and never what the law keeps."""

from datetime import timedelta
from io import StringIO

import pytest
from django.conf import settings as project
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.utils import timezone

from crm.audit.models import AuditRecord
from crm.celery import app
from crm.feed.models import FeedLoad, FeedState
from crm.ops import retention

pytestmark = pytest.mark.django_db


def retain(*arguments, **options) -> dict[str, str]:
    """What the command says, by class."""
    said = StringIO()
    call_command("retain", *arguments, stdout=said, **options)
    return dict(line.split(": ", 1) for line in said.getvalue().splitlines() if ": " in line)


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def sessions(now):
    """25 sessions that ended and one that lives."""
    ended = [
        Session(pk=f"old{n}", session_data="", expire_date=now - timedelta(days=n + 1)) for n in range(25)
    ]
    Session.objects.bulk_create(
        [*ended, Session(pk="alive", session_data="", expire_date=now + timedelta(hours=1))]
    )


@pytest.fixture
def reports(now, tmp_path, monkeypatch):
    """A report of a year ago and one of yesterday."""
    monkeypatch.setattr(retention, "reports_folder", lambda: tmp_path)
    for name, days in (("old.csv", 365), ("new.csv", 1)):
        (tmp_path / name).write_text("row,reason\n")
        load = FeedLoad.objects.create(
            business_date=(now - timedelta(days=days)).date(),
            since=(now - timedelta(days=days + 1)).date(),
            digest=name,
            state=FeedState.REFUSED,
            report=name,
        )
        FeedLoad.objects.filter(pk=load.pk).update(started_at=now - timedelta(days=days))
    return tmp_path


def test_without_apply_nothing_changes(sessions, reports):
    said = retain()
    assert said["sessions"].startswith("25 past retention, the oldest of ")
    assert said["feed_reports"].startswith("1 past retention")
    assert said["Nothing was changed"] == "--apply removes it."
    assert (Session.objects.count(), len(list(reports.iterdir()))) == (26, 2)
    assert not AuditRecord.objects.filter(act="retention").exists()


def test_apply_removes_in_batches_is_recorded_and_may_be_repeated(sessions, reports):
    said = retain("--apply", batch=10)
    assert said["sessions"].endswith("; 25 removed")
    assert list(Session.objects.values_list("pk", flat=True)) == ["alive"]
    assert [path.name for path in reports.iterdir()] == ["new.csv"]
    assert list(FeedLoad.objects.order_by("report").values_list("report", flat=True)) == ["", "new.csv"]
    told = {row.detail["class"]: row.detail["removed"] for row in AuditRecord.objects.filter(act="retention")}
    assert told == {"sessions": 25, "feed_reports": 1}
    assert retain("--apply")["sessions"].endswith("; 0 removed")
    assert AuditRecord.objects.filter(act="retention").count() == 2


def test_one_class_alone(sessions, reports):
    assert set(retain("--apply", only="feed_reports")) == {"feed_reports"}
    assert Session.objects.count() == 26
    with pytest.raises(CommandError, match="There is no class 'mail': sessions, feed_reports, audit, nights"):
        retain(only="mail")


def test_a_report_outside_its_folder_is_never_touched(now, reports):
    outside = reports.parent / "outside.csv"
    outside.write_text("mine")
    FeedLoad.objects.filter(report="old.csv").update(report="../outside.csv")
    retain("--apply")
    assert outside.exists()


def test_the_audit_goes_by_no_job_and_never_sooner_than_the_law(settings, now, monkeypatch):
    rules = {rule.code: rule for rule in retention.rules()}
    assert rules["audit"].remove is None
    settings.AUDIT_KEPT_YEARS = 9
    with pytest.raises(CommandError, match="AUDIT_KEPT_YEARS is 9: the law wants 10 years at least"):
        retain()


def test_beat_removes_every_night():
    app.loader.import_default_modules()
    assert project.CELERY_BEAT_SCHEDULE["retain"]["task"] in app.tasks
