"""Says whether the second wall stands in this database, one sentence for each thing that is missing."""

from django.db import connection

from crm.wall import install, policies, roles

_LOGINS = "SELECT rolname, rolsuper, rolbypassrls, rolcanlogin FROM pg_roles WHERE rolname = ANY(%s)"
_POLICIES = "SELECT tablename, unnest(roles)::text FROM pg_policies WHERE schemaname = 'public'"
_FORCED = "SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity"
_OWNED = "SELECT relname FROM pg_class WHERE pg_get_userbyid(relowner) = ANY(%s) LIMIT 1"
_MEMBER = (
    "SELECT pg_has_role(%s, d.datdba, 'MEMBER') FROM pg_database AS d WHERE datname = current_database()"
)


def missing() -> list[str]:
    """One sentence for each fault; empty where the wall stands."""
    logins = {name: rest for name, *rest in _rows(_LOGINS, [list(roles.ALL)])}
    absent = sorted(set(roles.ALL) - set(logins))
    if absent:
        return [
            f"The roles {', '.join(absent)} are missing: give the SQL of `manage.py check_wall --roles` to a "
            "superuser, then run `manage.py migrate`."
        ]
    return [*_of_roles(logins), *_of_tables()]


def _of_roles(logins: dict) -> list[str]:
    found = []
    for role in roles.OF_PAGES:
        is_superuser, passes, _can_login = logins[role]
        if is_superuser or passes:
            found.append(f"{role} passes every policy: ALTER ROLE {role} NOSUPERUSER NOBYPASSRLS.")
    if not logins[roles.WORKER][1]:
        found.append(f"{roles.WORKER} cannot load a feed: ALTER ROLE {roles.WORKER} BYPASSRLS.")
    with connection.cursor() as cursor:
        if not install.worker_may_become_all(cursor):
            found.append(
                f"{roles.WORKER} cannot write files as who asked for them: "
                f"GRANT {', '.join(roles.OF_PAGES)} TO {roles.WORKER}."
            )
    if _rows(_MEMBER, [roles.WEB])[0][0]:
        found.append(f"{roles.WEB} may become the owner of the database: revoke that membership.")
    if owned := _rows(_OWNED, [list(roles.OF_PAGES)]):
        found.append(f"A role of pages owns {owned[0][0]}: ALTER TABLE {owned[0][0]} OWNER TO the owner.")
    return found


def _of_tables() -> list[str]:
    lines = {line.table: line for line in policies.all_lines()}
    present = install.tables()
    if "customers_customer" not in present:
        return ["The tables are missing: run `manage.py migrate` as the owner."]
    found = [
        f"{table} has no line in crm/wall/policies.py: no page can read it."
        for table in sorted(present - set(lines))
    ]
    forced = {name for (name,) in _rows(_FORCED)}
    standing = set(_rows(_POLICIES))
    for table in sorted(present & set(lines)):
        wanted = {(table, role) for role in lines[table].rules or {}}
        if wanted and (table not in forced or wanted - standing):
            found.append(f"{table} is not walled: run `manage.py migrate` as the owner.")
    return found


def _rows(statement: str, values=()) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()
