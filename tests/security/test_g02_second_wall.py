"""G2: PostgreSQL itself keeps a user's rows apart; the web's login owns nothing and can take nothing down."""

import re
from pathlib import Path

import psycopg
import pytest
from allauth.mfa.models import Authenticator
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, transaction

from crm.wall import install, policies, report, roles, scope
from crm.wall.middleware import RowScope
from customers.models import Customer
from managers.models import Manager, User
from tests.factories import make_customer
from tests.security.wall import (
    CANARY,
    asked,
    customer_addresses,
    hidden_customers,
    list_addresses,
    take_visible_to_out,
)

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[2]
LINES = {line.table: line for line in policies.all_lines()}
POLICED = sorted(line.table for line in LINES.values() if line.rules)
NOT_MADE_HERE = {"demo_install"}  # `make run` alone makes it
BEYOND = {  # who may read beyond a scope, and what
    "customers/approvals.py",  # how many customers a manager leads
    "customers/moves/common.py",  # whom a request is about: who asks for one from the pool sees him later
    "customers/selectors/handovers.py",  # whether a customer can still be handed over: a number
    "customers/selectors/load.py",  # sums of whole books
    "customers/selectors/pool.py",  # the pool of a manager's own branch, masked
    "customers/views/handovers.py",  # what the receiver signs for, masked
    "customers/selectors/find.py",
    "performance/evidence.py",
    "performance/selectors/cards.py",
}
NARROW = (roles.MANAGER, roles.BRANCH, roles.SERVICE)


@pytest.fixture
def web():
    """A connection of the web's own login, as production has it."""
    known = connection.get_connection_params()
    kept = {name: value for name, value in known.items() if name not in {"context", "cursor_factory"}}
    with psycopg.connect(**kept | {"user": roles.WEB}, autocommit=True) as opened:
        yield opened


def rows(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


# --- The registry -------------------------------------------------------------------------------------------
def test_every_table_has_a_line_and_every_line_a_table():
    assert install.tables() - set(LINES) == set()
    assert set(LINES) - install.tables() <= NOT_MADE_HERE
    assert len(LINES) == len(policies.all_lines())


def test_every_policy_is_forced_and_as_written():
    forced = rows("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity ORDER BY 1")
    assert {name for (name,) in forced} == set(POLICED)
    found = rows("SELECT tablename, unnest(roles) FROM pg_policies")
    assert set(found) == {(table, role) for table in POLICED for role in LINES[table].rules}


def test_who_reads_a_policed_table_has_a_policy_there():
    assert [t for t in POLICED if set(LINES[t].rules) - set(LINES[t].readers)] == []


def test_reading_beyond_a_scope_is_named_here():
    apps = ("crm", "managers", "customers", "service", "marketing", "performance")
    using = {
        path.relative_to(ROOT).as_posix()
        for app in apps
        for path in (ROOT / app).rglob("*.py")
        if re.search(r"\bbeyond_scope\(\):", path.read_text(encoding="utf-8"))
    }
    assert using - {"crm/wall/scope.py"} == BEYOND


# --- The wall alone, without visible_to ---------------------------------------------------------------------
@pytest.mark.parametrize("role", ["manager", "supervisor", "back_office"])
def test_without_visible_to_no_foreign_row_is_shown(
    role, client, monkeypatch, request, branch, other_branch, manager, outsider
):
    make_customer("沈知远", branch=branch, lead=manager)
    hidden = hidden_customers(other_branch, outsider, manager, branch)
    user = request.getfixturevalue(role)
    client.force_login(getattr(user, "user", user))
    assert take_visible_to_out(monkeypatch) >= 4
    leaks = {}
    for address in list_addresses():
        response, said = asked(client, address)
        if CANARY.encode() in said or any(str(one.public_id).encode() in said for one in hidden.values()):
            leaks[address] = response.status_code
    for customer in hidden.values():
        for address in customer_addresses(customer).values():
            if (status := client.get(address).status_code) != 404:
                leaks[address] = status
    assert leaks == {}


@pytest.mark.parametrize("role", NARROW)
def test_an_unscoped_connection_sees_no_row(role, web, customer, manager):
    with transaction.atomic():
        scope._set_role(role)
        mine = [table for table in POLICED if role in LINES[table].readers]
        seen = {table: rows(f"SELECT count(*) FROM {table}")[0][0] for table in mine}
        scope._set_role("none")
    assert {table for table, count in seen.items() if count} == set()
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        web.execute("SELECT FROM customers_customer")


def test_a_scope_ends_with_its_block(customer, manager, foreign_customer):
    with scope.of_user(manager.user_id):
        assert list(Customer.objects.values_list("pk", flat=True)) == [customer.pk]
        with scope.beyond_scope():
            assert Customer.objects.count() == 2
        assert Customer.objects.count() == 1
    assert Customer.objects.count() == 2
    assert rows("SELECT current_setting('role'), current_setting('app.manager')") == [("none", "")]


def test_a_failure_beyond_the_scope_does_not_stay_there(customer, manager, foreign_customer):
    with scope.of_user(manager.user_id):
        with pytest.raises(ZeroDivisionError), scope.beyond_scope():
            raise ZeroDivisionError
        assert Customer.objects.count() == 1


def test_nobody_writes_into_another_scope(customer, manager, outsider, foreign_customer):
    with scope.of_user(manager.user_id):
        assert Customer.objects.filter(pk=foreign_customer.pk).update(next_date="2026-07-02") == 0
    foreign_customer.refresh_from_db()
    assert foreign_customer.next_date is None


# --- What the web's login may not do ------------------------------------------------------------------------
@pytest.mark.parametrize("role", [*roles.SCOPED, roles.WEB])
@pytest.mark.parametrize(
    "statement",
    [
        "TRUNCATE customers_interaction",
        "DELETE FROM customers_customer",
        "DELETE FROM customers_interaction",
        "DELETE FROM crm_auditrecord",
        "UPDATE crm_auditrecord SET act = 'read'",
        "UPDATE performance_scorecard SET total = 100",
        "UPDATE customers_customer SET tier = 'private'",
        "UPDATE customers_customer SET branch_path = ''",
        "ALTER TABLE customers_customer DISABLE TRIGGER ALL",
        "ALTER TABLE customers_customer DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE customers_customer NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY wall_manager ON customers_customer",
        "CREATE POLICY mine ON customers_customer USING (true)",
        "CREATE TABLE mine (number int)",
        "CREATE TEMP TABLE mine (number int)",
        "CREATE SCHEMA mine",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "DROP TABLE customers_task",
        "SET session_replication_role = replica",
        f"SET ROLE {roles.WORKER}",
        "SET ROLE app",
        "SET ROLE postgres",
        f"GRANT {roles.WORKER} TO {roles.WEB}",
        f"ALTER ROLE {roles.WEB} BYPASSRLS",
        "COPY customers_customer TO PROGRAM 'true'",
        "SELECT pg_read_file('/etc/passwd')",
    ],
)
def test_the_web_is_refused(web, role, statement):
    with web.transaction(force_rollback=True):
        web.execute(f"SET LOCAL ROLE {role}")
        with pytest.raises(psycopg.errors.InsufficientPrivilege), web.transaction():
            web.execute(statement)


def test_the_worker_may_take_a_persons_role_and_no_more(web):
    known = connection.get_connection_params()
    kept = {name: value for name, value in known.items() if name not in {"context", "cursor_factory"}}
    with psycopg.connect(**kept | {"user": roles.WORKER}) as worker:
        for role in roles.OF_PAGES:
            worker.execute(f"SET LOCAL ROLE {role}")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            worker.execute("SET LOCAL ROLE app")


@pytest.mark.parametrize("role", NARROW)
def test_rights_of_staff_are_not_theirs_to_change(web, role):
    with web.transaction(force_rollback=True):
        web.execute(f"SET LOCAL ROLE {role}")
        with pytest.raises(psycopg.errors.InsufficientPrivilege), web.transaction():
            web.execute("UPDATE managers_user SET is_superuser = true")


def test_no_role_of_pages_selects_a_password(web, manager, colleague):
    for user in (manager.user, colleague.user):
        user.password = "argon2$of$" + user.username
        user.save()
    for role in roles.OF_PAGES:
        assert rows("SELECT has_column_privilege(%s, 'managers_user', 'password', 'SELECT')", role) == [
            (False,)
        ]
    with scope.of_user(manager.user_id):
        mine, other = User.objects.get(pk=manager.user_id), User.objects.get(pk=colleague.user_id)
        joined = Manager.objects.select_related("user").get(pk=colleague.pk).user
        assert (mine.password, other.password, joined.password) == ("argon2$of$0931", "!", "!")
        assert User.objects.filter(pk=other.pk).values_list("password", flat=True)[0] is None
    other.name = "白屿二"
    other.save()  # what was hidden is not overwritten
    assert User.objects.get(pk=other.pk).password == "argon2$of$0932"
    with scope.at_the_door():
        assert User.objects.get(pk=other.pk).password == "argon2$of$0932"


def test_secrets_of_second_factors_are_their_owners(manager, colleague, supervisor, admin_user):
    for user in (manager.user, colleague.user):
        Authenticator.objects.create(user=user, type="totp", data={"secret": "sealed"})
    seen = {}
    for user in (manager.user, supervisor, admin_user):
        with scope.of_user(user.pk):
            seen[user] = list(Authenticator.objects.values_list("user_id", flat=True))
            with scope.back_at_the_door():
                assert Authenticator.objects.count() == 2
    assert seen == {manager.user: [manager.user_id], supervisor: [], admin_user: []}
    with scope.of_user(manager.user_id), pytest.raises(ProgrammingError), transaction.atomic():
        Authenticator.objects.create(user=colleague.user, type="webauthn", data={})


def test_no_role_of_pages_reads_what_other_sessions_do():
    """pg_read_all_stats would show their statements; the figures of /internal/metrics do without."""
    for role in roles.OF_PAGES:
        assert rows("SELECT pg_has_role(%s, 'pg_read_all_stats', 'MEMBER')", role) == [(False,)]


def test_no_role_of_pages_reaches_a_partition():
    reached = rows(
        "SELECT relname, role FROM pg_class, unnest(%s::text[]) AS role WHERE relispartition "
        "AND has_table_privilege(role, oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')",
        list(roles.OF_PAGES),
    )
    assert reached == []


def test_the_auditor_writes_only_what_signing_in_writes():
    written = rows(
        "SELECT DISTINCT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition "
        "AND relnamespace = 'public'::regnamespace AND has_any_column_privilege(%s, oid, 'INSERT, UPDATE')",
        roles.AUDITOR,
    )
    allowed = {line.table for line in LINES.values() if line.door or line.everyone}
    assert {name for (name,) in written} == allowed


def test_the_webs_login_owns_nothing_and_passes_no_policy(web):
    assert (
        web.execute(
            "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolinherit FROM pg_roles "
            "WHERE rolname = session_user"
        ).fetchone()
        == (False,) * 5
    )
    assert web.execute(
        "SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = ANY(%s)", [list(roles.OF_PAGES)]
    ).fetchone() == (0,)


def test_production_refuses_another_login_for_the_web(settings):
    settings.EMBEDDED = False
    with pytest.raises(ImproperlyConfigured, match="give it a DATABASE_URL of the role guanhu_web"):
        RowScope(lambda request: None)


def test_check_wall_says_what_is_missing_and_migrate_mends_it(capsys):
    call_command("check_wall")
    assert capsys.readouterr().out == "The second wall stands.\n"
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE customers_task NO FORCE ROW LEVEL SECURITY")
        cursor.execute("CREATE TABLE unheard_of (number int)")
    with pytest.raises(CommandError) as said:
        call_command("check_wall")
    assert str(said.value).splitlines() == [
        "unheard_of has no line in crm/wall/policies.py: no page can read it.",
        "customers_task is not walled: run `manage.py migrate` as the owner.",
    ]
    install.install()
    assert report.missing() == ["unheard_of has no line in crm/wall/policies.py: no page can read it."]


def test_walls_built_again_leave_the_worker_what_is_his():
    """Every start of a bank migrates, and so builds the wall anew."""
    install.install()
    install.install()
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {roles.WORKER}")
        for table in sorted(line.table for line in policies.all_lines() if line.owned_by_worker):
            cursor.execute(f"SELECT FROM {table} LIMIT 1")
        cursor.execute("RESET ROLE")


def test_the_worker_takes_numbers_by_the_block():
    """The feed's fast lane sets sequences on; only files too large for a test go that way in `make run`."""
    unowned = rows(
        "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' "
        "AND NOT has_sequence_privilege(%s, quote_ident(sequencename), 'UPDATE')",
        roles.WORKER,
    )
    assert unowned == []
