"""`manage.py check_wall`: does row-level security stand, and do the roles exist?"""

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from crm.wall import report, roles


class Command(BaseCommand):
    help = "Check the database's roles and policies; with --roles print the SQL that makes the roles."

    def add_arguments(self, parser):
        parser.add_argument("--roles", action="store_true", help="print SQL for a superuser and end")

    def handle(self, *, roles: bool, **options):
        if roles:
            self.stdout.write(";\n".join(statements()) + ";")
            return
        faults = report.missing()
        if faults:
            raise CommandError("\n".join(faults))
        self.stdout.write("The second wall stands.")


def statements() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolname, current_user FROM pg_roles")
        found = cursor.fetchall()
    present, owner = {name for name, _ in found}, found[0][1]
    return roles.statements(owner, connection.pg_version // 10_000, present)
