"""Feed load against bare COPY: the same CSV rows into a plain logged table of the same typed columns.

Four loads of a million transactions each: the first days of a month (its partitions are new) and the rest of
it (they hold the first million), for two months. As bare COPY counts with its best of three runs, either kind
of load counts with its better one; the figure is the worse of the two kinds.
"""

import random
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

from django.db import connection

from crm.feed.loading import load_feed

ROWS = 1_000_000
ACCOUNTS = 100_000
CUSTOMERS = 50_000
LEAST = 0.40
_LOADS = (
    ("new month", date(2026, 5, 31), date(2026, 6, 15)),
    ("running month", date(2026, 6, 15), date(2026, 6, 30)),
    ("new month", date(2026, 6, 30), date(2026, 7, 15)),
    ("running month", date(2026, 7, 15), date(2026, 7, 31)),
)
_KINDS = ("cash_in", "cash_out", "transfer_in", "transfer_out", "purchase", "card_spend", "salary", "fee")
_CHANNELS = ("app", "web", "counter", "self_service", "system")
_BARE = """CREATE TABLE bench_bare (ref text, account text, booked_on date, kind text, channel text,
    branch text, amount numeric(16, 2))"""


def run(rows: int = ROWS) -> list[dict]:
    """Return the figures: rows a second of the load ÷ rows a second of bare COPY, and the seconds of both."""
    with tempfile.TemporaryDirectory(prefix="guanhu-bench-feed-") as folder:
        root = Path(folder)
        _write_masters(root / "2026-05-31")
        load_feed(root / "2026-05-31", reports=root)
        connection.cursor().execute("ANALYZE")
        ratios, detail = {"new month": [], "running month": []}, []
        for kind, since, last in _LOADS:
            day = root / str(last)
            write_transactions(day, since, last, rows)
            bare = min(_bare_copy(day / "transactions.csv") for _ in range(3))
            began = time.monotonic()
            load_feed(day, reports=root)
            loaded = time.monotonic() - began
            ratios[kind].append(bare / loaded)
            detail.append(f"{kind} {rows / loaded:,.0f} to {rows / bare:,.0f}")
    return [
        {
            "name": "feed",
            "value": round(min(map(max, ratios.values())), 3),
            "limit": LEAST,
            "at_least": True,
            "ratio_of": "load_feed's rows a second (read, checked, entered, indexed) to bare COPY's: "
            + ", ".join(detail),
        }
    ]


def _write_masters(folder: Path) -> None:
    folder.mkdir()
    write = lambda name, lines: (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")  # noqa: E731
    write("branches", ["code,name,kind", "HQ,总行,head_office"])
    write(
        "products",
        ["code,name,family,on_sale,for_persons,for_organisations", "CUR,活期存款,current,1,1,1"],
    )
    write(
        "customers",
        ["number,kind,name,branch,since,aml_level,marketing_consent,profiling_consent"]
        + [f"C{n:08d},person,客户{n},HQ,2020-01-01,low,1,1" for n in range(CUSTOMERS)],
    )
    write(
        "accounts",
        ["number,customer,product,branch,opened_on"]
        + [f"62{n:014d},C{n % CUSTOMERS:08d},CUR,HQ,2020-01-01" for n in range(ACCOUNTS)],
    )


def write_transactions(folder: Path, since: date, last: date, rows: int) -> None:
    """Write `rows` transactions with dates in (since, last] and feed.json; the same every time."""
    folder.mkdir()
    (folder / "feed.json").write_text(f'{{"since": "{since}"}}', encoding="utf-8")
    source = random.Random(str(last))
    days = [str(since + timedelta(days=n)) for n in range(1, (last - since).days + 1)]
    with (folder / "transactions.csv").open("w", encoding="utf-8") as stream:
        stream.write("ref,account,booked_on,kind,channel,branch,amount\n")
        for n in range(rows):
            account, cents = source.randrange(ACCOUNTS), source.randrange(-900_000, 900_000)
            stream.write(
                f"T{last:%Y%m%d}{n:08d},62{account:014d},{source.choice(days)},{source.choice(_KINDS)},"
                f"{source.choice(_CHANNELS)},{'HQ' if n % 5 == 0 else ''},{cents / 100:.2f}\n"
            )


def _bare_copy(path: Path) -> float:
    """Return the seconds of COPY into a fresh plain table, read and sent as the loader sends."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_bare")
        cursor.execute(_BARE)
    raw = connection.connection
    began = time.monotonic()
    statement = "COPY bench_bare FROM STDIN (FORMAT csv, HEADER)"
    with path.open("rb", buffering=0) as stream, raw.cursor() as cursor, cursor.copy(statement) as copy:
        while block := stream.read(1 << 18):
            copy.write(block)
    seconds = time.monotonic() - began
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE bench_bare")
    return seconds
