"""The tables of a night: made beside the readers, one per shard, attached in one transaction.

Names carry the night and its run (`…_n7r1`, shard 3 of it `…_n7r1_s03`), so that a second computation of a
night never touches the tables that readers see. Lower-level than the services: every function takes an
open transaction for granted and gets names and numbers of ours only.
"""

from django.conf import settings
from django.db import connection

from crm.partitions import SHARDS
from customers.models import Customer

ROLLUP, ANALYSIS, STANDING = "performance_rollup", "performance_customeranalysis", "customers_standing"
CHANGED = "performance_changed"  # customers whose tier or lifecycle the night finds other than on record
SHARDED = (ROLLUP, ANALYSIS)
FEWEST = 2  # shards of a night: a core each on the smallest machine


def of_night(table: str, night, *, published: bool = False) -> str:
    """The night's table of its present run, or of the run that was published."""
    return f"{table}_n{night.pk}r{night.published_run if published else night.run}"


def of_shard(table: str, night, shard: int, *, published: bool = False) -> str:
    return f"{of_night(table, night, published=published)}_s{shard:02d}"


def published_source(table: str, night, shard: int) -> str:
    """Where the night before keeps the shard's customers: its shard, or all where it was cut otherwise."""
    if night.previous.shards == night.shards:
        return of_shard(table, night.previous, shard, published=True)
    return of_night(table, night.previous, published=True)


def shards_for_bank() -> int:
    """Into how many shards a night is cut: a power of two up to the ledger's 16.

    Each holds NIGHT_SHARD_CUSTOMERS: more would fill memory, fewer spend the night on beginning and ending.
    """
    shards, customers = FEWEST, Customer.objects.count()
    while shards < SHARDS and shards * settings.NIGHT_SHARD_CUSTOMERS < customers:
        shards *= 2
    return shards


def sampled_shards(shards: int) -> range:
    """The shards that tell how figures are distributed: a fourth of a large bank's, else all."""
    return range(shards if shards == FEWEST else max(shards // 4, 1))


def ledger_shards(night, shard: int) -> range:
    """The ledger's hash partitions (0..15) whose customers are those of the night's shard."""
    return range(shard, SHARDS, night.shards)


def customers_of_shard(night, shard: int, column: str = "id") -> str:
    """The condition that the customer `column` belongs to the shard."""
    return f"customer_shard({column}) IN ({', '.join(map(str, ledger_shards(night, shard)))})"


def exists(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [name])
        return cursor.fetchone()[0]


def make_night(night) -> None:
    """Make the night's empty tables anew: two that shards are attached to, standing, and what changes."""
    with connection.cursor() as cursor:
        for table in (*SHARDED, STANDING):
            name = of_night(table, night)
            cursor.execute(f"DROP TABLE IF EXISTS {name}")
            keys = ", PRIMARY KEY (night_id, customer_id)) PARTITION BY HASH (customer_id)"
            cursor.execute(
                f"CREATE TABLE {name} (LIKE {table} INCLUDING CONSTRAINTS INCLUDING DEFAULTS, "
                f"CONSTRAINT {table}_is_of_night CHECK (night_id = {night.pk})"
                f"{keys if table in SHARDED else ')'}"
            )
        standing, changed = of_night(STANDING, night), of_night(CHANGED, night)
        cursor.execute(f"ALTER TABLE {standing} ALTER COLUMN night_id SET DEFAULT {night.pk}")
        cursor.execute(f"DROP TABLE IF EXISTS {changed}")
        cursor.execute(
            f"CREATE UNLOGGED TABLE {changed} "
            "(customer_id bigint NOT NULL, tier varchar NOT NULL, lifecycle varchar NOT NULL)"
        )


def make_shard_sql(table: str, night, shard: int) -> list[str]:
    """Statements that make the empty table of one shard, whatever an attempt before left."""
    name = of_shard(table, night, shard)
    return [
        f"DROP TABLE IF EXISTS {name}",
        # written once and looked up by key alone: to vacuum it would only take the next night's time
        f"CREATE TABLE {name} (LIKE {of_night(table, night)} INCLUDING CONSTRAINTS INCLUDING DEFAULTS) "
        "WITH (autovacuum_enabled = off)",
    ]


def close_shard_sql(table: str, night, shard: int) -> list[str]:
    """Statements that key a filled shard and hang it below the night's table (no reader sees that yet)."""
    name = of_shard(table, night, shard)
    return [
        f"ALTER TABLE {name} ADD PRIMARY KEY (night_id, customer_id)",
        f"ALTER TABLE {of_night(table, night)} ATTACH PARTITION {name} "
        f"FOR VALUES WITH (MODULUS {night.shards}, REMAINDER {shard})",
    ]


def index_standing(night) -> None:
    """Key and index the filled standing as its parent is, and let the planner know it."""
    name = of_night(STANDING, night)
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {name} ADD PRIMARY KEY (night_id, customer_id)")
        cursor.execute(f"CREATE INDEX ON {name} (aum_fen, customer_id)")
        cursor.execute(f"CREATE INDEX ON {name} (churn_bp, customer_id)")
        # a tenth of the usual sample tells these columns well enough, in a tenth of the time
        cursor.execute("SET LOCAL default_statistics_target = 10")
        cursor.execute(f"ANALYZE {name}")
        cursor.execute("SET LOCAL default_statistics_target = DEFAULT")


def attach_night(night) -> None:
    """Attach the night's three tables; the CHECK on the night's number spares PostgreSQL a scan."""
    with connection.cursor() as cursor:
        for table in (*SHARDED, STANDING):
            cursor.execute(
                f"ALTER TABLE {table} ATTACH PARTITION {of_night(table, night)} FOR VALUES IN ({night.pk})"
            )


def detach_night(night) -> None:
    """Take off and drop the tables of the run that was published."""
    with connection.cursor() as cursor:
        for table in (*SHARDED, STANDING):
            name = of_night(table, night, published=True)
            cursor.execute(f"ALTER TABLE {table} DETACH PARTITION {name}")
            cursor.execute(f"DROP TABLE {name}")


def apply_changes(night) -> int:
    """Bring tier and lifecycle on the records to what the night found; return how many customers changed."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE customers_customer AS c SET tier = n.tier, lifecycle = n.lifecycle "
            f"FROM {of_night(CHANGED, night)} AS n WHERE c.id = n.customer_id"
        )
        return cursor.rowcount


def drop_changes(night) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {of_night(CHANGED, night)}")


def drop_night(night) -> None:
    """Drop the tables of this run, which nobody sees."""
    with connection.cursor() as cursor:
        for table in (*SHARDED, STANDING, CHANGED):
            cursor.execute(f"DROP TABLE IF EXISTS {of_night(table, night)}")


def count(name: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {name}")
        return cursor.fetchone()[0]
