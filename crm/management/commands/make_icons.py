"""Rewrite static/icons.svg from the allow-list of crm/look/icons.py."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from crm.look.icons import sprite


class Command(BaseCommand):
    help = "Make the icon sprite static/icons.svg from node_modules/lucide-static."

    def handle(self, *args, **options):
        root = Path(settings.BASE_DIR)
        try:
            text = sprite(root / "node_modules" / "lucide-static" / "icons")
        except FileNotFoundError as missing:
            raise CommandError(f"{missing.filename} is missing: run `npm ci`, or correct the name.") from None
        (root / "static" / "icons.svg").write_text(text)
        self.stdout.write("static/icons.svg written.")
