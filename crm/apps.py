"""Django registers the platform as an app for its commands, template tags and feed ledger."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CrmConfig(AppConfig):
    name = "crm"
    verbose_name = _("Platform")
