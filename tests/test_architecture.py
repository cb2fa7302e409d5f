"""The arrows of the house (docs/architecture.md), held with `ast`."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APPS = ("managers", "customers", "service", "marketing", "performance")
MAY_IMPORT = {
    "crm": set(),
    "managers": {"crm"},
    "customers": {"crm", "managers"},
    "service": {"crm", "managers", "customers"},
    "marketing": {"crm", "managers", "customers"},
    "performance": {"crm", "managers", "customers", "service", "marketing"},
}
# Who stands at the top of `crm` and may only name apps by string; all of crm keeps that rule here.
LAYERS = ("choices", "models", "selectors", "services", "forms", "views")
PURE = ("performance/seven_p", "performance/scoring")
SOURCES = sorted(path for app in ("crm", *APPS) for path in (ROOT / app).rglob("*.py"))


def imports(path: Path) -> set[str]:
    """Return the dotted names that `path` imports, wherever in the file."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import; write the full name"
            names.add(node.module)
    return names


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_follow_the_arrows(path):
    app = path.relative_to(ROOT).parts[0]
    ours = {name for name in imports(path) if name.split(".")[0] in MAY_IMPORT}
    wrong = {name for name in ours if name.split(".")[0] not in MAY_IMPORT[app] | {app}}
    assert wrong == set()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_layers_of_an_app_look_down_only(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    app, layer = parts[0], parts[1] if len(parts) > 1 else ""
    if app == "crm" or layer not in LAYERS:
        return
    above = LAYERS[LAYERS.index(layer) + 1 :]
    wrong = {
        name
        for name in imports(path)
        if name.split(".")[0] == app and name.split(".")[1:2] and name.split(".")[1] in above
    }
    assert wrong == set()


@pytest.mark.parametrize(
    "path",
    sorted(path for folder in PURE for path in (ROOT / folder).rglob("*.py")),
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_formulas_know_neither_django_nor_models(path):
    roots = {name.split(".")[0] for name in imports(path)}
    allowed_here = {
        name for name in imports(path) if name.startswith(("performance.seven_p", "performance.scoring"))
    }
    assert roots & {"django", "celery", "psycopg", "adbc_driver_postgresql", "crm", *APPS[:-1]} == set()
    assert {name for name in imports(path) if name.startswith("performance")} == allowed_here


def test_only_views_tasks_and_commands_ask_what_day_it_is():
    """A service may stamp the moment of a write (`timezone.now`); which day it is, is an argument."""
    clocks = ("timezone.localdate", "date.today", "datetime.today", "datetime.now")
    allowed = ("views", "tasks", "management", "admin", "bank", "context_processors")
    wrong = [
        f"{path.relative_to(ROOT)}: {clock}"
        for path in SOURCES
        for clock in clocks
        if f"{clock}(" in path.read_text(encoding="utf-8")
        and not any(word in path.relative_to(ROOT).as_posix() for word in allowed)
    ]
    assert wrong == []


def test_the_formula_packages_are_found():
    assert all(list((ROOT / folder).glob("*.py")) for folder in PURE)
