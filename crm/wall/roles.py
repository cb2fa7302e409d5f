"""The roles of the database: who owns, who serves pages, who works at night, and whose eyes a request has.

Knows no Django: the embedded server makes the roles before there is a table.
"""

from urllib.parse import quote, urlsplit

WEB = "guanhu_web"  # logs in for the web processes; of itself it reaches nothing but the door's tables
WORKER = "guanhu_worker"  # logs in for Celery, the feed and the night; owns the tables it partitions
MANAGER = "guanhu_manager"  # a request of an account manager: his book
BRANCH = "guanhu_branch"  # of a supervisor: his branch subtree
SERVICE = "guanhu_service"  # of the back office: the customers of its branch subtree, nobody's score
OFFICE = "guanhu_office"  # of an administrator: the whole bank
AUDITOR = "guanhu_auditor"  # of an auditor: reads the whole bank, writes only what signing in writes

SCOPED = (MANAGER, BRANCH, SERVICE, OFFICE, AUDITOR)
OF_PAGES = (WEB, *SCOPED)
ALL = (*OF_PAGES, WORKER)

# managers.choices.Role → the role that a request of such a user takes
FOR_USER = {
    "manager": MANAGER,
    "supervisor": BRANCH,
    "back_office": SERVICE,
    "admin": OFFICE,
    "auditor": AUDITOR,
}
_RIGHTS = {
    WEB: "LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS",
    # COPY FROM refuses tables under policies, and the night reads everything: no policy applies to it
    WORKER: "LOGIN INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE BYPASSRLS",
}
_SCOPED_RIGHTS = "NOLOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS"


# Commands of manage.py that make or judge the tables: the owner's. Others work as the worker does.
OWNERS_COMMANDS = {
    "migrate",
    "check_wall",
    "makemigrations",
    "sqlmigrate",
    "showmigrations",
    "dbshell",
    "test",
}


def login_url(url: str, role: str) -> str:
    """Return the database URL `url` with `role` logging in, without a password: for the embedded server."""
    parts = urlsplit(url)
    return parts._replace(netloc=f"{quote(role)}@{parts.netloc.rpartition('@')[2]}").geturl()


def login_of_command(command: str) -> str | None:
    """The role for a command of manage.py beside the embedded server; None: the owner."""
    if command in OWNERS_COMMANDS:
        return None
    return WEB if command in {"runserver", "testserver"} else WORKER


def statements(owner: str, version: int, present: set[str]) -> list[str]:
    """The SQL that makes the missing roles and memberships; for a superuser (or CREATEROLE with BYPASSRLS).

    `owner` is the role that owns the database and migrates; `version` PostgreSQL's major version; `present`
    the names of the roles there are. Running it again changes nothing.
    """
    made = [
        f"{'ALTER' if role in present else 'CREATE'} ROLE {role} {_RIGHTS.get(role, _SCOPED_RIGHTS)}"
        for role in ALL
    ]
    made += [f"GRANT {', '.join(SCOPED)} TO {WEB}{_without_inheriting(version)}"]
    # a worker writes a person's file as that person
    made += [
        f"GRANT {', '.join(OF_PAGES)} TO {who}{_without_inheriting(version)}"
        for who in (WORKER, _quoted(owner))
    ]
    # counts of sessions for the monitoring (ops_sessions), which no role of a page may see itself
    made += [f"GRANT {WORKER}, pg_read_all_stats TO {_quoted(owner)}"]
    made += [f"ALTER ROLE {_quoted(owner)} BYPASSRLS"]
    return made


def _without_inheriting(version: int) -> str:
    """Before 16 the member's own NOINHERIT says it; the owner there inherits what is his anyway."""
    return " WITH INHERIT FALSE, SET TRUE" if version >= 16 else ""


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
