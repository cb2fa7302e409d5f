"""A database that a load may commit to, and folders written from short texts."""

import json
import shutil
from datetime import date
from pathlib import Path

import pytest
from django.db import connection

from crm.feed.loading import load_feed

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "feed" / "2026-06-30"


@pytest.fixture
def bank(transactional_db):
    """An empty bank that commits."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA IF EXISTS feed_staging CASCADE")


@pytest.fixture
def example(tmp_path):
    """A copy of the example folder, free to be broken."""
    return Path(shutil.copytree(EXAMPLE, tmp_path / "feed" / EXAMPLE.name))


@pytest.fixture
def load(tmp_path):
    """Load a folder, with its reports in the test's own folder."""
    return lambda folder: load_feed(folder, reports=tmp_path / "reports")


@pytest.fixture
def day(tmp_path):
    """Write a dated folder from {record type: CSV text}; `since` and `late_since` go into feed.json."""

    def write(business_date: date, files: dict[str, str | bytes], **days) -> Path:
        folder = tmp_path / "days" / str(business_date)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name, content in files.items():
            content = content if isinstance(content, bytes) else content.encode()
            (folder / f"{name}.csv").write_bytes(content)
        if days:
            settings = json.dumps({name: str(value) for name, value in days.items()})
            (folder / "feed.json").write_text(settings, encoding="utf-8")
        return folder

    return write


def replace(folder: Path, name: str, old: str, new: str) -> None:
    """Replace one text in a file of `folder`; it must occur."""
    path = folder / f"{name}.csv"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def counts() -> dict[str, int]:
    """Rows of every table a feed may fill."""
    feed_tables = (
        set(connection.introspection.django_table_names(only_existing=True))
        | {"customers_transaction", "customers_dailybalance"}
    )  # fmt: skip
    apps = ("managers_", "customers_", "service_", "marketing_", "performance_plan")
    left_out = ("customers_capacityrule",)  # what the migrations fill
    tables = sorted(
        table
        for table in feed_tables
        if table.startswith(apps) and "history" not in table and table not in left_out
    )
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(f"SELECT '{table}', count(*) FROM {table}" for table in tables))
        return {table: count for table, count in cursor.fetchall() if count}
