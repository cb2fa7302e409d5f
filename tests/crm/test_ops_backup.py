"""Backup, restore and the drill, with the real programs; what is damaged, taken or missing is refused."""

import json
import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from crm.ops.backup import contents
from crm.ops.backup.programs import connect, drop_database
from tests.factories import make_branch, make_customer, make_manager
from tests.performance.night_bank import empty


def manage(command, *arguments, **options) -> str:
    said = StringIO()
    call_command(command, *arguments, stdout=said, **options)
    return said.getvalue()


@pytest.fixture(scope="module")
def backup(django_db_setup, django_db_blocker, tmp_path_factory):
    """One backup of a bank with one customer of every kind of name, for the module."""
    folder = tmp_path_factory.mktemp("backup") / "first"
    with django_db_blocker.unblock():
        branch = make_branch("HQ")
        lead = make_manager("0931", branch=branch)
        for name in ("张伟", "O'Neil; DROP TABLE", "tab\tand\nline", "\U0001f600"):
            make_customer(name, branch=branch, lead=lead)
        said = manage("backup", folder)
        yield folder, said
        empty()


pytestmark = pytest.mark.django_db


@pytest.fixture
def aside():
    """The name of a database that the test may make; gone afterwards."""
    name = f"{connection.settings_dict['NAME']}_restored"
    yield name
    drop_database(name)


def test_a_backup_tells_every_table_and_every_file(backup):
    folder, said = backup
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["tables"]["public.customers_customer"][0] == 4
    assert set(manifest["files"]) == {path.name for path in (folder / "data").iterdir()}
    assert re.search(r"first: [\d,]+ rows of \d+ tables, [\d.]+ MB, in [\d.]+ s", said)
    assert folder.stat().st_mode & 0o077 == 0


def test_a_restore_brings_all_of_it_back_and_a_digest_tells_one_changed_value(backup, aside):
    said = manage("restore", backup[0], database=aside)
    assert "every table counted and hashed alike" in said
    with connect(aside) as restored:
        names = restored.execute("SELECT name FROM customers_customer ORDER BY id").fetchall()
        assert [name for (name,) in names] == ["张伟", "O'Neil; DROP TABLE", "tab\tand\nline", "\U0001f600"]
        # what is no row came too: the exclusion of two lead managers, and the ledger's partitions
        assert restored.execute("SELECT count(*) > 0 FROM pg_constraint WHERE contype = 'x'").fetchone() == (
            True,
        )
        with connect() as here:
            assert contents.tables(restored) == contents.tables(here)
    before = contents.digests(aside, snapshot=None, jobs=1)
    with connect(aside) as restored:
        restored.execute("UPDATE customers_customer SET name = name || ' ' WHERE name = '张伟'")
    after = contents.digests(aside, snapshot=None, jobs=2)
    changed = {name for name in before if before[name] != after[name]}
    # and the history that the change wrote; nothing else
    assert "public.customers_customer" in changed
    assert {name for name in changed if "history" not in name} <= {
        *("public.customers_customer", "public.crm_change"),
    }


def test_a_backup_never_overwrites(backup, tmp_path):
    (tmp_path / "letters.txt").write_text("mine")
    for folder in (backup[0], tmp_path):
        with pytest.raises(CommandError, match="is not empty: name a new folder"):
            manage("backup", folder)


def test_a_restore_never_overwrites(backup, aside):
    with pytest.raises(CommandError, match=r"holds \d+ tables: a restore never overwrites"):
        manage("restore", backup[0])
    with connect("postgres") as server:
        server.execute(f'CREATE DATABASE "{aside}"')
    with pytest.raises(CommandError, match=r"There is a database .* already"):
        manage("restore", backup[0], database=aside)


@pytest.mark.parametrize("damage", ["flipped", "missing", "manifest", "unfinished"])
def test_a_damaged_backup_is_refused_before_anything_is_made(backup, aside, tmp_path, damage):
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "data").mkdir()
    for path in (*backup[0].glob("manifest*"), *backup[0].glob("data/*")):
        (copy / path.relative_to(backup[0])).write_bytes(path.read_bytes())
    victim = max((copy / "data").iterdir(), key=lambda path: path.stat().st_size)
    if damage == "flipped":
        content = bytearray(victim.read_bytes())
        content[len(content) // 2] ^= 1
        victim.write_bytes(content)
    elif damage == "missing":
        victim.unlink()
    elif damage == "manifest":
        text = (copy / "manifest.json").read_text()
        (copy / "manifest.json").write_text(text.replace('"rows": ', '"rows": 1'))
    else:
        (copy / "manifest.json").unlink()
    with pytest.raises(CommandError, match=r"is damaged|are missing|was changed|no complete backup"):
        manage("restore", copy, database=aside)
    with connect("postgres") as server:
        assert not server.execute("SELECT FROM pg_database WHERE datname = %s", [aside]).rowcount


def test_missing_roles_are_named_before_anything_is_made(backup, aside, monkeypatch):
    monkeypatch.setattr("crm.ops.backup.load.read_manifest", lambda _: {"roles": ["postgres", "guanhu_gone"]})
    with pytest.raises(CommandError, match="The server lacks the roles guanhu_gone: make them first"):
        manage("restore", backup[0], database=aside)
