#!/usr/bin/env python
"""Django's command line for Guanhu."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
    # what history names beside the database's user, where a command says no more (crm/history)
    os.environ.setdefault("PGAPPNAME", " ".join(["manage.py", *sys.argv[1:2]])[:63])
    from django.core.management import execute_from_command_line

    from crm import embedded
    from crm.env import SettingError, env
    from crm.wall import roles

    role = roles.login_of_command(sys.argv[1] if len(sys.argv) > 1 else "")
    if role and not env("DATABASE_URL"):  # beside the embedded server, work as the worker does (crm/wall)
        os.environ["DATABASE_URL"] = roles.login_url(embedded.database_url(), role)

    try:
        execute_from_command_line(sys.argv)
    except SettingError as error:
        sys.exit(f"guanhu: {error}")
