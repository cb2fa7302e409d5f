"""The triggers that write history, put into the database after every `migrate`; again and again, to one end.

pghistory's own are not used (ADR 0012): pgtrigger lets any session switch them off by a setting, they need
rights on the history for whoever writes, and they copy every row that a first feed brings. Ours run with
their owner's rights, cannot be told to stop, and keep one line where a statement inserts more than BULK rows.
"""

from django.db import connection, transaction

from crm.history.tracking import Rule, rules

BULK = 1000  # rows of one statement; beyond, a feed's content is proved by the digest of its folder

_FUNCTION = "LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp"
CONTEXT = f"""
CREATE OR REPLACE FUNCTION history_context(OUT context_id uuid, OUT actor text) {_FUNCTION} AS $$
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
    context_id := md5(words::text)::uuid;  -- named by its content: a context never changes
    INSERT INTO pghistory_context (id, created_at, updated_at, metadata)
    VALUES (context_id, now(), now(), words) ON CONFLICT DO NOTHING;
END $$
"""


def install() -> None:
    """Make functions and triggers true for every tracked model whose tables exist."""
    present = set(connection.introspection.table_names())
    if not {"crm_change", "pghistory_context"} <= present:
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('history triggers'))")
        cursor.execute("; ".join([CONTEXT, *_statements(present)]))


def _statements(present: set[str]) -> list[str]:
    return [
        statement
        for rule in rules().values()
        if {rule.table, rule.event_model._meta.db_table} <= present
        for statement in of_table(rule)
    ]


def of_table(rule: Rule) -> list[str]:
    """The statements that make one table's function and triggers."""
    table = rule.table
    columns = ", ".join(f'"{field.column}"' for field in rule.fields)
    told = ", ".join(f'{{row}}."{field.column}"' for field in rule.fields)
    old, new = told.replace("{row}", "OLD"), told.replace("{row}", "NEW")
    name = f"history_{table}"[:63]
    made = [_function(rule, name)]
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


def _function(rule: Rule, name: str) -> str:
    """One function for the three triggers: rows before a change, rows that came, and what an update made."""
    event = rule.event_model._meta.db_table
    columns = ", ".join(f'"{field.column}"' for field in rule.fields)
    pk = rule.model._meta.pk.column
    customer = f'r."{rule.customer_column}"' if rule.customer_column else "NULL::bigint"
    kept = ", ".join(f"'{field.column}'" for field in rule.fields)
    into = (
        f"INSERT INTO {event} ({columns}, pgh_created_at, pgh_label, pgh_obj_id, pgh_context_id, pgh_new) "
        f"SELECT {', '.join(f'r.{column}' for column in columns.split(', '))}, clock_timestamp(), "
        f'lower(TG_OP), r."{pk}", told.context_id'
    )
    line = "INSERT INTO crm_change (source, event_id, object_id, label, actor, context_id, customer_id) "

    def journal(rows: str, new: str) -> str:
        # what the history's own row returns is enough for the journal, but for the customer of a customer
        returned = f"RETURNING pgh_id, pgh_obj_id, {customer.replace('r.', f'{event}.')} AS customer_id"
        return (
            f"WITH kept AS ({into}, {new} FROM {rows} AS r {returned}) {line}"
            f"SELECT '{rule.table}', pgh_id, pgh_obj_id::text, lower(TG_OP), told.actor, told.context_id, "
            "kept.customer_id FROM kept"
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
            INSERT INTO crm_change (source, object_id, label, rows, actor, context_id)
            SELECT '{rule.table}', min("{pk}")::text || '..' || max("{pk}")::text, 'insert', count(*),
                told.actor, told.context_id FROM new_rows;
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
