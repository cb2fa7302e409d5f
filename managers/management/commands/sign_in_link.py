"""A link to set a password: the first administrator, or one who is locked out with nobody above him."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from crm.signin import staff
from managers.choices import Role
from managers.models import User


class Command(BaseCommand):
    help = "Print a one-time link to set the password of a member of staff; make the first administrator."

    def add_arguments(self, parser):
        parser.add_argument("number", help="staff number")
        parser.add_argument("--admin", metavar="NAME", help="make a new administrator of this name")
        parser.add_argument(
            "--lost-phone", action="store_true", help="take the second factor away: a new one is asked for"
        )

    @transaction.atomic
    def handle(self, *args, number, admin, lost_phone, **options):
        user = User.objects.filter(username=number).first()
        if admin:
            if user:
                raise CommandError(f"{number} exists already ({user.name}): leave --admin out.")
            user = User(username=number, name=admin, role=Role.ADMIN, is_staff=True, is_superuser=True)
            user.full_clean(exclude=["password"])
            user.save()
        if user is None:
            raise CommandError(f"Nobody has the staff number {number}: check it, or add --admin NAME.")
        staff.lockout.unlock(number)
        path = (staff.drop_factors if lost_phone else staff.password_link)(user=user, by=None)
        host = "http://localhost:8000" if settings.EMBEDDED else f"https://{settings.ALLOWED_HOSTS[0]}"
        self.stdout.write(f"{host}{path}")
        self.stdout.write(f"Good once, for {settings.PASSWORD_RESET_TIMEOUT // 60} minutes, for {user}.")
