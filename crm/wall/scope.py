"""The role and the scope of one request, set in its transaction and gone with it."""

from contextlib import contextmanager

from django.db import connection, transaction

from crm.wall import roles

_CASES = " ".join(f"WHEN '{name}' THEN '{role}'" for name, role in roles.FOR_USER.items())
# One statement reads who the user is now and sets what he may see: nothing can come between.
_ENTER = f"""
SELECT set_config('app.user', u.id::text, true),
       set_config('app.manager', coalesce(m.id::text, ''), true),
       set_config('app.branch', coalesce(b.path, ''), true),
       set_config('role', CASE u.role {_CASES} ELSE '{roles.WEB}' END, true)
FROM managers_user AS u
LEFT JOIN managers_manager AS m ON m.user_id = u.id
LEFT JOIN managers_branch AS b ON b.id = u.branch_id
WHERE u.id = %s AND u.is_active
"""
_LEAVE = (
    "SELECT set_config('role', 'none', true), set_config('app.user', '', true), "
    "set_config('app.manager', '', true), set_config('app.branch', '', true)"
)


@contextmanager
def at_the_door():
    """One transaction as the web's own role: what signing in needs, no customer. `enter` goes on from here.

    Its end ends role and scope too; inside another transaction (a test's) they are taken back by hand.
    """
    outer = connection.in_atomic_block
    try:
        with transaction.atomic():
            if connection.settings_dict["USER"] != roles.WEB:
                _set_role(roles.WEB)
            yield
    finally:
        connection.wall_role = None
        if outer and not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute(_LEAVE)


def enter(user_id: int) -> bool:
    """Take the role and the scope of this user as the database has them now; False where he is switched off.

    The caller stands `at_the_door`.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ENTER, [user_id])
        found = cursor.fetchone()
    connection.wall_role = found[3] if found else None
    return found is not None


@contextmanager
def of_user(user_id: int):
    """The role and the scope of one user for a block of code: what a request has, without one.

    Yields False where he is switched off: then no customer is there.
    """
    with at_the_door():
        yield enter(user_id)


@contextmanager
def as_user(user_id: int):
    """The same where a worker does what a page may do too: inside his own request nothing changes.

    Yields False inside somebody else's.
    """
    if getattr(connection, "wall_role", None) is None:
        with of_user(user_id) as is_active:
            yield is_active
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('app.user', true) = %s", [str(user_id)])
        is_own = cursor.fetchone()[0]
    yield is_own


@contextmanager
def beyond_scope():
    """Read, never write, the whole bank inside a request whose own scope is narrower.

    For figures that are about others without naming them, and for a manager's own past; the caller has
    checked, within scope, that the user may ask. tests/security/test_g02_second_wall.py lists every use.
    Outside a request nothing changes.
    """
    with _in_role(roles.AUDITOR):
        yield


@contextmanager
def back_at_the_door():
    """The web's own role inside a request of somebody signed in: to look after others' second factors, whose
    secrets no other role reads. The caller has checked that the user may help these people."""
    with _in_role(roles.WEB):
        yield


@contextmanager
def _in_role(other: str):
    role = getattr(connection, "wall_role", None)
    if role is None:
        yield
        return
    connection.wall_role = other  # so that one such block may stand inside another
    try:
        with transaction.atomic():  # an error inside takes the role back with its savepoint
            _set_role(other)
            yield
            _set_role(role)
    finally:
        connection.wall_role = role


def _set_role(role: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('role', %s, true)", [role])
