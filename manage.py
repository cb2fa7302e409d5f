#!/usr/bin/env python
"""Django's command line for Guanhu."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")
    # what history names beside the database's user, where a command says no more (crm/history)
    os.environ.setdefault("PGAPPNAME", " ".join(["manage.py", *sys.argv[1:2]])[:63])
    from django.core.management import execute_from_command_line

    from crm.env import SettingError

    try:
        execute_from_command_line(sys.argv)
    except SettingError as error:
        sys.exit(f"guanhu: {error}")
