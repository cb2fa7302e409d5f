"""The database knows the default too: SQL functions insert customers without a sound."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customers", "0015_search_values")]
    operations = [
        migrations.AlterField(
            model_name="customer",
            name="sound",
            field=models.CharField(
                blank=True, db_collation="C", db_default="", editable=False, max_length=60
            ),
        ),
    ]
