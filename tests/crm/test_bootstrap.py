"""Setting a bare machine up: what is refused, and in which words."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from crm import bootstrap
from crm.bootstrap import CannotSetUp
from crm.embedded.layout import REPOSITORY


def bootstrap_run(**environment):
    return subprocess.run(
        [sys.executable, "crm/bootstrap.py", "run"],
        cwd=REPOSITORY,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("variable", "text", "words"),
    [
        ("CUSTOMERS", "many", "a whole number from 50 to 5000000, such as `make run CUSTOMERS=20000`."),
        ("CUSTOMERS", "-5", "a whole number from 50 to 5000000, such as `make run CUSTOMERS=20000`."),
        ("CUSTOMERS", "２０００", "a whole number from 50 to 5000000, such as `make run CUSTOMERS=20000`."),
        ("CUSTOMERS", "1e4", "a whole number from 50 to 5000000, such as `make run CUSTOMERS=20000`."),
        ("PORT", "0", "a whole number from 1 to 65535, such as `make run PORT=8001`."),
        ("PORT", "65536", "a whole number from 1 to 65535, such as `make run PORT=8001`."),
    ],
)
def test_malformed_number_is_one_sentence(variable, text, words):
    done = bootstrap_run(**{variable: text})
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"guanhu: {variable} is {text!r}: write {words}\n"


def test_old_python_is_one_sentence(monkeypatch):
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 9, 2, "final", 0))
    monkeypatch.setattr(bootstrap, "PYTHON_VERSION", "3.9")
    with pytest.raises(CannotSetUp) as refused:
        bootstrap.require_python()
    assert str(refused.value) == (
        "Python 3.9 is too old, Guanhu needs 3.11 or newer: install it, "
        "or name one with `make PYTHON=python3.11 run`."
    )


def test_old_python_can_read_the_file_that_tells_it_so():
    import ast

    ast.parse(Path(bootstrap.__file__).read_text(), feature_version=(3, 7))


def test_missing_node_is_replaced_by_the_wheels(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    command, environment = bootstrap.npm_command()
    assert [Path(part).name for part in command] == ["node", "npm-cli.js"]
    assert environment["PATH"].split(os.pathsep)[0] == str(Path(command[0]).parent)


def test_up_to_date_folder_is_left_alone():
    assert bootstrap_run().returncode == 0
    stamps = [
        REPOSITORY / ".venv" / ".installed-requirements.txt",
        REPOSITORY / "node_modules" / ".installed",
    ]
    before = [stamp.stat().st_mtime_ns for stamp in stamps]
    done = bootstrap_run()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [stamp.stat().st_mtime_ns for stamp in stamps] == before


def test_every_requirement_is_pinned_hashed_and_names_no_index():
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (REPOSITORY / name).read_text()
        entries = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
        assert all("==" in entry and entry.endswith("\\") for entry in entries), name
        assert "://" not in text
    runtime, development = (
        {line for line in (REPOSITORY / name).read_text().splitlines() if "==" in line}
        for name in ("requirements.txt", "requirements-dev.txt")
    )
    assert runtime <= development  # so an installation for tests serves `make run` too
