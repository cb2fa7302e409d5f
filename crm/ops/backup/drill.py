"""The drill: take a backup, restore it aside, ask the restored bank whether it is whole, throw it away."""

import os
import secrets
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.core.management import get_commands

from crm.ops.backup.dump import read_manifest, take
from crm.ops.backup.load import restore
from crm.ops.backup.programs import BackupError, connect, drop_database, parameters

LARGE = 15 * 60  # seconds that a restore may take
ASKED = (
    "verify_history",
    "check_keys",
    "check_wall",
)  # commands that prove a bank, run on the restored one where they exist


def drill(folder: Path | None, *, now: datetime, say) -> dict:
    """Restore `folder`, or a backup taken for this, into a throwaway database; return each part's seconds.

    Raises BackupError with what is wrong; the throwaway database goes in any case.
    """
    name = f"guanhu_drill_{secrets.token_hex(4)}"
    found = {}
    with tempfile.TemporaryDirectory(prefix="guanhu-drill-") as aside:
        if folder is None:
            folder = Path(aside) / "backup"
            manifest = take(folder, now=now)
            found["backup"] = manifest["seconds"]
            say(f"backup: {manifest['rows']:,} rows in {manifest['seconds']:.1f} s")
        manifest = read_manifest(folder)
        try:
            told = restore(folder, database=name)
            found |= {"restore": told["seconds"], "compare": told["checked"], "rows": told["rows"]}
            say(f"restore: {told['tables']} tables in {told['seconds']:.1f} s, each counted and hashed alike")
            found["night"] = _published_night(name, say)
            found["commands"] = _ask_commands(name, say)
        finally:
            drop_database(name)
    found["bytes"] = manifest["database_bytes"]
    return found


def _published_night(name: str, say) -> str | None:
    """The published night must be there whole: as many customers stand in it as the night counted."""
    with connect(name) as connection:
        there = connection.execute("SELECT to_regclass('customers_publication') IS NOT NULL").fetchone()[0]
        night = (
            there
            and connection.execute(
                "SELECT p.business_date, n.customers, (SELECT count(*) FROM customers_standing AS s "
                "WHERE s.night_id = p.night_id), (SELECT count(*) FROM performance_customeranalysis AS a "
                "WHERE a.night_id = p.night_id) FROM customers_publication AS p "
                "JOIN performance_night AS n ON n.id = p.night_id"
            ).fetchone()
        )
    if not night:
        say("published night: none in this backup")
        return None
    day, customers, standing, analysed = night
    if not customers == standing == analysed:
        raise BackupError(
            f"The night of {day} counts {customers} customers, but {standing} stand and {analysed} are "
            "analysed in the restored bank: do not trust this backup."
        )
    say(f"published night: {day}, {customers:,} customers, all there")
    return str(day)


def _ask_commands(name: str, say) -> dict[str, float]:
    """Run the commands that prove a bank, in a process of their own on the restored database."""
    seconds = {}
    for command in ASKED:
        if command not in get_commands():
            say(f"{command}: not part of this release")
            continue
        begun = time.monotonic()
        done = subprocess.run(  # noqa: S603 (a command of ours, by name)
            [sys.executable, "manage.py", command],
            cwd=settings.BASE_DIR,
            env={**os.environ, "DATABASE_URL": _url(name)},
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise BackupError(
                f"{command} refuses the restored bank: {(done.stderr or done.stdout).strip()[-300:]}"
            )
        seconds[command] = round(time.monotonic() - begun, 2)
        say(f"{command}: passed in {seconds[command]:.1f} s")
    return seconds


def _url(name: str) -> str:
    parts = parameters(name)
    secret = f":{quote(parts['password'])}" if "password" in parts else ""
    port = f"&port={parts['port']}" if "port" in parts else ""
    host = quote(parts.get("host", ""), safe="")
    return f"postgresql://{quote(parts['user'])}{secret}@/{name}?host={host}{port}"


def extrapolated(found: dict, customers: int, to: int = 1_000_000) -> float | None:
    """Seconds that the restore of a bank of `to` customers would take if it grew in proportion.

    The fixed part (hundreds of empty tables and indexes) grows too in this reckoning, so it is an upper bound
    for a bank of the same shape on the same machine; a year's ledger a customer must be the same.
    """
    return found["restore"] * to / customers if customers else None
