"""Give the embedded bank's demo people an easy password and print one login per role."""

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Count, Q

from managers.choices import Role
from managers.models import User

PASSWORD = "guanhu-demo"  # noqa: S105 - printed on purpose, for the embedded bank only


class Command(BaseCommand):
    help = "Set the demo password for everybody of the embedded bank and print one login per role."

    def handle(self, *args, **options):
        if not settings.EMBEDDED:
            raise CommandError("Demo logins exist in the embedded bank only; here, give people their own.")
        if not User.objects.exists():
            raise CommandError("The bank has no staff yet: load a feed first (manage.py load_feed DIR).")
        # One hash for all: hundreds of argon2 runs would cost a minute and hide nothing in a demo bank.
        User.objects.update(password=make_password(PASSWORD))
        User.objects.filter(role=Role.ADMIN).update(is_staff=True, is_superuser=True)
        for role in Role:
            user = self._pick(role)
            if user:
                self.stdout.write(
                    f"  {role.value:<12} {user.username:<10} {PASSWORD}   {user.name} {role.label}"
                )

    def _pick(self, role):
        """The busiest manager; for the rest, who oversees most managers' branch first."""
        people = User.objects.filter(role=role, is_active=True)
        if role == Role.MANAGER:
            return people.annotate(n=Count("manager__led_customers")).order_by("-n", "username").first()
        if role == Role.SUPERVISOR:
            managers = Count("branch__managers", filter=Q(branch__managers__in_post__endswith=None))
            return people.annotate(n=managers).order_by("-n", "username").first()
        return people.order_by("username").first()
