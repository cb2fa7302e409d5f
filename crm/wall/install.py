"""Puts roles' rights and policies into the database, after every `migrate`; again and again, to one end."""

from django.core.management.base import CommandError
from django.db import connection, connections, transaction

from crm.env import env
from crm.wall import policies, roles
from crm.wall.policies import Line

PASSWORDS = {roles.WEB: "WEB_DB_PASSWORD", roles.WORKER: "WORKER_DB_PASSWORD"}
HASH_OF = "managers_password_of(bigint)"  # managers.fields
# Ordinary and partitioned tables of the bank; partitions hang below their parents.
_TABLES = (
    "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace "
    "AND relkind IN ('r', 'p') AND NOT relispartition"
)


def after_migrate(sender, using, verbosity=1, **kwargs) -> None:
    """Receiver of post_migrate: the wall stands as soon as the tables do."""
    if using != "default":
        return
    install()
    if lineless := tables() - {line.table for line in policies.all_lines()}:
        print(
            f"The second wall: no page can read {', '.join(sorted(lineless))}; "
            "add a line each to crm/wall/policies.py."
        )


def install() -> None:
    """Make the roles where that is allowed and missing, then grant and police every table, all or nothing.

    Raises CommandError with what to do where roles are missing and this user may not make them.
    """
    _make_roles()
    present = tables()
    lines = [line for line in policies.all_lines() if line.table in present]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('the second wall'))")
        for statement in (*_of_database(), *_of_functions(cursor)):
            cursor.execute(statement)
        cursor.execute("; ".join(_of_unlisted(present - {line.table for line in lines}) or ["SELECT 1"]))
        shown = {line.table: _shown_columns(cursor, line) for line in lines if line.hidden}
        made = [statement for line in lines for statement in of_table(line, shown.get(line.table, ""))]
        cursor.execute("; ".join(made))
        for name, table in _owned_by_others(lines):
            cursor.execute(f"ALTER {'TABLE' if table else 'VIEW'} {name} OWNER TO {roles.WORKER}")
        for role, variable in PASSWORDS.items():
            if password := env(variable):
                _set_password(cursor, role, password)


def tables() -> set[str]:
    """The bank's tables, partitions left aside."""
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        return {name for (name,) in cursor.fetchall()}


def of_table(line: Line, columns: str = "") -> list[str]:
    """The statements that make the line of one table true, whatever stood before.

    `columns`: " (a, b)" where readers may not select every column.
    """
    made = [f"REVOKE ALL ON {line.table} FROM PUBLIC, {', '.join(roles.ALL)}"]
    if line.readers:
        made.append(f"GRANT SELECT{columns} ON {line.table} TO {', '.join(line.readers)}")
    for who, rights in (
        ((roles.MANAGER, roles.BRANCH, roles.SERVICE), line.write),
        ((roles.BRANCH, roles.OFFICE), line.chief),
        ((roles.OFFICE,), line.admin),
        (roles.SCOPED, line.everyone),
        (roles.OF_PAGES, line.door),
    ):
        if rights:
            made.append(f"GRANT {rights} ON {line.table} TO {', '.join(who)}")
    if line.owned_by_worker:
        rights = "ALL"  # an owner has only what stands in the list, and that was just emptied
    else:
        rights = "SELECT, INSERT" if line.append_only else "SELECT, INSERT, UPDATE, DELETE"
    made.append(f"GRANT {rights} ON {line.table} TO {roles.WORKER}")
    return made + _policies(line)


def _policies(line: Line) -> list[str]:
    if line.rules is None:
        return []
    made = [
        f"ALTER TABLE {line.table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {line.table} FORCE ROW LEVEL SECURITY",
    ]
    for role in roles.OF_PAGES:
        name = f"wall_{role.removeprefix('guanhu_')}"
        made.append(f"DROP POLICY IF EXISTS {name} ON {line.table}")
        if role in line.rules:
            check = f" WITH CHECK ({line.check})" if line.check else ""
            made.append(f"CREATE POLICY {name} ON {line.table} TO {role} USING ({line.rules[role]}){check}")
    return made


def _shown_columns(cursor, line: Line) -> str:
    cursor.execute(
        "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute "
        "WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attname <> ALL(%s)",
        [line.table, list(line.hidden)],
    )
    return f" ({cursor.fetchone()[0]})"


def _of_functions(cursor) -> list[str]:
    """Functions with their owner's rights that not everybody in the database may call."""
    cursor.execute("SELECT to_regprocedure(%s) IS NOT NULL", [HASH_OF])
    if not cursor.fetchone()[0]:
        return []
    return [
        f"REVOKE ALL ON FUNCTION {HASH_OF} FROM PUBLIC",
        f"GRANT EXECUTE ON FUNCTION {HASH_OF} TO {', '.join(roles.ALL)}",
    ]


def _of_database() -> list[str]:
    database = connection.ops.quote_name(connection.settings_dict["NAME"])
    return [
        f"REVOKE ALL ON DATABASE {database} FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE {database} TO {', '.join(roles.ALL)}",
        f"GRANT CREATE, TEMPORARY ON DATABASE {database} TO {roles.WORKER}",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        f"GRANT USAGE ON SCHEMA public TO {', '.join(roles.ALL)}",
        f"GRANT CREATE ON SCHEMA public TO {roles.WORKER}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {', '.join(roles.ALL)}",
        # the feed's fast lane takes numbers by the block
        f"GRANT USAGE, UPDATE ON ALL SEQUENCES IN SCHEMA public TO {roles.WORKER}",
    ]


def _of_unlisted(names: set[str]) -> list[str]:
    return [f"REVOKE ALL ON {connection.ops.quote_name(name)} FROM {', '.join(roles.ALL)}" for name in names]


def _owned_by_others(lines: list[Line]) -> list[tuple[str, bool]]:
    """Trees of partitions that the worker makes and drops, and does not own yet."""
    roots = [line.table for line in lines if line.owned_by_worker]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relid::regclass::text, true FROM unnest(%s::regclass[]) AS root, "
            "LATERAL pg_partition_tree(root) AS tree JOIN pg_class AS c ON c.oid = tree.relid "
            "WHERE pg_get_userbyid(c.relowner) <> %s",
            [roots, roles.WORKER],
        )
        return cursor.fetchall()


def worker_may_become_all(cursor) -> bool:
    """Whether the worker may take every role of pages, to write a person's file as that person."""
    cursor.execute(
        "SELECT bool_and(pg_has_role(%s, name, 'MEMBER')) FROM unnest(%s::text[]) AS name",
        [roles.WORKER, list(roles.OF_PAGES)],
    )
    return cursor.fetchone()[0]


def _make_roles() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [list(roles.ALL)])
        present = {name for (name,) in cursor.fetchall()}
        if set(roles.ALL) <= present and worker_may_become_all(cursor):
            return
        cursor.execute("SELECT rolsuper, current_user FROM pg_roles WHERE rolname = current_user")
        is_superuser, user = cursor.fetchone()
        if not is_superuser:
            what = ", ".join(sorted(set(roles.ALL) - present)) or f"memberships of {roles.WORKER}"
            raise CommandError(
                f"The database's roles are not whole ({what} missing), and {user} may not make them: run "
                "`manage.py check_wall --roles`, give its SQL to a superuser, migrate again."
            )
        for statement in roles.statements(user, connection.pg_version // 10_000, present):
            cursor.execute(statement)


def _set_password(cursor, role: str, password: str) -> None:
    """Store the password as its SCRAM secret, so that no log can hold it in clear."""
    raw = connections["default"].connection
    secret = raw.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    cursor.execute(f"ALTER ROLE {role} PASSWORD '{secret}'")
