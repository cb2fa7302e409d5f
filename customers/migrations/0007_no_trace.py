"""Write both tables anew: a dropped column's values would stay in its pages."""

from django.db import migrations


class Migration(migrations.Migration):
    atomic = False  # VACUUM FULL runs outside a transaction
    dependencies = [("customers", "0006_plain_values_go")]
    operations = [
        migrations.RunSQL(f"VACUUM (FULL, ANALYZE) {table}", migrations.RunSQL.noop, elidable=True)
        for table in ("customers_customeridentity", "customers_account")
    ]
