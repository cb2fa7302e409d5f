"""The app `admin`, with the bank's own site."""

from django.contrib.admin.apps import AdminConfig


class BankAdminConfig(AdminConfig):
    """Named in INSTALLED_APPS in place of django.contrib.admin, so that `admin.site` is the bank's."""

    default_site = "crm.adminsite.BankAdminSite"
