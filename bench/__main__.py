"""`python -m bench [ONLY]`: run the benchmarks, each in a database of its own, and write var/bench.json."""

import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REGISTRY = ("feed", "night", "book", "search", "fits")
RESULT = Path("var") / "bench.json"


def main(arguments: list[str]) -> int:
    """Run all benchmarks or the one named; exit 1 when a figure misses its limit, 2 for an unknown name."""
    if arguments[:1] == ["--one"]:
        return _run_here(*arguments[1:])
    chosen = [name for name in arguments if name] or list(REGISTRY)
    strangers = sorted(set(chosen) - set(REGISTRY))
    if strangers:
        print(f"There is no benchmark {strangers[0]!r}: give one of {', '.join(REGISTRY)}.", file=sys.stderr)
        return 2
    figures = {figure["name"]: figure for figure in _before()}
    missed = 0
    for name in chosen:
        for figure in _run_apart(name):
            figures[figure["name"]] = figure
            missed += not _holds(figure)
            print(_sentence(figure), flush=True)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(
        json.dumps(list(figures.values()), indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    return 1 if missed else 0


def _before() -> list[dict]:
    return json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else []


def _run_apart(name: str) -> list[dict]:
    """Run one benchmark in a process and a database of its own; return its figures."""
    import psycopg

    from crm.env import database_settings

    url = os.environ["DATABASE_URL"]
    database = f"bench_{name}"
    given = database_settings(url)
    into = {
        key: value
        for key, value in {
            "host": given["HOST"],
            "port": given["PORT"],
            "user": given["USER"],
            "password": given["PASSWORD"],
            "dbname": given["NAME"],
            **given["OPTIONS"],
        }.items()
        if value
    }
    with psycopg.connect(**into, autocommit=True) as connection:
        _drop(connection, database)
        connection.execute(f'CREATE DATABASE "{database}"')
        try:
            with tempfile.TemporaryDirectory(prefix="guanhu-bench-") as folder:
                result = Path(folder) / "figures.json"
                environment = os.environ | {
                    "DATABASE_URL": url.replace(f"/{given['NAME']}", f"/{database}", 1),
                    "DJANGO_SETTINGS_MODULE": "crm.settings",
                    "GUANHU_PLAIN_STATIC": "1",
                }
                command = [sys.executable, "-m", "bench", "--one", name, str(result)]
                subprocess.run(command, env=environment, check=True)
                return json.loads(result.read_text(encoding="utf-8"))
        finally:
            _drop(connection, database)


def _drop(connection, database: str) -> None:
    """Drop `database`, waiting for an autovacuum worker in it, which our role may not end."""
    import psycopg

    for _attempt in range(60):
        try:
            connection.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
            return
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectInUse):
            time.sleep(1)


def _run_here(name: str, result: str) -> int:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    figures = importlib.import_module(f"bench.{name}").run()
    figures = figures if isinstance(figures, list) else [figures]
    Path(result).write_text(json.dumps(figures), encoding="utf-8")
    return 0


def _holds(figure: dict) -> bool:
    """A figure's limit is the most it may be, or the least where it says `at_least`."""
    if figure.get("limit") is None:
        return True
    return (
        figure["value"] >= figure["limit"] if figure.get("at_least") else figure["value"] <= figure["limit"]
    )


def _sentence(figure: dict) -> str:
    sign = "≥" if figure.get("at_least") else "≤"
    limit = "" if figure.get("limit") is None else f" (limit {sign} {figure['limit']})"
    verdict = "" if _holds(figure) else "  MISSED"
    return f"{figure['name']}: {figure['value']}{limit}: {figure['ratio_of']}{verdict}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
