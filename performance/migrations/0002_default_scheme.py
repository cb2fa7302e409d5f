"""The default scheme (domain.md §1, the figures marked ◇), in force until an own version replaces it."""

from datetime import date

from django.db import migrations

from performance.scoring.scheme import default_content

CODE = "default"


def add_scheme(apps, schema_editor):
    scheme = apps.get_model("performance", "Scheme")
    if not scheme.objects.exists():
        # From 1900, so that the quarters of any real ledger can be scored.
        scheme.objects.create(code=CODE, during=(date(1900, 1, 1), None), content=default_content())


def remove_scheme(apps, schema_editor):
    apps.get_model("performance", "Scheme").objects.filter(code=CODE, periods=None).delete()


class Migration(migrations.Migration):
    dependencies = [("performance", "0001_initial")]

    operations = [migrations.RunPython(add_scheme, remove_scheme)]
