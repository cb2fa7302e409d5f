"""The finder serves from node_modules what is listed, and nothing else."""

from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders

from crm.staticfiles import FILES, NodeModulesFinder

pytestmark = pytest.mark.skipif(
    not (Path(settings.BASE_DIR) / "node_modules").is_dir(), reason="node_modules is not here: run `npm ci`"
)


def test_every_listed_file_is_there():
    assert NodeModulesFinder().check() == []
    assert [name for name in FILES if finders.find(name) is None] == []


@pytest.mark.parametrize(
    "name",
    [
        "vendor/bootstrap/bootstrap.css",
        "bootstrap/dist/css/bootstrap.min.css",
        "vendor/../package.json",
        "vendor/bootstrap/../../../pyproject.toml",
        "",
    ],
)
def test_anything_else_is_not_found(name):
    assert NodeModulesFinder().find(name) is None
    assert NodeModulesFinder().find(name, find_all=True) == []


def test_list_opens_what_it_names():
    listed = dict(NodeModulesFinder().list(None))
    assert set(listed) == set(FILES)
    name = "vendor/bootstrap/bootstrap.min.css"
    with listed[name].open(name) as file:
        assert b"Bootstrap" in file.read(200)


def test_ignored_patterns_are_left_out():
    assert [name for name, _storage in NodeModulesFinder().list(["*.map", "vendor/echarts/*"])] == [
        name for name in FILES if not name.endswith(".map") and "echarts" not in name
    ]


def test_a_missing_file_is_named_with_the_way_out(settings, tmp_path):
    settings.BASE_DIR = tmp_path
    (error,) = NodeModulesFinder().check()
    assert f"{len(FILES)} front-end files are missing" in error.msg
    assert "npm ci" in error.hint


def test_source_maps_named_by_served_files_are_listed():
    root = Path(settings.BASE_DIR) / "node_modules"
    missing = []
    for name, source in FILES.items():
        if name.endswith((".js", ".css")):
            tail = (root / source).read_text()[-400:]
            if "sourceMappingURL=" in tail:
                wanted = tail.split("sourceMappingURL=")[1].split()[0].rstrip("*/")
                if f"{name.rsplit('/', 1)[0]}/{wanted}" not in FILES:
                    missing.append((name, wanted))
    assert missing == []


def test_lock_names_no_registry():
    root = Path(settings.BASE_DIR)
    assert "http" not in (root / "package-lock.json").read_text().replace('"url": "https://', "")
    assert "registry" not in (root / ".npmrc").read_text().replace("omit-lockfile-registry-resolved", "")
