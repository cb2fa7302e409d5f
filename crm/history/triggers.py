"""The triggers that write history, put into the database after every `migrate`; again and again, to one end.

pghistory's own are not used (ADR 0012): pgtrigger lets any session switch them off by a setting, they need
rights on the history for whoever writes, and they copy every row that a first feed brings. Ours run with
their owner's rights, cannot be told to stop, and keep one line where a statement inserts more than BULK rows.
"""

from django.db import connection, transaction
from django.db.migrations import operations

from crm.history.tracking import Rule, rules

BULK = 1000  # rows of one statement; beyond, a feed's content is proved by the digest of its folder

_FUNCTION = "LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
CONTEXT = f"""
DROP FUNCTION IF EXISTS history_context();
CREATE FUNCTION history_context(OUT context_id uuid, OUT actor text, OUT reason text) {_FUNCTION} AS $$
DECLARE
    told text := nullif(current_setting('pghistory.context_metadata', true), '');
    words jsonb := coalesce(told::jsonb, '{{}}') || jsonb_build_object('database_user', session_user);
BEGIN
    actor := left(nullif(words ->> 'actor', ''), 150);
    IF actor IS NULL THEN
        actor := 'db:' || session_user;
        words := words || jsonb_build_object('actor', actor,
            'application', current_setting('application_name', true),
            'transaction', pg_current_xact_id()::text);
    END IF;
    reason := left(coalesce(words ->> 'reason', ''), 200);
    context_id := md5(words::text)::uuid;  -- named by its content: a context never changes
    INSERT INTO pghistory_context (id, created_at, updated_at, metadata)
    VALUES (context_id, now(), now(), words) ON CONFLICT DO NOTHING;
END $$
"""


# How long what was written waits for its seal, in seconds: for monitoring, which may not read the rows.
LAG = f"""
CREATE OR REPLACE FUNCTION history_unsealed_seconds() RETURNS double precision
{_FUNCTION.replace("plpgsql", "sql")} STABLE AS $$
    SELECT coalesce(extract(epoch FROM clock_timestamp() - least(
        (SELECT min(at) FROM crm_change WHERE at > s.at),
        (SELECT min(at) FROM crm_auditrecord WHERE at > s.at)
    )), 0)
    FROM (SELECT coalesce(max(at), '-infinity') AS at FROM crm_chainseal) AS s
$$
"""


def install() -> None:
    """Make functions and triggers true for every tracked model whose tables exist."""
    present = _columns_present()
    if not {"crm_change", "pghistory_context"} <= present.keys():
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('history triggers'))")
        lag = [LAG] if "crm_chainseal" in present else []
        cursor.execute("; ".join([CONTEXT, *lag, *_statements(present)]))


def _columns_present() -> dict[str, set[str]]:
    """The columns of every table: amid migrations a model may be ahead of its tables."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attrelid::regclass::text, array_agg(attname::text) FROM pg_attribute "
            "JOIN pg_class AS c ON c.oid = attrelid WHERE attnum > 0 AND NOT attisdropped "
            "AND c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') GROUP BY attrelid"
        )
        return {table: set(columns) for table, columns in cursor.fetchall()}


def _statements(present: dict[str, set[str]]) -> list[str]:
    made = []
    for rule in rules().values():
        history = rule.event_model._meta.db_table
        if {rule.table, history} <= present.keys():
            made += of_table(rule, present[rule.table] & present[history])
    return made


def of_table(rule: Rule, known: set[str]) -> list[str]:
    """The statements that make one table's function and triggers, for its columns that are `known`."""
    table = rule.table
    kept = [field.column for field in rule.fields if field.column in known]
    columns = ", ".join(f'"{column}"' for column in kept)
    told = ", ".join(f'{{row}}."{column}"' for column in kept)
    old, new = told.replace("{row}", "OLD"), told.replace("{row}", "NEW")
    name = f"history_{table}"[:63]
    made = [_function(rule, name, kept)]
    events = {"insert": "REFERENCING NEW TABLE AS new_rows", "delete": "REFERENCING OLD TABLE AS old_rows"}
    for event, tables in events.items():
        made.append(f"DROP TRIGGER IF EXISTS history_{event} ON {table}")
        if event == "delete" or rule.inserts:
            made.append(
                f"CREATE TRIGGER history_{event} AFTER {event} ON {table} {tables} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
            )
    made.append(
        f"CREATE OR REPLACE TRIGGER history_update AFTER UPDATE OF {columns} ON {table} FOR EACH ROW "
        f"WHEN (({old}) IS DISTINCT FROM ({new})) EXECUTE FUNCTION {name}()"
    )
    return made


def _function(rule: Rule, name: str, columns_kept: list[str]) -> str:
    """One function for the three triggers: rows before a change, rows that came, and what an update made."""
    event = rule.event_model._meta.db_table
    columns = ", ".join(f'"{column}"' for column in columns_kept)
    pk = rule.model._meta.pk.column
    customer = f'r."{rule.customer_column}"' if rule.customer_column else "NULL::bigint"
    kept = ", ".join(f"'{column}'" for column in columns_kept)
    into = (
        f"INSERT INTO {event} ({columns}, pgh_created_at, pgh_label, pgh_obj_id, pgh_context_id, pgh_new) "
        f"SELECT {', '.join(f'r.{column}' for column in columns.split(', '))}, clock_timestamp(), "
        f'lower(TG_OP), r."{pk}", told.context_id'
    )
    line = (
        "INSERT INTO crm_change (source, event_id, object_id, label, actor, reason, context_id, customer_id) "
    )

    def journal(rows: str, new: str) -> str:
        # what the history's own row returns is enough for the journal, but for the customer of a customer
        returned = f"RETURNING pgh_id, pgh_obj_id, {customer.replace('r.', f'{event}.')} AS customer_id"
        return (
            f"WITH kept AS ({into}, {new} FROM {rows} AS r {returned}) {line}"
            f"SELECT '{rule.table}', pgh_id, pgh_obj_id::text, lower(TG_OP), told.actor, told.reason, "
            "told.context_id, kept.customer_id FROM kept"
        )

    changed = (
        "(SELECT jsonb_object_agg(n.key, n.value) FROM jsonb_each(to_jsonb(NEW)) AS n "
        "JOIN jsonb_each(to_jsonb(OLD)) AS o USING (key) "
        f"WHERE n.value IS DISTINCT FROM o.value AND n.key IN ({kept}))"
    )
    return f"""
CREATE OR REPLACE FUNCTION {name}() RETURNS trigger {_FUNCTION} AS $$
DECLARE
    told record;
    many boolean;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        SELECT * INTO told FROM history_context();
        {journal("(SELECT OLD.*)", changed)};
    ELSIF TG_OP = 'DELETE' THEN
        IF NOT EXISTS (SELECT FROM old_rows) THEN RETURN NULL; END IF;
        SELECT * INTO told FROM history_context();
        {journal("old_rows", "NULL::jsonb")};
    ELSE
        SELECT count(*) > {BULK} INTO many FROM (SELECT FROM new_rows LIMIT {BULK} + 1) AS k;
        IF NOT EXISTS (SELECT FROM new_rows) THEN RETURN NULL; END IF;
        SELECT * INTO told FROM history_context();
        IF many THEN
            INSERT INTO crm_change (source, object_id, label, rows, actor, reason, context_id)
            SELECT '{rule.table}', min("{pk}")::text || '..' || max("{pk}")::text, 'insert', count(*),
                told.actor, told.reason, told.context_id FROM new_rows;
        ELSE
            {journal("new_rows", "NULL::jsonb")};
        END IF;
    END IF;
    RETURN NULL;
END $$
"""


def after_migrate(sender, using, **kwargs) -> None:
    """Receiver of post_migrate."""
    if using == "default":
        install()


def before_migrate(sender, using, plan=(), **kwargs) -> None:
    """Receiver of pre_migrate: a column in a trigger's condition cannot be altered, so where one will be,
    the trigger makes way until the migration is through."""
    altering = (operations.AlterField, operations.RemoveField, operations.RenameField)
    wanted = {
        f"{migration.app_label}.{operation.model_name}".lower()
        for migration, _backwards in plan
        for operation in migration.operations
        if isinstance(operation, altering)
    }
    tables = [rule.table for label, rule in rules().items() if label in wanted]
    with connection.cursor() as cursor:
        for table in tables if using == "default" else ():
            cursor.execute("SELECT to_regclass(%s)", [table])
            if cursor.fetchone()[0]:
                cursor.execute(f"DROP TRIGGER IF EXISTS history_update ON {table}")


def silent() -> list[str]:
    """Name every trigger of history that is missing or switched off."""
    wanted = {
        (rule.table, f"history_{event}")
        for rule in rules().values()
        for event in ("insert", "update", "delete")
        if event != "insert" or rule.inserts
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, tgname FROM pg_trigger "
            "WHERE tgname LIKE 'history\\_%%' AND tgenabled IN ('O', 'A') AND NOT tgisinternal"
        )
        return sorted(f"{trigger} on {table}" for table, trigger in wanted - set(cursor.fetchall()))
