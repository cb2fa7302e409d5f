"""Django registers the platform as an app for its commands, template tags and feed ledger."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy as _


class CrmConfig(AppConfig):
    name = "crm"
    verbose_name = _("Platform")

    def ready(self):
        """The second wall stands as soon as the tables do (crm/wall); sign-ins are noted (crm/signin)."""
        import crm.signin.signals  # noqa: F401
        from crm.history.triggers import after_migrate, before_migrate
        from crm.wall.install import after_migrate as build_wall

        pre_migrate.connect(before_migrate, sender=self, dispatch_uid="crm.history")
        post_migrate.connect(after_migrate, sender=self, dispatch_uid="crm.history")
        post_migrate.connect(build_wall, sender=self, dispatch_uid="crm.wall")
