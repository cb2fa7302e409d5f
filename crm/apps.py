"""Django registers the platform as an app for its commands, template tags and feed ledger."""

from django.apps import AppConfig


class CrmConfig(AppConfig):
    name = "crm"
    verbose_name = "Platform"
